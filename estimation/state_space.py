"""A surrogate seen through data: which observables are measured, and with how much error.

    s' = m(s, x, e'),   y' = h(s, x, s', x') + u',   e' ~ N(0, I),   u' ~ N(0, diag(measurement_sd^2))

with controls x = policy(s). Measurement errors are independent of everything.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate import Surrogate, Transition
from surrogate.errors import BadConfiguration, BadData, unknown_name
from surrogate.house.records import by_name, columns

Array = NDArray[np.floating]

DEFAULT_BURN_IN = (
    20  # leaves .02 in log p with a log-normal state of persistence .98 and sd 10 %, .06 with .995
)


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
        self._require_observables()
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

    def _require_observables(self) -> None:
        if not self.observables or len(set(self.observables)) < len(self.observables):
            raise BadConfiguration(f"Name each observable once and at least one, not {self.observables}.")
        for name in self.observables:
            if name not in self.surrogate.observable_names:
                raise unknown_name("observable", name, self.surrogate.observable_names)


def _require_sd(sd: NDArray[np.float64]) -> None:
    if not (np.isfinite(sd) & (sd >= 0)).all():
        raise BadConfiguration("Every measurement sd must be zero or a positive, finite number.")
