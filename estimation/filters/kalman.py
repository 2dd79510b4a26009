"""The Kalman filter: the exact likelihood of linear Gaussian economies, many at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.filters.kalman_paths import filtered_paths, smoothed_paths
from estimation.filters.kalman_recursion import ROUNDING, Problem
from estimation.filters.paths import Paths, blank
from estimation.first_order import first_order, long_run
from estimation.state_space import StateSpace
from surrogate.errors import StochasticSingularity

Array = NDArray[np.floating]


class KalmanFilter:
    """Exact likelihood of a linear Gaussian economy; of another one, that of its first-order solution.

    Exact means for the surrogate's own policy where that is linear, in whatever coordinates: logs of states
    that the surrogate has in levels do as well. The initial state has the stationary distribution, so the
    state space's burn-in does not matter.

    Parameters
    ----------
    state_space : economy, observables and measurement error, of which some or all may have none. What a
        quarter observes must then not follow from the past and from one another: mostly that takes as many
        shocks and measurement errors as observations.
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
        Minus infinity outside the surrogate's box and region, where the economy is not stationary, where
        observations determine one another (:meth:`require_regular`), and for a row of ``measurement_sd``
        that holds no standard deviations.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : measurement sd of a wrong shape, or negative or infinite for all vectors.
        """
        theta = self.state_space.surrogate.parameter_array(parameters)
        values = np.full(len(theta), -np.inf)
        problem = self._problem(theta, data, measurement_sd)
        if problem is not None:
            values[problem.rows] = problem.log_density()
        return values

    def require_regular(
        self, parameters: ArrayLike, data: ArrayLike, measurement_sd: ArrayLike | None = None
    ) -> None:
        """Raise StochasticSingularity if observations determine one another under all parameter vectors.

        It depends on what each quarter observes: one shock is enough for two series of which every quarter
        has one. Arguments and other errors as in :meth:`log_likelihood`.
        """
        problem = self._problem(self.state_space.surrogate.parameter_array(parameters), data, measurement_sd)
        if problem is None:
            return
        singular = np.logical_or.reduce([stretch.update.singular for stretch in problem.filtered()])
        if singular.all():
            raise StochasticSingularity(
                f"Stochastic singularity: {', '.join(self.state_space.observables)} determine one another in "
                "the quarters that observe them. Use at least as many shocks and measurement errors as a "
                "quarter has observations, and measurement errors that are not negligible."
            )

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
            drawn = draw(space, problem, generator, draws)
            paths.put(problem.rows, drawn.without(np.isneginf(problem.log_density())))
        return paths

    def _problem(
        self, parameters: Array, data: ArrayLike, measurement_sd: ArrayLike | None
    ) -> Problem | None:
        """What is to be filtered; None if none of parameters [w, p] has a likelihood."""
        space = self.state_space
        sample = space.checked_data(data)
        sd = space.sd_of_measurement(measurement_sd, len(parameters), required=False)
        possible = (np.isfinite(sd) & (sd >= 0)).all(axis=1)
        inside = np.flatnonzero(space.surrogate.inside(parameters) & possible)
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
