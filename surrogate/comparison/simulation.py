"""One economy followed twice with the same shocks: by its network, and by its classical policy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.comparison.observables import Observe
from surrogate.comparison.policies import ReferencePolicy
from surrogate.errors import BadData
from surrogate.runtime import Surrogate

Array = NDArray[np.float64]

TOLERATED = 0.05
"""Share of the periods in which the economy may be beyond the grid of the classical solution."""


class Path(NamedTuple):
    """States [T + 1, n_states] and controls [T + 1, n_controls] from the start on, and observables
    [T, n_observables] of all later periods, None where they cannot be had.
    """

    states: Array
    controls: Array
    observables: Array | None


def follow_surrogate(surrogate: Surrogate, theta: Array, shocks: Array, start: Array) -> Path:
    """The path of the surrogate from `start` [n_states] with `shocks` [T, n_shocks]."""
    path = surrogate.simulate(theta, shocks, start)
    first = surrogate.policy(start, theta)
    states = np.concatenate([start[np.newaxis], path.states[:, 0]])
    controls = np.concatenate([first, path.controls[:, 0]])
    return Path(states.astype(float), controls.astype(float), path.observables[:, 0].astype(float))


class Followed(NamedTuple):
    """A path of the classical solution, and in which of its periods [T + 1] the economy was on the grid."""

    path: Path
    reached: NDArray[np.bool_]


def follow_reference(
    surrogate: Surrogate,
    policy: ReferencePolicy,
    theta: Array,
    shocks: Array,
    start: Array,
    observe: Observe | None,
) -> Followed:
    """The same with the classical policy.

    Controls that it does not have, such as multipliers, are the surrogate's; so are all of them in the few
    periods in which the economy is beyond the grid of the classical solution.

    Raises
    ------
    BadData : these are not few.
    """
    choice = _Choice(surrogate, policy, theta)
    states, controls = [start], [choice(start)]
    for shock in shocks:
        step = surrogate.step(states[-1], controls[-1], shock, theta)
        states.append(step.next_states[0].astype(float))
        controls.append(choice(states[-1]))
    choice.require_reached()
    visited, chosen = np.stack(states), np.stack(controls)
    observables = None if observe is None else observe(visited, chosen, theta)
    return Followed(Path(visited, chosen, observables), np.array(choice.reached))


class _Choice:
    """Controls [n_controls] at states [n_states], and whether the classical solution had them."""

    def __init__(self, surrogate: Surrogate, policy: ReferencePolicy, theta: Array) -> None:
        self.surrogate, self.policy, self.theta = surrogate, policy, theta
        self.reached: list[bool] = []
        self.refusal = ""

    def __call__(self, states: Array) -> Array:
        controls = self.surrogate.policy(states, self.theta)[0].astype(float)
        found = self._found(states)
        for column, name in enumerate(self.surrogate.control_names):
            if name in found:
                controls[column] = found[name][0]
        return controls

    def _found(self, states: Array) -> dict[str, Array]:
        try:
            found = self.policy(states[np.newaxis])
        except BadData as error:
            self.refusal = self.refusal or str(error).rstrip(".")
            found = {}
        self.reached.append(bool(found))
        return found

    def require_reached(self) -> None:
        """Raise BadData if the economy was beyond the grid too often."""
        beyond = 1 - np.mean(self.reached)
        if beyond > TOLERATED:
            raise BadData(
                f"In {beyond:.0%} of the periods the economy is beyond the grid of the classical solution "
                f"({self.refusal}): choose a calibration with smaller or less persistent shocks."
            )
