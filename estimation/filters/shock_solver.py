"""The shocks of one period that reproduce its observables, by Newton's method for w economies at once.

A period keeps some observables and lets some shocks move; the others are zero. With as many of one as of the
other the system has a solution by itself; with fewer observables the shocks of least norm are taken, which
are the most likely ones.

Newton's iteration costs an evaluation of the economy for each shock, the chord iteration (Kelley 1995,
chapter 5) only one. So every round iterates with one Jacobian: first that of the steady state, which is
free, and for those economies that it does not serve, central differences where the last round ended.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate import Transition

from .state_space import StateSpace

Array = NDArray[np.floating]

TOLERANCE = 1e-3  # standard deviations: above the 4e-4 by which rounding in float32 can move a shock
PRECISE = 2e-4  # what is mostly reached, and worth another step
CHORD_STEPS = 4
ROUNDS = 6
WIDTH = 0.1  # of the differences: rounding by .1 % of a derivative, curvature by the third derivative / 600
SINGULAR = 1e-10  # determinant of the observables' correlations given the state


class Kept(NamedTuple):
    """Columns of the m observables that a period explains and of the k >= m shocks that move."""

    observables: tuple[int, ...]
    shocks: tuple[int, ...]

    def of(self, jacobian: Array) -> Array:
        """The part [..., m, k] of a Jacobian [..., n_y, n_e]."""
        return jacobian[(..., *np.ix_(self.observables, self.shocks))]


class System(NamedTuple):
    """w economies before one period: parameters [w, p], states, controls [w, .], observation [n_y]."""

    space: StateSpace
    parameters: Array
    states: Array
    controls: Array
    observation: Array

    def step(self, shocks: Array) -> Transition:
        """One period under shocks [w, n_e]."""
        rows = shocks.astype(self.space.dtype)
        return self.space.step(self.states, self.controls, rows, self.parameters)

    def at(self, chosen: NDArray[np.intp]) -> "System":
        """Some of the economies."""
        return self._replace(
            parameters=self.parameters[chosen], states=self.states[chosen], controls=self.controls[chosen]
        )


class Slopes(NamedTuple):
    """Jacobian [w, m, k] of what a period keeps, and its right inverse [w, k, m], NaN where singular."""

    jacobian: Array
    inverse: Array

    def towards(self, missed: Array, shocks: Array) -> Array:
        """Shocks [w, k] of least norm that, if the economy were linear, make up for what is missed [w, m]."""
        linear = missed[:, :, None] + self.jacobian @ shocks[:, :, None]
        return (self.inverse @ linear)[:, :, 0]

    def at(self, chosen: NDArray[np.intp]) -> "Slopes":
        """Those of some of the economies."""
        return Slopes(self.jacobian[chosen], self.inverse[chosen])


class LinearGuess:
    """Shocks and slopes in w economies linearised at their steady state, to begin with.

    Parameters
    ----------
    mean : steady states [w, n_states].
    observation : Jacobian of the observables in (1, states - mean), [w, n_y, 1 + n_states].
    impact : Jacobian of the observables in the shocks, [w, n_y, n_e].
    """

    def __init__(self, mean: Array, observation: Array, impact: Array) -> None:
        self.mean, self.observation, self.impact = mean, observation, impact
        self._slopes: dict[Kept, Slopes] = {}

    def at(self, chosen: NDArray[np.intp]) -> "LinearGuess":
        """That of some of the economies."""
        return LinearGuess(self.mean[chosen], self.observation[chosen], self.impact[chosen])

    def slopes(self, kept: Kept) -> Slopes:
        """Those of a period that keeps so much."""
        if kept not in self._slopes:
            self._slopes[kept] = slopes_of(self.impact, kept)
        return self._slopes[kept]

    def shocks(self, states: Array, observation: Array, kept: Kept) -> Array:
        """The most likely shocks [w, n_e] that lead from states [w, n_states] to what is kept of an
        observation [n_y]; those that do not move are zero.
        """
        deviation = np.concatenate([np.ones((len(states), 1)), states - self.mean], axis=1)
        predicted = (self.observation @ deviation[:, :, None])[:, :, 0]
        missed = (observation - predicted)[:, list(kept.observables)]
        shocks = np.zeros((len(states), self.impact.shape[2]))
        shocks[:, list(kept.shocks)] = self.slopes(kept).towards(missed, shocks[:, list(kept.shocks)])
        return shocks


class Path(NamedTuple):
    """Solutions of T periods: states [w, T + 1, n_states], the initial ones first; controls and shocks
    [w, T, .] from which and by which each period follows; found, bool [w].
    """

    states: Array
    controls: Array
    shocks: Array
    found: NDArray[np.bool_]

    def begin_with(self, head: "Path", periods: int) -> None:
        """Take over the first periods of another path of the same economies."""
        self.states[:, : periods + 1] = head.states[:, : periods + 1]
        self.controls[:, :periods] = head.controls[:, :periods]
        self.shocks[:, :periods] = head.shocks[:, :periods]

    def at(self, chosen: NDArray[np.intp]) -> "Path":
        """Those of some of the economies."""
        return Path(self.states[chosen], self.controls[chosen], self.shocks[chosen], self.found[chosen])

    def replace(self, chosen: NDArray[np.intp], part: "Path") -> None:
        """Put the paths of the economies `chosen` in the place of what was there."""
        for whole, block in zip(self, part, strict=True):
            whole[chosen] = block


class Solution(NamedTuple):
    """Shocks [w, n_e], the period that follows from them, and how far the last step moved them, [w]."""

    shocks: Array
    outcome: Transition
    moved: Array

    @property
    def found(self) -> NDArray[np.bool_]:
        """Where the shocks have come to rest, [w]."""
        return np.asarray(self.moved <= TOLERANCE)

    def replace(self, chosen: NDArray[np.intp], part: "Solution") -> None:
        """Put the solution of the economies `chosen` in the place of what was there."""
        for whole, block in zip(self.outcome, part.outcome, strict=True):
            whole[chosen] = block
        self.shocks[chosen], self.moved[chosen] = part.shocks, part.moved

    def at(self, chosen: NDArray[np.bool_]) -> "Solution":
        """That of some of the economies."""
        outcome = Transition(*(block[chosen] for block in self.outcome))
        return Solution(self.shocks[chosen], outcome, self.moved[chosen])


def shock_jacobian(
    space: StateSpace, parameters: Array, states: Array, controls: Array, shocks: Array
) -> Array:
    """Derivatives [n, n_y, n_e] of the observables in the shocks, by central differences in one evaluation.

    states, controls, shocks are [n, .] for w parameter vectors, n a multiple of w.
    """
    n_shocks = shocks.shape[1]
    moves = WIDTH * np.concatenate([np.eye(n_shocks), -np.eye(n_shocks)])
    moved = (shocks[:, None] + moves).reshape(-1, n_shocks).astype(space.dtype)
    states, controls = (np.repeat(block, len(moves), axis=0) for block in (states, controls))
    observables = space.step(states, controls, moved, parameters).next_observables.astype(float)
    above, below = np.moveaxis(observables.reshape(len(shocks), 2, n_shocks, -1), 1, 0)
    return (above - below).swapaxes(1, 2) / (2 * WIDTH)


def find_shocks(system: System, kept: Kept, start: Array, steady: Slopes) -> Solution:
    """Solve for the shocks of a period.

    Parameters
    ----------
    kept : what is explained, and by what.
    start : [w, n_e], zero for the shocks that do not move.
    steady : the slopes to begin with, and to return to where the period's own are singular.
    """
    determined = len(kept.observables) == len(kept.shocks)
    solution = chord(system, kept, start, steady if determined else local_slopes(system, kept, start, steady))
    for _ in range(ROUNDS - 1):
        remaining = np.flatnonzero((solution.moved > PRECISE) & (solution.moved < np.inf))
        if not remaining.size:
            break
        part, begin = system.at(remaining), solution.shocks[remaining]
        local = local_slopes(part, kept, begin, steady.at(remaining))
        solution.replace(remaining, chord(part, kept, begin, local))
    return solution


def log_volume(jacobian: Array) -> Array:
    """log sqrt(det J J') [...] of J [..., m, k], infinite where singular; for m = k that is log |det J|."""
    gram = jacobian @ jacobian.swapaxes(-1, -2)
    volume = np.linalg.slogdet(gram)[1] / 2
    return np.where(_is_regular(gram), volume, np.inf)


def slopes_of(jacobian: Array, kept: Kept) -> Slopes:
    """The slopes that a period keeps of a Jacobian [w, n_y, n_e]; the right inverse is J' (J J')^-1."""
    matrix = kept.of(jacobian)
    gram = matrix @ matrix.swapaxes(1, 2)
    regular = np.reshape(_is_regular(gram), (-1, 1, 1))
    inverse = np.linalg.inv(np.where(regular, gram, np.eye(gram.shape[1])))
    return Slopes(matrix, np.where(regular, matrix.swapaxes(1, 2) @ inverse, np.nan))


def chord(system: System, kept: Kept, start: Array, slopes: Slopes) -> Solution:
    """Iterate with one Jacobian until no shock moves."""
    observables, moving = list(kept.observables), list(kept.shocks)
    target = system.observation[observables]
    shocks = start
    for _ in range(CHORD_STEPS):
        outcome = system.step(shocks)
        missed = target - outcome.next_observables[:, observables].astype(float)
        proposal = shocks.copy()
        proposal[:, moving] = slopes.towards(missed, shocks[:, moving])
        moved: Array = np.abs(proposal - shocks).max(axis=1)
        shocks = proposal
        if np.all(moved <= PRECISE):
            break
    return Solution(shocks, outcome, moved)


def local_slopes(system: System, kept: Kept, shocks: Array, fallback: Slopes) -> Slopes:
    """Slopes at the shocks [w, n_e], or the fallback's where they are singular."""
    jacobian = shock_jacobian(system.space, system.parameters, system.states, system.controls, shocks)
    own = slopes_of(jacobian, kept)
    regular = np.isfinite(own.inverse).all(axis=(1, 2), keepdims=True)
    return Slopes(*(np.where(regular, mine, other) for mine, other in zip(own, fallback, strict=True)))


def _is_regular(gram: Array) -> NDArray[np.bool_]:
    diagonal = np.diagonal(gram, axis1=-2, axis2=-1)
    return np.asarray(np.linalg.det(gram) > SINGULAR * diagonal.prod(axis=-1))
