"""The Kalman filter: the exact likelihood of linear Gaussian economies, many at once.

Draws of states and shocks come from the simulation smoother of Durbin and Koopman (2002): draw initial state,
shocks and measurement errors, simulate data, and add to the draw its smoothed mean given the data less the
simulated ones. With v_t the filter's innovations, L = A - G C and F the innovations' covariance, shocks and
initial state have the means

    D' F^-1 v_t + (B - G D)' r_t,    P_0 r_0,    where r_t-1 = C' F^-1 v_t + L' r_t,    r_T = 0.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import StochasticSingularity

from .kalman_recursion import ROUNDING, Problem, Update, first_order, long_run
from .linearisation import square_root
from .state_space import Paths, StateSpace, blank, controls_in, path_from

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
        return self._paths(draw_smoothed, parameters, data, generator, draws, measurement_sd)

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
        return self._paths(draw_filtered, parameters, data, generator, draws, measurement_sd)

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


class Disturbances(NamedTuple):
    """Initial states [w, d, n_s], in deviations from their mean, and shocks [T, w, d, n_e]."""

    start: Array
    shocks: Array


def draw_smoothed(space: StateSpace, problem: Problem, generator: np.random.Generator, draws: int) -> Paths:
    """Joint draws given all data; see :meth:`estimation.filters.kalman.KalmanFilter.smoothed_paths`."""
    updates = [update for update, _, _ in _updates(problem)]
    start = _initial_deviations(problem, generator, draws)
    shape = (len(updates), *start.shape[:2])
    shocks = generator.standard_normal((*shape, problem.economies.shock_impact.shape[2]))
    errors = generator.standard_normal((*shape, problem.data.shape[1])) * problem.measurement_sd[:, None]
    a, b, c, d = _matrices(problem)
    level = problem.economies.observation_constant + (c @ problem.start.mean[..., None])[..., 0]
    state, missed = start, []  # data less those that the draws imply, both in deviations from the long run
    for row, shock, error in zip(problem.data, shocks, errors, strict=True):
        implied = state @ _t(c) + shock @ _t(d) + error
        missed.append((row - level)[:, None] - implied)
        state = state @ _t(a) + shock @ _t(b)
    mean = _smoothed_mean(problem, updates, np.stack(missed))
    states, drawn = problem.start.mean[:, None] + (start + mean.start), shocks + mean.shocks
    return path_from(space, problem.parameters, states, len(shocks), lambda period, _: drawn[period])


def draw_filtered(space: StateSpace, problem: Problem, generator: np.random.Generator, draws: int) -> Paths:
    """Draws given the data up to each period; see :meth:`smoothed_paths` there."""
    first = _initial_deviations(problem, generator, draws) + problem.start.mean[:, None]
    steps = [
        path_from(space, problem.parameters, states, 1, lambda _, __, shocks=shocks: shocks)
        for states, shocks in _filtered(problem, generator, draws)
    ]
    controls = controls_in(space, problem.parameters, first)
    return Paths(
        np.concatenate([first[None], *(step.states[1:] for step in steps)]),
        np.concatenate([controls[None], *(step.controls[1:] for step in steps)]),
        np.concatenate([step.shocks for step in steps]),
        np.concatenate([step.observables for step in steps]),
    )


def _initial_deviations(problem: Problem, generator: np.random.Generator, draws: int) -> Array:
    """Draws [w, d, n_s] from the stationary distribution, whose covariance may be singular."""
    root = square_root(problem.start.covariance)
    normals = generator.standard_normal((len(root), draws, root.shape[2]))
    return normals @ root.swapaxes(1, 2)


def _updates(problem: Problem) -> Iterator[tuple[Update, Array, Array]]:
    """For each period the update, and mean [w, n_s] and covariance [w, n_s, n_s] of the state before it."""
    covariance = problem.start.covariance
    for stretch in problem.filtered():
        for mean in stretch.mean[:-1]:
            yield stretch.update, mean, covariance
            covariance = stretch.update.covariance


def _smoothed_mean(problem: Problem, updates: list[Update], data: Array) -> Disturbances:
    """Means of initial state and shocks given data [T, w, d, n_y] in deviations; linear in them."""
    _, b, c, d = _matrices(problem)
    state, innovations = np.zeros((*data.shape[1:3], c.shape[2])), []
    for update, row in zip(updates, data, strict=True):
        seen = row[..., update.seen]
        innovations.append(seen - state @ _t(c[:, update.seen]))
        state = state @ _t(update.persistence) + seen @ _t(update.gain)
    ahead = np.zeros((*data.shape[1:3], b.shape[1]))
    shocks = []
    for update, innovation in zip(reversed(updates), reversed(innovations), strict=True):
        seen = update.seen
        weighted = innovation @ _t(update.whiten) @ update.whiten
        shocks.append(weighted @ d[:, seen] + ahead @ (b - update.gain @ d[:, seen]))
        ahead = weighted @ c[:, seen] + ahead @ update.persistence
    return Disturbances(ahead @ problem.start.covariance, np.stack(shocks[::-1]))


def _filtered(problem: Problem, generator: np.random.Generator, draws: int) -> Iterator[tuple[Array, Array]]:
    """For each period state before it [w, d, n_s] and shock [w, d, n_e], given the data up to it."""
    _, _, c, d = _matrices(problem)
    for row, (update, mean, covariance) in zip(problem.data, _updates(problem), strict=True):
        seen = update.seen
        root = square_root(covariance)
        state = generator.standard_normal((len(mean), draws, mean.shape[1])) @ _t(root)
        shock = generator.standard_normal((len(mean), draws, d.shape[2]))
        error = (
            generator.standard_normal((len(mean), draws, seen.sum())) * problem.measurement_sd[:, None, seen]
        )
        level = problem.economies.observation_constant[:, seen] + (c[:, seen] @ mean[..., None])[..., 0]
        implied = state @ _t(c[:, seen]) + shock @ _t(d[:, seen]) + error
        missed = (row[seen] - level)[:, None] - implied
        weighted = missed @ _t(update.whiten) @ update.whiten
        yield mean[:, None] + state + weighted @ c[:, seen] @ covariance, shock + weighted @ d[:, seen]


def _matrices(problem: Problem) -> tuple[Array, Array, Array, Array]:
    """A, B, C and D of the module docstring."""
    economies = problem.economies
    return (
        economies.transition,
        economies.shock_impact,
        economies.observation_state,
        economies.observation_shock,
    )


def _t(matrices: Array) -> Array:
    return matrices.swapaxes(-1, -2)
