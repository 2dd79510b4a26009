"""The shocks of all periods that reproduce a sample, solved for at once by a chord iteration over the path.

A path is a state and a shock for every period. Its errors, what the observables miss and how far each state
strays from the one that follows from its predecessor, cost one evaluation of policy and step for all periods
together. The economy linearised at the steady state turns them into a correction of the path (a linear
recursion), until no shock moves. Most of what an evaluation costs falls on parameter vectors and on calls,
not on rows, so this is several times faster than one period after the other, where it converges: in
economies without kinks near the data.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .linearisation import SteadyApproximation, at_steady_state
from .shock_solver import TOLERANCE, Path
from .state_space import StateSpace

Array = NDArray[np.floating]

MOST_SWEEPS = 8


class Correction(NamedTuple):
    """How the linearised economy answers the errors of a path, per parameter vector, all to multiply rows.

    shocks_to_missed [w, n_y, n_e] and shocks_to_states [w, n_states, n_e] give the shocks that make up for
    missed observables and for corrected states; impact [w, n_e, n_states]; transition [w, n_states, n_states]
    of states when the shocks answer them.
    """

    shocks_to_missed: Array
    shocks_to_states: Array
    impact: Array
    transition: Array

    def of(self, missed: Array, strayed: Array) -> tuple[Array, Array]:
        """Corrections of states [w, T + 1, n_states] and shocks [w, T, n_e] for the errors of a path."""
        answer = missed @ self.shocks_to_missed
        driven = strayed + answer @ self.impact
        states = np.zeros((len(driven), driven.shape[1] + 1, driven.shape[2]))
        for period in range(driven.shape[1]):
            following = states[:, None, period] @ self.transition
            states[:, period + 1] = following[:, 0] + driven[:, period]
        return states, answer + states[:, :-1] @ self.shocks_to_states

    def at(self, chosen: NDArray[np.intp]) -> "Correction":
        """That of some parameter vectors."""
        return Correction(*(block[chosen] for block in self))


def find_path(space: StateSpace, parameters: Array, sample: Array) -> tuple[Path, NDArray[np.intp]]:
    """Solve for the path that starts at the steady state and reproduces a sample [T, n_y] without gaps.

    parameters [w, p] in the surrogate's number type; n_y equals the number of shocks. Vectors without a
    regular steady-state Jacobian, or for which the iteration does not settle, are not found.

    Returns
    -------
    The path, and how many of its first periods have settled, [w]: errors only move forward in time.
    """
    steady = at_steady_state(space, parameters, periods=1)
    correction, regular = _correction(steady)
    path = _start(space, parameters, sample, steady, correction)
    remaining = np.flatnonzero(regular)
    settled = np.zeros(len(parameters), dtype=np.intp)
    for _ in range(MOST_SWEEPS):
        moved = _sweep(space, parameters, sample, path, correction, remaining)
        moving = moved > TOLERANCE
        settled[remaining] = np.where(moving.any(axis=1), moving.argmax(axis=1), len(sample))
        path.found[remaining] = ~moving.any(axis=1)
        remaining = remaining[moving.any(axis=1) & (moved < np.inf).all(axis=1)]
        if not remaining.size:
            break
    return path, settled


def _correction(steady: SteadyApproximation) -> tuple[Correction, NDArray[np.bool_]]:
    """The correction at the steady state, and where it exists, bool [w]."""
    economy = steady.linearisation
    impact, by_shock = economy.impact[0, :, 1:], economy.observation_shock[0]
    regular = np.isfinite(by_shock).all(axis=(1, 2)) & (np.linalg.matrix_rank(by_shock) == by_shock.shape[1])
    inverse = np.linalg.inv(np.where(regular[:, None, None], by_shock, np.eye(by_shock.shape[1])))
    answer = -inverse @ economy.observation[0, :, :, 1:]
    transition = economy.transition[0, :, 1:, 1:] + impact @ answer
    blocks = (inverse, answer, impact, transition)
    return Correction(*(np.ascontiguousarray(block.swapaxes(1, 2)) for block in blocks)), regular


def _start(
    space: StateSpace,
    parameters: Array,
    sample: Array,
    steady: SteadyApproximation,
    correction: Correction,
) -> Path:
    """The path of the linearised economy; no controls yet."""
    missed = sample - steady.linearisation.observation[0, :, None, :, 0]
    strayed = np.zeros((len(parameters), len(sample), space.surrogate.n_states))
    states, shocks = correction.of(missed, strayed)
    controls = np.empty((len(parameters), len(sample), space.surrogate.n_controls), dtype=space.dtype)
    return Path(states + steady.mean[:, None], controls, shocks, np.zeros(len(parameters), dtype=bool))


def _sweep(
    space: StateSpace,
    parameters: Array,
    sample: Array,
    path: Path,
    correction: Correction,
    chosen: NDArray[np.intp],
) -> Array:
    """Correct the paths of some parameter vectors; returns the most that a shock moves, [chosen, T]."""
    states, shocks, theta = path.states[chosen], path.shocks[chosen], parameters[chosen]
    shape = shocks.shape[:2]
    rows = states[:, :-1].reshape(-1, states.shape[2]).astype(space.dtype)
    controls = space.policy(rows, theta)
    outcome = space.step(rows, controls, shocks.reshape(-1, shocks.shape[2]).astype(space.dtype), theta)
    missed = sample - outcome.next_observables.reshape(*shape, -1)
    strayed = outcome.next_states.reshape(*shape, -1) - states[:, 1:]
    state_moves, shock_moves = correction.at(chosen).of(missed, strayed)
    path.states[chosen] = states + state_moves
    path.shocks[chosen] = shocks + shock_moves
    path.controls[chosen] = controls.reshape(*shape, -1)
    moved = np.abs(shock_moves).max(axis=2)
    return np.where(np.isfinite(moved), moved, np.inf)
