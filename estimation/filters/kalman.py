"""The Kalman filter: the exact likelihood of linear Gaussian economies, many at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.filters.kalman_paths import filtered_paths, smoothed_paths
from estimation.filters.kalman_recursion import ROUNDING, SINGULAR, Problem
from estimation.filters.paths import Paths, blank
from estimation.first_order import first_order, long_run
from estimation.state_space import StateSpace
from surrogate.errors import BadConfiguration, StochasticSingularity

Array = NDArray[np.floating]


class KalmanFilter:
    """Exact likelihood of a linear Gaussian economy; of another one, that of its first-order solution.

    Exact means for the surrogate's own policy where that is linear, in whatever coordinates: logs of states
    that the surrogate has in levels do as well. The initial state has the stationary distribution, so the
    state space's burn-in does not matter.

    Parameters
    ----------
    state_space : economy, observables and measurement error. Without any, there need to be as many shocks as
        observables.
    """

    def __init__(self, state_space: StateSpace) -> None:
        self.state_space = state_space

    def log_likelihood(
        self, parameters: ArrayLike, data: ArrayLike, measurement_sd: ArrayLike | None = None
    ) -> Array:
        """Log likelihood of each parameter vector, [w], the 2 pi constant included.

        Parameters
        ----------
        parameters : [w, n_parameters] in the order of the surrogate, or one vector.
        data : [T, n_observables]; NaN marks a missing observation, and a period without any adds zero.
        measurement_sd : [n_observables] or [w, n_observables], zero for an observable without error; by
            default the state space's, or zeros if it has none.

        Returns
        -------
        Minus infinity outside the surrogate's box and region, and where the economy is not stationary.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : measurement sd of a wrong shape, negative or infinite.
        StochasticSingularity : too few shocks and measurement errors for the observables.
        """
        theta = self.state_space.surrogate.parameter_array(parameters)
        values = np.full(len(theta), -np.inf)
        problem = self._problem(theta, data, measurement_sd)
        if problem is not None:
            values[problem.rows] = sum(stretch.log_density for stretch in problem.filtered())
        return values

    def smoothed_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """Joint draws of states, controls, shocks and observables given the whole sample.

        Initial state and shocks are drawn as in the first-order solution, and the surrogate follows them.
        Arguments and errors as in :meth:`log_likelihood`; `draws` is their number for each parameter vector.
        """
        return self._paths(smoothed_paths, parameters, data, generator, draws, measurement_sd)

    def filtered_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """For every period draws given the data up to it; from one period to the next they are no path.

        Arguments and errors as in :meth:`smoothed_paths`.
        """
        return self._paths(filtered_paths, parameters, data, generator, draws, measurement_sd)

    def sd_of_measurement(self, measurement_sd: ArrayLike | None, n_vectors: int) -> Array:
        """Measurement sd for every parameter vector, [w, n_observables]; see :meth:`log_likelihood`.

        Raises
        ------
        BadConfiguration, StochasticSingularity : as there.
        """
        names, own = self.state_space.observables, self.state_space.measurement_sd
        chosen = np.asarray(
            (0.0 if own is None else own) if measurement_sd is None else measurement_sd, float
        )
        if chosen.shape not in ((), (len(names),), (1, len(names)), (n_vectors, len(names))):
            raise BadConfiguration(
                f"measurement_sd has shape {chosen.shape}; one number is needed for each of "
                f"{', '.join(names)}."
            )
        sd = np.broadcast_to(chosen, (n_vectors, len(names)))
        if not (np.isfinite(sd) & (sd >= 0)).all():
            raise BadConfiguration("Every measurement sd must be zero or a positive, finite number.")
        if ((sd > 0).sum(axis=1) + self.state_space.surrogate.n_shocks < len(names)).any():
            raise StochasticSingularity(SINGULAR)
        return sd

    def _paths(
        self,
        draw: Callable[[StateSpace, Problem, np.random.Generator, int], Paths],
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: ArrayLike | None,
    ) -> Paths:
        """Paths of the vectors that have a likelihood, among NaN for the others."""
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters)
        problem = self._problem(theta, data, measurement_sd)
        paths = blank(space, len(space.checked_data(data)), len(theta), draws)
        if problem is not None:
            paths.put(problem.rows, draw(space, problem, generator, draws))
        return paths

    def _problem(
        self, parameters: Array, data: ArrayLike, measurement_sd: ArrayLike | None
    ) -> Problem | None:
        """What is to be filtered; None if none of parameters [w, p] has a likelihood."""
        space = self.state_space
        sample = space.checked_data(data)
        sd = self.sd_of_measurement(measurement_sd, len(parameters))
        inside = np.flatnonzero(space.surrogate.inside(parameters))
        if not len(inside):
            return None
        economies = first_order(space, parameters[inside].astype(space.dtype))
        start = long_run(economies)
        rows = inside[start.exists]
        if not len(rows):
            return None
        return Problem(
            rows,
            parameters[rows].astype(space.dtype),
            economies.chosen(start.exists),
            start.chosen(start.exists),
            sample,
            sd[rows],
            ROUNDING * float(np.finfo(space.dtype).eps),
        )
