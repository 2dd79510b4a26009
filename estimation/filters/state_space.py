"""A surrogate seen through data: which observables are measured, and with how much error.

    s' = m(s, x, e'),   y' = h(s, x, s', x') + u',   e' ~ N(0, I),   u' ~ N(0, diag(measurement_sd^2))

with controls x = policy(s). Measurement errors are independent of everything.

A sample with its Gaussian measurement errors is laid out for w parameter vectors at once
(:class:`Measurement`), and what it lets one draw are paths of states, controls, shocks and observables
(:class:`Paths`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate import Surrogate, Transition
from surrogate.errors import BadConfiguration, BadData, unknown_name
from surrogate.house.records import by_name, columns

Array = NDArray[np.floating]
DEFAULT_BURN_IN = (
    20  # leaves .02 in log p with a log-normal state of persistence .98 and sd 10 %, .06 with .995
)
LOG_TWO_PI = float(np.log(2 * np.pi))
ALL = slice(None)


class StateSpace:
    """Nonlinear state space of the chosen observables of a surrogate.

    Parameters
    ----------
    surrogate : the solved economy.
    observables : names of the measured observables, in the order of the data's columns.
    measurement_sd : [n_observables], or by name, standard deviations of the measurement errors in the
        observables' units; None if they are estimated, and given with every likelihood.
    burn_in : periods simulated, from the ergodic distribution of the linear approximation, before the sample.

    Raises
    ------
    UnknownName : an observable the surrogate does not have.
    BadConfiguration : a measurement sd that is negative or infinite, a negative burn-in, no or repeated
        observables.
    """

    def __init__(
        self,
        surrogate: Surrogate,
        observables: Sequence[str],
        measurement_sd: ArrayLike | None = None,
        burn_in: int = DEFAULT_BURN_IN,
    ) -> None:
        self.surrogate = surrogate
        self.observables = tuple(observables)
        if not self.observables or len(set(self.observables)) < len(self.observables):
            raise BadConfiguration(f"Name each observable once and at least one, not {self.observables}.")
        for name in self.observables:
            if name not in surrogate.observable_names:
                raise unknown_name("observable", name, surrogate.observable_names)
        if burn_in < 0:
            raise BadConfiguration(f"burn_in must be zero or more periods, not {burn_in}.")
        self.burn_in = int(burn_in)
        self.measurement_sd = None
        if measurement_sd is not None:
            self.measurement_sd = self._sd_array(measurement_sd, (1,))[0]
            _require_sd(self.measurement_sd)

    @cached_property
    def dtype(self) -> np.dtype:
        """Number type of the surrogate's arrays."""
        return np.dtype(self.surrogate.card.dtype)

    @cached_property
    def _columns(self) -> NDArray[np.intp] | None:
        """Where the measured observables stand among the surrogate's; None if they are all, in order."""
        names = self.surrogate.observable_names
        if self.observables == names:
            return None
        return np.array([names.index(name) for name in self.observables], dtype=np.intp)

    def policy(self, states: Array, parameters: Array) -> Array:
        """Controls [n, n_controls] in states [n, n_states]; parameters [w, p], nothing is checked."""
        return self.surrogate.policy(states, parameters, check=False)

    def step(self, states: Array, controls: Array, shocks: Array, parameters: Array) -> Transition:
        """One period for n economies, the measured observables only; nothing is checked."""
        transition = self.surrogate.step(states, controls, shocks, parameters, check=False)
        if self._columns is None:
            return transition
        return transition._replace(next_observables=transition.next_observables[:, self._columns])

    def checked(
        self, parameters: ArrayLike, data: ArrayLike, measurement_sd: ArrayLike | None
    ) -> tuple[NDArray[np.floating], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Parameters [w, p], data [T, n_observables], measurement sd [w, n_observables], and which vectors
        have a likelihood where every observable has a measurement error, [w].

        Raises
        ------
        BadData, BadConfiguration, UnknownName : as `checked_data` and `sd_of_measurement`.
        """
        theta = self.surrogate.parameter_array(parameters)
        sd = self.sd_of_measurement(measurement_sd, len(theta))
        possible = self.surrogate.inside(theta) & (np.isfinite(sd) & (sd > 0)).all(axis=1)
        return theta.astype(self.dtype), self.checked_data(data), sd, possible

    def checked_data(self, data: ArrayLike) -> NDArray[np.float64]:
        """The sample as float64 [T, n_observables], columns with names by name; NaN is a missing observation.

        Raises
        ------
        BadData : a wrong shape, a missing column or an infinite value.
        UnknownName : a column that is not one of the observables.
        """
        data = by_name(data)
        if isinstance(data, Mapping):
            data = columns(data, self.observables, "observable")
        sample = np.asarray(data, dtype=float)
        if sample.ndim != 2 or sample.shape[1] != len(self.observables) or not len(sample):
            raise BadData(
                f"The data have shape {sample.shape}; {len(self.observables)} columns are needed: "
                f"{', '.join(self.observables)}."
            )
        if np.isinf(sample).any():
            raise BadData("The data contain infinite values. Mark missing observations by NaN.")
        return sample

    def sd_of_measurement(
        self, measurement_sd: ArrayLike | None, n_vectors: int, required: bool = True
    ) -> NDArray[np.float64]:
        """Measurement sd for every parameter vector, [w, n_observables]; None takes the state space's own.

        Parameters
        ----------
        measurement_sd : one row for all vectors, which must make sense, or a row for each, of which some may
            hold what no standard deviation can be: those vectors have no likelihood.
        required : whether every observable needs a measurement error; else zero is none.

        Raises
        ------
        BadConfiguration : none is known, the shape does not fit, or one for all vectors is out of its range.
        UnknownName, BadData : names that are not those of the observables.
        """
        chosen = self.measurement_sd if measurement_sd is None else measurement_sd
        if chosen is None and required:
            raise BadConfiguration("Give measurement_sd to the state space or to the likelihood.")
        chosen = np.zeros(len(self.observables)) if chosen is None else chosen
        sd = self._sd_array(chosen, (1, n_vectors))
        if np.ndim(chosen) < 2:
            _require_sd(sd)
            if required and not sd.all():
                raise BadConfiguration(
                    "Stochastic singularity: every observable needs a positive measurement sd, for without "
                    "measurement error no particle fits the data. Give a small one instead of zero."
                )
        return np.broadcast_to(sd, (n_vectors, len(self.observables)))

    def _sd_array(self, measurement_sd: ArrayLike, rows: tuple[int, ...]) -> NDArray[np.float64]:
        """One of so many rows of a number for each observable, [., n_observables]."""
        given = by_name(measurement_sd)
        if isinstance(given, Mapping):
            given = columns(given, self.observables, "measurement sd")
        sd = np.atleast_2d(np.asarray(given, dtype=float))
        if sd.ndim != 2 or sd.shape[0] not in rows or sd.shape[1] != len(self.observables):
            raise BadConfiguration(
                f"measurement_sd has shape {np.shape(given)}; one number is needed for each of "
                f"{', '.join(self.observables)}."
            )
        return sd


class Measurement:
    """Gaussian measurement of a sample with missing observations.

    Parameters
    ----------
    data : [T, n_y], NaN where an observation is missing.
    sd : [w, n_y] measurement sd for every parameter vector.
    burn_in : periods without observations that come first.
    dtype : number type of the predicted observables.

    Attributes
    ----------
    observations : float64 [burn_in + T, n_y], zero where missing.
    precision : float64 [burn_in + T, w, n_y], inverse variances, zero where an observation is missing.
    log_constant : float64 [burn_in + T, w], the part of the log density that no state moves, 2 pi included.
    empty : bool [burn_in + T], periods without any observation.
    """

    def __init__(
        self, data: NDArray[np.float64], sd: NDArray[np.float64], burn_in: int, dtype: np.dtype
    ) -> None:
        sample = np.concatenate([np.full((burn_in, data.shape[1]), np.nan), data])
        seen = ~np.isnan(sample)
        self.observations = np.where(seen, sample, 0.0)
        self.precision = np.where(seen[:, None], sd**-2.0, 0.0)
        self.log_constant = -np.where(seen[:, None], np.log(sd) + LOG_TWO_PI / 2, 0.0).sum(axis=2)
        self.empty: NDArray[np.bool_] = np.asarray(~seen.any(axis=1))
        self._targets = self.observations.astype(dtype)
        self._half_precision = (self.precision / 2).astype(dtype)[..., None]

    def __len__(self) -> int:
        return len(self.observations)

    def log_density(self, period: int, observables: NDArray[np.floating]) -> NDArray[np.floating]:
        """Log density [w, N] of a period's observations given predicted observables [w, N, n_y]."""
        return self.log_constant[period, :, None] - self.misfit(period, observables)

    def misfit(
        self, period: int, observables: NDArray[np.floating], vectors: NDArray[np.intp] | slice = ALL
    ) -> NDArray[np.floating]:
        """Half the squared errors [n, N] in units of their variance, of predictions [n, N, n_y] by some of
        the parameter vectors.
        """
        n_vectors, n_particles, _ = observables.shape
        # Rows as long as a cloud: arithmetic over a last axis of a few observables is ten times slower
        errors = observables.reshape(n_vectors, -1) - np.tile(self._targets[period], n_particles)
        squares = np.square(errors, out=errors).reshape(observables.shape)
        return (squares @ self._half_precision[period, vectors])[..., 0]


def stacked(values: Array) -> Array:
    """[w, N, k] -> [w * N, k]."""
    return values.reshape(-1, values.shape[-1])


class Paths(NamedTuple):
    """d paths of T periods for each of w parameter vectors, float64; NaN for vectors without likelihood.

    states [T + 1, w, d, n_states] and controls [T + 1, w, d, n_controls], row 0 before the first observation;
    shocks [T, w, d, n_shocks]; observables [T, w, d, n_observables], all of the surrogate's, in its order and
    without measurement error.
    """

    states: Array
    controls: Array
    shocks: Array
    observables: Array

    def without(self, lost: NDArray[np.bool_]) -> "Paths":
        """The same with NaN for the vectors marked in `lost` [w]."""
        return Paths._make(np.where(lost[:, None, None], np.nan, block.astype(float)) for block in self)

    def put(self, vectors: NDArray[np.intp], part: "Paths") -> None:
        """Take over the paths of some vectors, of which `part` may have several blocks for each."""
        for whole, block in zip(self, part, strict=True):
            sampled = block[-len(whole) :]  # without the burn-in
            merged = sampled.reshape(len(whole), len(vectors), -1, block.shape[-1])
            whole[:, vectors] = merged[:, :, : whole.shape[2]]


def blank(space: StateSpace, periods: int, vectors: int, draws: int) -> Paths:
    """Paths that are nowhere a number yet."""
    surrogate = space.surrogate
    before_and_after, during = (periods + 1, vectors, draws), (periods, vectors, draws)
    return Paths(
        np.full((*before_and_after, surrogate.n_states), np.nan),
        np.full((*before_and_after, surrogate.n_controls), np.nan),
        np.full((*during, surrogate.n_shocks), np.nan),
        np.full((*during, surrogate.n_observables), np.nan),
    )


def controls_in(space: StateSpace, parameters: Array, states: Array) -> Array:
    """Controls [w, n, n_controls] in states [w, n, n_states]."""
    controls = space.policy(stacked(states).astype(space.dtype), parameters)
    return controls.reshape(*states.shape[:2], -1)


def follow(
    space: StateSpace, parameters: Array, states: Array, controls: Array, shocks: Array
) -> tuple[Array, Array, Array]:
    """States, controls and all observables, each [w, n, .], one period after states [w, n, n_states]."""
    from_states, from_controls, moved_by = (
        stacked(block).astype(space.dtype) for block in (states, controls, shocks)
    )
    outcome = space.surrogate.step(from_states, from_controls, moved_by, parameters, check=False)
    shape = states.shape[:2]
    return (
        outcome.next_states.reshape(*shape, -1),
        outcome.next_controls.reshape(*shape, -1),
        outcome.next_observables.reshape(*shape, -1),
    )


def path_from(
    space: StateSpace,
    parameters: Array,
    states: Array,
    periods: int,
    shocks_of: Callable[[int, Array], Array],
) -> Paths:
    """What the surrogate makes of initial states [w, d, n_states] over so many periods, whose shocks
    [w, d, n_shocks] may depend on the period and on the states before it.
    """
    controls = controls_in(space, parameters, states)
    all_states, all_controls, all_shocks, observables = [states], [controls], [], []
    for period in range(periods):
        all_shocks.append(shocks_of(period, states))
        states, controls, observed = follow(space, parameters, states, controls, all_shocks[-1])
        all_states.append(states)
        all_controls.append(controls)
        observables.append(observed)
    return Paths(*map(np.array, (all_states, all_controls, all_shocks, observables)))


def _require_sd(sd: NDArray[np.float64]) -> None:
    if not (np.isfinite(sd) & (sd >= 0)).all():
        raise BadConfiguration("Every measurement sd must be zero or a positive, finite number.")
