"""Draws of states and shocks of linear Gaussian economies given data.

The simulation smoother of Durbin and Koopman (2002): draw initial state, shocks and measurement errors,
simulate data, and add to the draw its smoothed mean given the data less the simulated ones. With v_t the
filter's innovations, L = A - G C and F the innovations' covariance, shocks and initial state have the means

    D' F^-1 v_t + (B - G D)' r_t,    P_0 r_0,    where r_t-1 = C' F^-1 v_t + L' r_t,    r_T = 0.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.kalman_recursion import Problem, Update
from estimation.filters.paths import Paths, controls_in, follow
from estimation.state_space import StateSpace

Array = NDArray[np.floating]


class Draws(NamedTuple):
    """Initial states [w, d, n_s], in deviations from their mean, and shocks [T, w, d, n_e]."""

    start: Array
    shocks: Array


def smoothed_paths(space: StateSpace, problem: Problem, generator: np.random.Generator, draws: int) -> Paths:
    """Joint draws given all data; see :meth:`estimation.filters.kalman.KalmanFilter.smoothed_paths`."""
    drawn = _smoothed(problem, generator, draws)
    states = problem.start.mean[:, None] + drawn.start
    return _followed(space, problem.parameters, states, drawn.shocks)


def filtered_paths(space: StateSpace, problem: Problem, generator: np.random.Generator, draws: int) -> Paths:
    """Draws given the data up to each period; see :meth:`smoothed_paths` there."""
    first = _initial_deviations(problem, generator, draws) + problem.start.mean[:, None]
    steps = [
        _followed(space, problem.parameters, states, shocks[None])
        for states, shocks in _filtered(problem, generator, draws)
    ]
    controls = controls_in(space, problem.parameters, first)
    return Paths(
        np.concatenate([first[None], *(step.states[1:] for step in steps)]),
        np.concatenate([controls[None], *(step.controls[1:] for step in steps)]),
        np.concatenate([step.shocks for step in steps]),
        np.concatenate([step.observables for step in steps]),
    )


def _followed(space: StateSpace, parameters: Array, states: Array, shocks: Array) -> Paths:
    """What the surrogate makes of initial states [w, d, n_s] and shocks [T, w, d, n_e]."""
    controls = controls_in(space, parameters, states)
    all_states, all_controls, observables = [states], [controls], []
    for shock in shocks:
        states, controls, observed = follow(space, parameters, states, controls, shock)
        all_states.append(states)
        all_controls.append(controls)
        observables.append(observed)
    return Paths(np.stack(all_states), np.stack(all_controls), shocks, np.stack(observables))


def _initial_deviations(problem: Problem, generator: np.random.Generator, draws: int) -> Array:
    """Draws [w, d, n_s] from the stationary distribution, whose covariance may be singular."""
    values, vectors = np.linalg.eigh(problem.start.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    normals = generator.standard_normal((len(root), draws, root.shape[2]))
    return normals @ root.swapaxes(1, 2)


def _updates(problem: Problem) -> Iterator[tuple[Update, Array, Array]]:
    """For each period the update, and mean [w, n_s] and covariance [w, n_s, n_s] of the state before it."""
    covariance = problem.start.covariance
    for stretch in problem.filtered():
        for mean in stretch.mean[:-1]:
            yield stretch.update, mean, covariance
            covariance = stretch.update.covariance


def _smoothed(problem: Problem, generator: np.random.Generator, draws: int) -> Draws:
    updates = [update for update, _, _ in _updates(problem)]
    start = _initial_deviations(problem, generator, draws)
    shape = (len(updates), *start.shape[:2])
    shocks = generator.standard_normal((*shape, problem.economies.shock_impact.shape[2]))
    errors = generator.standard_normal((*shape, problem.data.shape[1])) * problem.measurement_sd[:, None]
    missed = _missed(problem, start, shocks, errors)
    mean = _smoothed_mean(problem, updates, missed)
    return Draws(start + mean.start, shocks + mean.shocks)


def _missed(problem: Problem, start: Array, shocks: Array, errors: Array) -> Array:
    """Data [T, w, d, n_y] less those that the draws imply, both in deviations from the long run."""
    a, b, c, d = _matrices(problem)
    level = problem.economies.observation_constant + (c @ problem.start.mean[..., None])[..., 0]
    state, missed = start, []
    for row, shock, error in zip(problem.data, shocks, errors, strict=True):
        implied = state @ _t(c) + shock @ _t(d) + error
        missed.append((row - level)[:, None] - implied)
        state = state @ _t(a) + shock @ _t(b)
    return np.stack(missed)


def _smoothed_mean(problem: Problem, updates: list[Update], data: Array) -> Draws:
    """Means of initial state and shocks given data [T, w, d, n_y] in deviations; linear in them."""
    _, b, c, d = _matrices(problem)
    innovations = _innovations(problem, updates, data)
    ahead = np.zeros((*data.shape[1:3], b.shape[1]))
    shocks = []
    for update, innovation in zip(reversed(updates), reversed(innovations), strict=True):
        seen = update.seen
        weighted = innovation @ _t(update.whiten) @ update.whiten
        shocks.append(weighted @ d[:, seen] + ahead @ (b - update.gain @ d[:, seen]))
        ahead = weighted @ c[:, seen] + ahead @ update.persistence
    return Draws(ahead @ problem.start.covariance, np.stack(shocks[::-1]))


def _innovations(problem: Problem, updates: list[Update], data: Array) -> list[Array]:
    """Of data [T, w, d, n_y] in deviations from the long run: [T][w, d, k]."""
    c = problem.economies.observation_state
    mean, innovations = np.zeros((*data.shape[1:3], c.shape[2])), []
    for update, row in zip(updates, data, strict=True):
        seen = row[..., update.seen]
        innovations.append(seen - mean @ _t(c[:, update.seen]))
        mean = mean @ _t(update.persistence) + seen @ _t(update.gain)
    return innovations


def _filtered(problem: Problem, generator: np.random.Generator, draws: int) -> Iterator[tuple[Array, Array]]:
    """For each period state before it [w, d, n_s] and shock [w, d, n_e], given the data up to it."""
    _, _, c, d = _matrices(problem)
    for row, (update, mean, covariance) in zip(problem.data, _updates(problem), strict=True):
        seen = update.seen
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
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
