"""The economy linearised where the sample suggests that it was.

A linearised economy says which shocks the sample suggests in any state. The economy itself follows them: its
state stays where states are, however far off the line is, and shocks make up for what the line missed the
period before (the forward pass of iterative linear-quadratic control; Todorov and Li 2005). Means that the
line at the steady state smooths may go to places that no policy was trained for, and the next line starts
from there.
"""

import numpy as np
from numpy.typing import NDArray

from .linearisation import (
    Gains,
    InitialState,
    Linearisation,
    Matrix,
    SteadyApproximation,
    along_path,
    at_steady_state,
    farsighted_gains,
    initial_state,
    stages,
)
from .posterior_linearisation import linearised_over, smoothed
from .state_space import Measurement, StateSpace

LARGEST_SHOCK = 6.0  # standard deviations, to which a shock on the path is cut off


def linearise_along_sample(
    space: StateSpace, parameters: NDArray, measurement: Measurement
) -> tuple[SteadyApproximation, Linearisation]:
    """The steady-state approximation, and the one over the states and shocks given the whole sample.

    Lines along the path that the economy follows say where these are.
    """
    steady = at_steady_state(space, parameters, len(measurement))
    gains, start = _given_sample(steady, steady.linearisation, measurement)
    path = followed_path(space, parameters, steady.linearisation, gains, start)
    near = along_path(space, parameters, *path, steady.sd)
    distribution = smoothed(near, *_given_sample(steady, near, measurement), steady.sd)
    return steady, linearised_over(space, parameters, distribution, near)


def followed_path(
    space: StateSpace, parameters: NDArray, linearisation: Linearisation, gains: Gains, start: InitialState
) -> tuple[Matrix, Matrix]:
    """States [T + 1, w, n_s] of the economy itself, and the shocks [T, w, n_e] that the sample suggests in
    them. A vector whose economy explodes stays at its last finite state.
    """
    mean = start.mean + np.einsum("wij,wj->wi", start.root, start.location)
    states = np.where(np.isfinite(mean), mean, 0.0).astype(space.dtype)
    controls = space.policy(states, parameters)
    path, shocks = [states.astype(float)], []
    for centre, response in zip(linearisation.centre, gains.response, strict=False):
        deviation = path[-1] - centre
        suggested = response[..., 0] + np.einsum("wij,wj->wi", response[..., 1:], deviation)
        shocks.append(np.nan_to_num(suggested).clip(-LARGEST_SHOCK, LARGEST_SHOCK))
        outcome = space.step(states, controls, shocks[-1].astype(space.dtype), parameters)
        finite = np.isfinite(outcome.next_states).all(axis=1, keepdims=True)
        states = np.where(finite, outcome.next_states, states)
        controls = np.where(finite, outcome.next_controls, controls)
        path.append(states.astype(float))
    return np.array(path), np.array(shocks)


def _given_sample(
    steady: SteadyApproximation, linearisation: Linearisation, measurement: Measurement
) -> tuple[Gains, InitialState]:
    gains = farsighted_gains(stages(linearisation, measurement))
    return gains, initial_state(steady, linearisation.centre[0], gains.lookahead[0])
