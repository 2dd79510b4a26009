"""The simulated method of moments, as a point estimate and as a quasi-likelihood.

The distance between the moments of the data and those of simulated samples of the same length is

    g' W g,    g = data - simulated,

and minus half of it, scaled to the sampling variance of the moments, serves as log likelihood (Chernozhukov
and Hong 2003). Every evaluation uses the same shocks, without which the distance would jump with each draw
(McFadden 1989).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from estimation.moments import Moment, bootstrap_moments, compute_moments, parse_moment
from estimation.posterior import Posterior
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, BadData, unknown_name

WEIGHTS = ("diagonal", "identity")
BURN_IN = 100
BOOTSTRAP_DRAWS = 1000
VECTORS_PER_CALL = 32
DIFFERENCE = 0.01
FAR = 1e3


class SimulatedMoments:
    """Moments of the data against moments of simulated data.

    Parameters
    ----------
    surrogate : the solved economy.
    data : observations [T, n_y]; quarters that a moment uses must not be missing.
    moments : names such as ``"sd(output_growth)"``, or :class:`estimation.moments.Moment`.
    weights : ``"diagonal"`` divides each distance by the moment's sampling variance, bootstrapped from the
        data; ``"identity"`` leaves the moments' own units.
    replications : simulated samples of length T for each parameter vector.
    seed : of the shocks, which are common to all evaluations, and of the bootstrap.

    Attributes
    ----------
    names : of the moments.
    target : moments of the data [n_moments].
    standard_errors : of those moments [n_moments], bootstrapped.

    Raises
    ------
    UnknownName : an observable, moment or kind of weights that does not exist.
    BadData : a moment of the data that is not a number.
    """

    def __init__(
        self,
        surrogate: Surrogate,
        data: pd.DataFrame,
        moments: Sequence[str | Moment],
        weights: str = "diagonal",
        replications: int = 20,
        seed: int = 0,
    ) -> None:
        self.surrogate = surrogate
        self.observables = tuple(str(name) for name in data.columns)
        self._columns = [self._column(name) for name in self.observables]
        self.moments = [self._moment(moment) for moment in moments]
        self.names = tuple(moment.name for moment in self.moments)
        self._check(weights, replications)
        sample = data.to_numpy(dtype=float)
        self.periods, self.replications = len(sample), replications
        self.target = compute_moments(self.moments, sample[None], self.observables)[0]
        self._require_numbers(
            self.target[None], np.array([True]), "of the data", "Choose a sample without gaps."
        )
        generator = np.random.default_rng(seed)
        draws = bootstrap_moments(self.moments, sample, self.observables, BOOTSTRAP_DRAWS, generator)
        self.standard_errors = np.std(draws, axis=0, ddof=1)
        self.scale = self._scale(weights)
        self._shocks = generator.standard_normal((BURN_IN + self.periods, replications, surrogate.n_shocks))

    def simulated_moments(self, parameters: np.ndarray) -> np.ndarray:
        """Moments [w, n_moments] at ``parameters`` [w, n_parameters], averaged over simulated samples.

        Infinite where the simulated economy explodes.

        Raises
        ------
        BadData : a moment that is not a number although the simulated sample is sound.
        """
        blocks = range(0, len(parameters), VECTORS_PER_CALL)
        return np.concatenate([self._block(parameters[start : start + VECTORS_PER_CALL]) for start in blocks])

    def residuals(self, parameters: np.ndarray) -> np.ndarray:
        """Distances [w, n_moments] of simulated moments from those of the data, in units of ``scale``."""
        return (self.simulated_moments(parameters) - self.target) / self.scale

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """Quasi-log-likelihood [w] of ``parameters`` [w, n_parameters]: minus half the squared distance.

        Simulation inflates the variance of the distance by 1 / replications, which is taken into account. The
        other arguments are those of :class:`estimation.likelihood.Likelihood` and change nothing.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.sum(self.residuals(parameters) ** 2, axis=1)
        value = -0.5 * distance / (1 + 1 / self.replications)
        return np.where(np.isfinite(value), value, -np.inf)

    def fit(self, parameters: np.ndarray) -> pd.DataFrame:
        """Table of the moments at one vector [n_parameters]: data, standard error, model and distance."""
        simulated = self.simulated_moments(np.atleast_2d(parameters))[0]
        columns = {
            "data": self.target,
            "standard error": self.standard_errors,
            "model": simulated,
            "distance in standard errors": (simulated - self.target) / self.standard_errors,
        }
        return pd.DataFrame(columns, index=pd.Index(self.names, name="moment"))

    def _block(self, parameters: np.ndarray) -> np.ndarray:
        vectors = len(parameters)
        shocks = np.tile(self._shocks, (1, vectors, 1))
        with np.errstate(all="ignore"):
            paths = self.surrogate.simulate(parameters, shocks).observables[BURN_IN:, :, self._columns]
            samples = paths.swapaxes(0, 1).astype(float)
            values = compute_moments(self.moments, samples, self.observables)
        sound = np.array(np.isfinite(samples).all(axis=(1, 2)))
        self._require_numbers(values, sound, "of simulated data", "Leave it out, or mend its function.")
        values[~sound] = np.inf
        return values.reshape(vectors, self.replications, -1).mean(axis=1)

    def _require_numbers(self, values: np.ndarray, sound: np.ndarray, where: str, advice: str) -> None:
        wrong = ~np.isfinite(values[sound]).all(axis=0)
        if wrong.any():
            raise BadData(f"The moment {self.names[int(wrong.argmax())]} {where} is not a number. {advice}")

    def _scale(self, weights: str) -> np.ndarray:
        if weights == "identity":
            return np.full(len(self.names), 1 / np.sqrt(self.periods))
        still = ~(self.standard_errors > 0)
        if still.any():
            raise BadData(
                f"The moment {self.names[int(still.argmax())]} has no sampling variance in the data."
            )
        return self.standard_errors

    def _column(self, name: str) -> int:
        if name not in self.surrogate.observable_names:
            raise unknown_name("observable", name, self.surrogate.observable_names)
        return self.surrogate.observable_names.index(name)

    def _moment(self, moment: str | Moment) -> Moment:
        return moment if isinstance(moment, Moment) else parse_moment(moment, self.observables)

    def _check(self, weights: str, replications: int) -> None:
        if weights not in WEIGHTS:
            raise unknown_name("kind of weights", weights, WEIGHTS)
        if replications < 1:
            raise BadConfiguration(f"At least one simulated sample is needed, not {replications}.")
        if not self.names or len(set(self.names)) < len(self.names):
            raise BadConfiguration("Name at least one moment, and each only once.")


