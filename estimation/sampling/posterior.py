"""The posterior of the free parameters: prior times likelihood inside the box and region of the surrogate."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, OutsideBox, unknown_name
from surrogate.house.records import by_name

from ..filters.state_space import Paths
from ..finding import Finding
from ..priors import PriorSet, cut_to_box
from ..settings import PREFIX, MeasurementError
from .chains import Chains

Theta = Mapping[str, ArrayLike] | ArrayLike
NO_STATES = (
    "This posterior's likelihood has no states and shocks. Impulse responses that do not start in a quarter "
    "of the sample (irf) and predictive moments (predict) work; for the rest choose a filter, such as method "
    '= "twisted" in [likelihood].'
)


class Likelihood(ABC):
    """Log likelihood of parameter vectors, whose data it already holds, and what others must know about it.

    Attributes
    ----------
    is_density : whether it is a density of the data, unlike a distance, and so can be integrated.
    presample : first periods of the data that it is conditional on.
    starts_at_rest : whether it takes the first period to follow the steady state.
    burn_in : quarters after which it takes a path from the steady state to have forgotten that; ``None`` if
        it has its own view of the first period.
    truth : the likelihood that it was learnt from, for the same data; ``None`` if it was not learnt.
    chapter : title of what only this method finds out; empty if that is nothing.
    """

    is_density: bool = True
    presample: int = 0
    starts_at_rest: bool = False
    burn_in: int | None = None
    truth: "Likelihood | None" = None
    chapter: str = ""

    @abstractmethod
    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """Log likelihood [w] of ``parameters`` [w, n_parameters] in the order of the surrogate.

        ``generator`` supplies fresh random numbers; ``None`` asks for the same ones at every call, so that
        the likelihood is a function of the parameters alone. ``measurement_sd`` is [w, n_y], or ``None``
        where the likelihood knows it.
        """

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """Draws of states, controls, shocks and observables for each of ``parameters`` [w, n_parameters].

        Joint ones given the whole sample, or, if not ``smoothed``, for every period given the data up to it.
        Where nothing is random there is one draw, whatever ``draws``.

        Raises
        ------
        BadConfiguration : it knows nothing of states.
        """
        raise BadConfiguration(NO_STATES)

    def caveat(self, common_random_numbers: bool) -> str:
        """A sentence on what numerical standard errors of integrals leave out; empty if they are whole."""
        return ""

    def warnings(self, sampled: "Sampled") -> list[str]:
        """What to know before believing draws of its posterior; empty if all is well."""
        return []

    def findings(self, sampled: "Sampled", seed: int, processes: int | None) -> Sequence[Finding]:
        """The tables and figures of its ``chapter``, the same for any number of worker processes."""
        return []


class Posterior:
    """Log posterior of many parameter vectors at once.

    Parameters
    ----------
    surrogate : the solved economy; every prior is cut to its box, that of a measurement sd at zero.
    likelihood : holds the data; such as a particle filter's or simulated moments.
    priors : by name, of parameters of the surrogate and of estimated measurement errors; these are free.
    fixed : values of parameters that do not move; what is neither free nor fixed stays at its default.
    measurement : measurement error; ``None`` if the likelihood needs none.
    common_random_numbers : use the same random numbers at every call (a deterministic surface) instead of
        fresh ones (pseudo-marginal: the sampler reaches the exact posterior; Andrieu and Roberts 2009).

    Raises
    ------
    UnknownName : a prior or fixed value for a parameter that does not exist.
    OutsideBox : a fixed value outside the surrogate's range.
    BadConfiguration : a parameter both free and fixed, no free parameter, or a prior outside the box.
    """

    def __init__(
        self,
        surrogate: Surrogate,
        likelihood: Likelihood,
        priors: PriorSet,
        fixed: Mapping[str, float] | None = None,
        measurement: MeasurementError | None = None,
        common_random_numbers: bool = False,
    ) -> None:
        self.surrogate = surrogate
        self.likelihood = likelihood
        self.measurement = measurement
        self.common_random_numbers = common_random_numbers
        self.fixed = dict(fixed or {})
        self._check_names(priors)
        self._base = self._fixed_vector()
        ranges = {item.name: (item.lower, item.upper) for item in surrogate.card.parameters}
        self.priors = cut_to_box(_without_negative_sds(priors), ranges)
        self.names = self.priors.names
        structural = [name for name in self.names if name in ranges]
        self._columns = [self.names.index(name) for name in structural]
        self._places = [surrogate.parameter_names.index(name) for name in structural]

    @property
    def n_free(self) -> int:
        """Number of free parameters."""
        return len(self.names)

    def theta_array(self, theta: Theta) -> np.ndarray:
        """Free parameters as float64 [w, n_free], from an array [n_free] or [w, n_free] or by name, from a
        mapping, DataFrame or Series.

        Raises
        ------
        UnknownName : a name that is not a free parameter.
        BadData : a missing name or a wrong shape.
        """
        theta = by_name(theta)
        if isinstance(theta, Mapping):
            for name in theta:
                if name not in self.names:
                    raise unknown_name("free parameter", name, self.names)
            missing = [name for name in self.names if name not in theta]
            if missing:
                raise BadData(f"No value is given for the free parameter {', '.join(missing)}.")
            columns = np.broadcast_arrays(*(np.asarray(theta[name], float) for name in self.names))
            theta = np.stack(columns, axis=-1)
        array = np.atleast_2d(np.asarray(theta, dtype=float))
        if array.ndim != 2 or array.shape[1] != self.n_free:
            names = ", ".join(self.names)
            raise BadData(f"theta must have shape [w, {self.n_free}] ({names}), not {array.shape}.")
        return array

    def parameters(self, theta: Theta) -> np.ndarray:
        """All parameters of the surrogate [w, n_parameters], fixed ones filled in."""
        array = self.theta_array(theta)
        parameters = np.repeat(self._base[None], len(array), axis=0)
        parameters[:, self._places] = array[:, self._columns]
        return parameters

    def log_prior(self, theta: Theta) -> np.ndarray:
        """Log prior density [w], minus infinity outside the box.

        Where the surrogate's certified region is smaller than its box, the density is not scaled up for that.
        """
        return self.priors.log_density(self.theta_array(theta))

    def log_likelihood(self, theta: Theta, generator: np.random.Generator | None = None) -> np.ndarray:
        """Log likelihood [w], minus infinity outside box and region; generator as in :meth:`log_prob`."""
        array = self.theta_array(theta)
        return self._evaluate(array, np.array(np.isfinite(array).all(axis=1)), generator)

    def log_prob(self, theta: Theta, generator: np.random.Generator | None = None) -> np.ndarray:
        """Log posterior kernel [w]: log prior plus log likelihood; minus infinity where either is.

        Parameters
        ----------
        theta : free parameters, see :meth:`theta_array`.
        generator : source of fresh random numbers; without one, or with ``common_random_numbers``, every call
            uses the same numbers.
        """
        array = self.theta_array(theta)
        log_prior = self.priors.log_density(array)
        return log_prior + self._evaluate(array, np.isfinite(log_prior), generator)

    def paths(
        self, theta: Theta, generator: np.random.Generator, draws: int = 1, smoothed: bool = True
    ) -> Paths:
        """Draws of states, controls, shocks and observables at free parameters, see :meth:`theta_array`.

        Joint ones given the whole sample, or, if not ``smoothed``, for every period given the data up to it;
        see :meth:`Likelihood.paths`.

        Raises
        ------
        BadConfiguration : the likelihood has no states.
        """
        array = self.theta_array(theta)
        sd = self.measurement_sd(array)
        return self.likelihood.paths(self.parameters(array), generator, draws, sd, smoothed)

    def draw_prior(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """Prior draws [size, n_free] inside the surrogate's region.

        Raises
        ------
        BadConfiguration : hardly any draw is inside.
        """

        def draw_inside() -> np.ndarray:
            draws = self.priors.draw(size, generator)
            return draws[self.surrogate.inside(self.parameters(draws))]

        return enough_rows(
            draw_inside,
            size,
            100,
            "Hardly any prior draw is in the surrogate's certified region; change the priors.",
        )

    def _evaluate(
        self, theta: np.ndarray, candidates: np.ndarray, generator: np.random.Generator | None
    ) -> np.ndarray:
        """Log likelihood [w] of the finite rows ``candidates`` [w]; minus infinity elsewhere and outside."""
        values = np.full(len(theta), -np.inf)
        chosen = np.flatnonzero(candidates)
        if not len(chosen):
            return values
        parameters = self.parameters(theta[chosen])
        inside = self.surrogate.inside(parameters)
        if inside.any():
            chosen = chosen[inside]
            generator = None if self.common_random_numbers else generator
            sd = self.measurement_sd(theta[chosen])
            of_chosen = self.likelihood.log_likelihood(parameters[inside], generator, sd)
            values[chosen] = np.where(np.isnan(of_chosen), -np.inf, of_chosen)
        return values

    def measurement_sd(self, theta: np.ndarray) -> np.ndarray | None:
        """Measurement sd [w, n_y] at free parameters [w, n_free]."""
        if self.measurement is None:
            return None
        return self.measurement.values(dict(zip(self.names, theta.T, strict=True)), len(theta))

    def _check_names(self, priors: PriorSet) -> None:
        errors = () if self.measurement is None else self.measurement.free_names
        for name in priors:
            if name not in (*self.surrogate.parameter_names, *errors):
                known = (*self.surrogate.parameter_names, *errors)
                raise unknown_name("parameter with a prior", name, known)
            if name in self.fixed:
                raise BadConfiguration(f"{name} has a prior and a fixed value; keep one.")
        missing = [name for name in errors if name not in priors.names]
        if missing or not len(priors):
            raise BadConfiguration(f"Put a prior on {missing[0] if missing else 'at least one parameter'}.")

    def _fixed_vector(self) -> np.ndarray:
        for name in self.fixed:
            if name.startswith(PREFIX):
                raise BadConfiguration(
                    f"Fix {name} by the measurement error's sd, not among fixed parameters."
                )
        base = self.surrogate.parameter_array(self.fixed)[0]
        for item, value in zip(self.surrogate.card.parameters, base, strict=True):
            if not item.lower <= value <= item.upper:
                span = f"[{item.lower:g}, {item.upper:g}]"
                raise OutsideBox(f"{item.name} is fixed at {value:g}, outside the surrogate's range {span}.")
        return base


class Sampled(Protocol):
    """Draws of a posterior, such as :class:`estimation.results.Results`."""

    @property
    def posterior(self) -> Posterior:
        """What was sampled."""
        ...

    @property
    def chains(self) -> Chains:
        """Its draws, without burn-in."""
        ...


def enough_rows(draw: Callable[[], np.ndarray], size: int, rounds: int, complaint: str) -> np.ndarray:
    """The first ``size`` rows of what ``draw`` returns, called again until there are so many.

    Raises
    ------
    BadConfiguration : with the ``complaint``, if that takes more than so many ``rounds``.
    """
    rows: list[np.ndarray] = []
    for _ in range(rounds):
        rows.append(draw())
        if sum(map(len, rows)) >= size:
            return np.concatenate(rows)[:size]
    raise BadConfiguration(complaint)


def _without_negative_sds(priors: PriorSet) -> PriorSet:
    """The priors, cut at zero where one of a measurement sd goes below."""
    below = [
        name
        for name in priors
        if name.startswith(PREFIX) and max(priors[name].distribution.support()[0], priors[name].lower) < 0
    ]
    return cut_to_box(
        priors, dict.fromkeys(below, (0.0, np.inf)), "That a standard deviation is not negative"
    )
