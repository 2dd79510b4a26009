"""The shocks of a period in which an observable is at its lower bound.

There the bound hides a shock: whatever it is, as long as the bound binds, the economy is the same. So the
other shocks follow from the other observables in the economy that is at its bound, and of the hidden shock
no more is known than that it does not lift the observable off. Given that, its mode is zero, or else the
value at which the bound just binds.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.errors import BadConfiguration, unknown_name

from .shock_solver import (
    Kept,
    LinearGuess,
    Solution,
    System,
    chord,
    find_shocks,
    local_slopes,
)
from .state_space import StateSpace

Array = NDArray[np.floating]

DEEPER = 1.0  # standard deviations of the hidden shock beyond the one that should reach the bound
DEEPENINGS = 4  # looks for a shock that does reach it
HALVINGS = 16  # of the distance to the shock that just reaches it, to 1e-4 standard deviations
NUDGES = (0.02, 0.05, 0.1, 0.2, 0.5)  # standard deviations further inside


@dataclass(frozen=True)
class Bound:
    """A lower bound that hides a shock: while the observable is at its floor, the shock is taken to be zero,
    or where the bound would not bind then, to be the one that just makes it bind.

    Attributes
    ----------
    observable : name of the observable with the bound, such as ``"interest_rate"``.
    shock : name of the shock that it then says nothing about, such as ``"monetary"``.
    floor : observations at or below it count as at the bound; in the observable's units.
    """

    observable: str
    shock: str
    floor: float


class Hidden(NamedTuple):
    """Columns of the observable with the bound and of the shock behind it, and the floor."""

    observable: int
    shock: int
    floor: float

    @classmethod
    def of(cls, bound: Bound, space: StateSpace) -> "Hidden":
        """Raises UnknownName or BadConfiguration if the bound does not fit the economy."""
        if bound.observable not in space.observables:
            raise unknown_name("observable with a bound", bound.observable, space.observables)
        if bound.shock not in space.surrogate.shock_names:
            raise unknown_name("shock behind the bound", bound.shock, space.surrogate.shock_names)
        if not math.isfinite(bound.floor):
            raise BadConfiguration(
                f"The floor of {bound.observable} must be a finite number, not {bound.floor}."
            )
        columns = space.observables.index(bound.observable), space.surrogate.shock_names.index(bound.shock)
        return cls(*columns, bound.floor)

    def binds(self, observation: Array) -> NDArray[np.bool_]:
        """Where observations [..., n_y] are at the bound, [...]."""
        return observation[..., self.observable] <= self.floor

    def downwards(self, impact: Array) -> Array:
        """The sign of the shock that lowers the observable, [w], by the Jacobians [w, n_y, n_e].

        Raises BadConfiguration if the shock moves it in none of these economies.
        """
        slope = impact[:, self.observable, self.shock]
        if not np.any(slope):
            raise BadConfiguration(
                "The shock behind the bound does not move the observable with the bound: name another one."
            )
        return -np.sign(slope)


def find_shocks_at_bound(system: System, kept: Kept, guess: LinearGuess, hidden: Hidden) -> Solution:
    """Solve for the shocks of a period that is at the bound.

    Parameters
    ----------
    kept : what is explained and by what, without the observable at its bound and its shock.
    guess : the economy linearised, of the same w vectors.
    """
    deep = _from_deep_inside(system, kept, guess, hidden)
    slopes = local_slopes(system, kept, deep.shocks, guess.slopes(kept))
    shocks = deep.shocks.copy()
    shocks[:, hidden.shock] = _mode(system, deep, hidden)
    binds = np.ones(len(shocks), dtype=bool)
    for nudge in (0.0, *NUDGES):  # a policy is not quite the same wherever the bound binds
        shocks[:, hidden.shock] += np.where(binds, 0.0, nudge * hidden.downwards(guess.impact))
        solution = chord(system, kept, shocks, slopes)
        binds = hidden.binds(solution.outcome.next_observables)
        if binds.all():
            break
    solution.moved[~(deep.found & binds)] = np.inf
    return solution


def _from_deep_inside(system: System, kept: Kept, guess: LinearGuess, hidden: Hidden) -> Solution:
    """The other shocks, given a hidden one that keeps the economy at the bound wherever Newton's method
    goes.
    """
    floor = system.observation.copy()
    floor[hidden.observable] = hidden.floor
    everything = Kept(
        tuple(np.flatnonzero(~np.isnan(floor)).tolist()), (*sorted({*kept.shocks, hidden.shock}),)
    )
    shocks = guess.shocks(system.states, floor, everything)
    downwards = hidden.downwards(guess.impact)
    depth = np.maximum(downwards * shocks[:, hidden.shock], 0.0) + DEEPER
    for _ in range(DEEPENINGS):
        shocks[:, hidden.shock] = downwards * depth
        local = local_slopes(system, kept, shocks, guess.slopes(kept))
        solution = find_shocks(system, kept, shocks, local)
        off = ~hidden.binds(solution.outcome.next_observables)
        if not off.any():
            break
        depth[off] *= 2
    return solution


def _mode(system: System, deep: Solution, hidden: Hidden) -> Array:
    """The hidden shock [w] nearest to zero at which the bound binds, all others as they are."""
    shocks, inside = deep.shocks.copy(), deep.shocks[:, hidden.shock]

    def binds(value: Array) -> NDArray[np.bool_]:
        shocks[:, hidden.shock] = value
        return hidden.binds(system.step(shocks).next_observables)

    outside = np.zeros_like(inside)
    at_zero = binds(outside)
    if at_zero.all():
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        still = binds(middle)
        inside, outside = np.where(still, middle, inside), np.where(still, outside, middle)
    return np.where(at_zero, 0.0, inside)