@dataclass(frozen=True)
class PointEstimate:
    """Parameters at which simulated and observed moments are closest.

    Attributes
    ----------
    parameters : free parameter -> estimate.
    distance : g' W g there.
    fit : the table of :meth:`SimulatedMoments.fit`.
    """

    parameters: dict[str, float]
    distance: float
    fit: pd.DataFrame


def minimise_distance(
    posterior: Posterior, moments: SimulatedMoments, seed: int = 0, draws: int = 128, starts: int = 3
) -> PointEstimate:
    """Minimise the distance over the supports of the priors, whose densities do not matter here.

    The best of ``draws`` prior draws start a bounded Gauss-Newton search (``scipy.optimize.least_squares``)
    whose derivatives are central differences taken in one batch.

    Raises
    ------
    BadConfiguration : fewer moments than free parameters.
    """
    if len(moments.names) < posterior.n_free:
        raise BadConfiguration(
            f"{posterior.n_free} free parameters need at least as many moments, not {len(moments.names)}."
        )
    problem = _Distance(posterior, moments)
    candidates = problem.unit(posterior.draw_prior(draws, np.random.default_rng(seed)))
    order = np.argsort(np.sum(problem.residuals(candidates) ** 2, axis=1))[:starts]
    jacobian: Any = problem.jacobian  # SciPy's stubs know only the names of its own schemes
    found = [least_squares(problem.residual, candidates[row], jacobian, (0.0, 1.0)) for row in order]
    best = min(found, key=lambda result: result.cost)
    theta = problem.theta(best.x[None])
    parameters = dict(zip(posterior.names, theta[0].tolist(), strict=True))
    return PointEstimate(parameters, float(2 * best.cost), moments.fit(posterior.parameters(theta)[0]))


class _Distance:
    """Residuals of the moments in coordinates [0, 1]^n of the priors' supports."""

    def __init__(self, posterior: Posterior, moments: SimulatedMoments) -> None:
        self.posterior, self.moments = posterior, moments
        self.lower, self.upper = posterior.priors.bounds()

    def theta(self, unit: np.ndarray) -> np.ndarray:
        """Parameters [w, n] at unit [w, n]."""
        return self.lower + np.clip(unit, 0, 1) * (self.upper - self.lower)

    def unit(self, theta: np.ndarray) -> np.ndarray:
        """The inverse of `theta`."""
        return (theta - self.lower) / (self.upper - self.lower)

    def residuals(self, unit: np.ndarray) -> np.ndarray:
        """Residuals [w, n_moments] at unit [w, n], large where the surrogate does not hold."""
        parameters = self.posterior.parameters(self.theta(unit))
        inside = self.posterior.surrogate.inside(parameters)
        values = np.full((len(unit), len(self.moments.names)), FAR)
        if inside.any():
            values[inside] = np.clip(self.moments.residuals(parameters[inside]), -FAR, FAR)
        return values

    def residual(self, unit: np.ndarray) -> np.ndarray:
        """The residuals of one point `unit` of the cube."""
        return self.residuals(unit[None])[0]

    def jacobian(self, unit: np.ndarray) -> np.ndarray:
        """Their derivatives, residuals by parameters, by central differences in one batch."""
        steps = DIFFERENCE * np.eye(len(unit))
        points = np.clip(np.vstack([unit + steps, unit - steps]), 0, 1)
        values = self.residuals(points)
        width = np.diag(points[: len(unit)]) - np.diag(points[len(unit) :])
        return ((values[: len(unit)] - values[len(unit) :]) / width[:, None]).T
