"""Paths of states, controls, shocks and observables, as a sample lets one draw them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.proposal import Array, stacked
from estimation.state_space import StateSpace


class Paths(NamedTuple):
    """d paths of T periods for each of w parameter vectors, float64; NaN for vectors without likelihood.

    states [T + 1, w, d, n_states] and controls [T + 1, w, d, n_controls], row 0 before the first observation;
    shocks [T, w, d, n_shocks]; observables [T, w, d, n_observables], all of the surrogate's, in its order and
    without measurement error.
    """

    states: Array
    controls: Array
    shocks: Array
    observables: Array

    def without(self, lost: NDArray[np.bool_]) -> "Paths":
        """The same with NaN for the vectors marked in `lost` [w]."""
        return Paths._make(np.where(lost[:, None, None], np.nan, block.astype(float)) for block in self)

    def put(self, vectors: NDArray[np.intp], part: "Paths") -> None:
        """Take over the paths of some vectors, of which `part` may have several blocks for each."""
        for whole, block in zip(self, part, strict=True):
            sampled = block[-len(whole) :]  # without the burn-in
            merged = sampled.reshape(len(whole), len(vectors), -1, block.shape[-1])
            whole[:, vectors] = merged[:, :, : whole.shape[2]]


def blank(space: StateSpace, periods: int, vectors: int, draws: int) -> Paths:
    """Paths that are nowhere a number yet."""
    surrogate = space.surrogate
    before_and_after, during = (periods + 1, vectors, draws), (periods, vectors, draws)
    return Paths(
        np.full((*before_and_after, surrogate.n_states), np.nan),
        np.full((*before_and_after, surrogate.n_controls), np.nan),
        np.full((*during, surrogate.n_shocks), np.nan),
        np.full((*during, surrogate.n_observables), np.nan),
    )


def controls_in(space: StateSpace, parameters: Array, states: Array) -> Array:
    """Controls [w, n, n_controls] in states [w, n, n_states]."""
    controls = space.policy(stacked(states).astype(space.dtype), parameters)
    return controls.reshape(*states.shape[:2], -1)


def follow(
    space: StateSpace, parameters: Array, states: Array, controls: Array, shocks: Array
) -> tuple[Array, Array, Array]:
    """States, controls and all observables, each [w, n, .], one period after states [w, n, n_states]."""
    from_states, from_controls, moved_by = (
        stacked(block).astype(space.dtype) for block in (states, controls, shocks)
    )
    outcome = space.surrogate.step(from_states, from_controls, moved_by, parameters, check=False)
    shape = states.shape[:2]
    return (
        outcome.next_states.reshape(*shape, -1),
        outcome.next_controls.reshape(*shape, -1),
        outcome.next_observables.reshape(*shape, -1),
    )
