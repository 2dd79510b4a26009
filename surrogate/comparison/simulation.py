"""One economy followed twice with the same shocks: by its network, and by its classical policy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.comparison.observables import Observe
from surrogate.comparison.policies import ReferencePolicy
from surrogate.errors import BadData
from surrogate.runtime import Surrogate

Array = NDArray[np.float64]


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


def follow_reference(
    surrogate: Surrogate,
    policy: ReferencePolicy,
    theta: Array,
    shocks: Array,
    start: Array,
    observe: Observe | None,
) -> Path:
    """The same with the classical policy; controls that it does not have, such as multipliers, are the
    surrogate's.

    Raises
    ------
    BadData : the path leaves the grid of the classical solution; says when.
    """
    states, controls = [start], [_controls(surrogate, policy, theta, start, 0)]
    for period, shock in enumerate(shocks, start=1):
        step = surrogate.step(states[-1], controls[-1], shock, theta)
        states.append(step.next_states[0].astype(float))
        controls.append(_controls(surrogate, policy, theta, states[-1], period))
    visited, chosen = np.stack(states), np.stack(controls)
    return Path(visited, chosen, None if observe is None else observe(visited, chosen, theta))


def _controls(
    surrogate: Surrogate, policy: ReferencePolicy, theta: Array, states: Array, period: int
) -> Array:
    controls = surrogate.policy(states, theta)[0].astype(float)
    try:
        found = policy(states[np.newaxis])
    except BadData as error:
        raise BadData(
            f"The classical solution does not reach where the economy is in period {period} "
            f"({str(error).rstrip('.')}). Simulate fewer periods, or with another seed."
        ) from error
    for column, name in enumerate(surrogate.control_names):
        if name in found:
            controls[column] = found[name][0]
    return controls
