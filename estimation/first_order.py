"""The economy to first order around its steady state, as a linear Gaussian state space.

The first-order solution does not depend on the coordinates of the states: an economy that is linear in logs
has the same one whether its states are logs or levels. So its likelihood is the exact one of every economy
that is linear in some coordinates, as far as surrogate and derivatives are exact.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.linearisation import at_steady_state
from estimation.state_space import StateSpace

Matrix = NDArray[np.floating]

SHARE_OF_SD = 0.5
SHARE_OF_LEVEL = 0.01
LEAST_WIDTH = 1e-5
STEPS = np.array([1.0, -1.0, 2.0, -2.0])
WEIGHTS = np.array([8.0, -8.0, -1.0, 1.0]) / 12
DOUBLINGS = 30
FORGOTTEN = 1e-8


class LinearEconomies(NamedTuple):
    """w linear Gaussian economies in float64, with e' ~ N(0, I):

        s' = state_constant + transition s + shock_impact e'
        y' = observation_constant + observation_state s + observation_shock e'

    state_constant [w, n_s], transition [w, n_s, n_s], shock_impact [w, n_s, n_e], observation_constant
    [w, n_y], observation_state [w, n_y, n_s], observation_shock [w, n_y, n_e].
    """

    state_constant: Matrix
    transition: Matrix
    shock_impact: Matrix
    observation_constant: Matrix
    observation_state: Matrix
    observation_shock: Matrix

    def chosen(self, rows: NDArray[np.bool_]) -> "LinearEconomies":
        """The economies marked in `rows` [w]."""
        return LinearEconomies(*(block[rows] for block in self))


class LongRun(NamedTuple):
    """Stationary distribution of the state: mean [w, n_s] and covariance [w, n_s, n_s], which mean nothing
    where exists, bool [w], is false.
    """

    mean: Matrix
    covariance: Matrix
    exists: NDArray[np.bool_]

    def chosen(self, rows: NDArray[np.bool_]) -> "LongRun":
        """Those of the economies marked in `rows` [w]."""
        return LongRun(self.mean[rows], self.covariance[rows], self.exists[rows])


def first_order(space: StateSpace, parameters: NDArray) -> LinearEconomies:
    """The economies at `parameters` [w, p], in the surrogate's number type; NaN where they explode.

    Slopes are differences of fourth order. Those stand wide steps, over which the rounding of single
    precision weighs little: about five digits are right.
    """
    steady = at_steady_state(space, parameters, 1)
    widths = np.maximum(SHARE_OF_SD * steady.sd, LEAST_WIDTH + SHARE_OF_LEVEL * np.abs(steady.mean))
    value, slope = _differences(space, parameters, steady.mean, widths)
    n_states = steady.mean.shape[1]
    by_state, by_shock = slope[..., :n_states], slope[..., n_states:]
    constant = value - (by_state @ steady.mean[..., None])[..., 0]
    states, observables = np.s_[:, :n_states], np.s_[:, n_states:]
    return LinearEconomies(
        *(block[states] for block in (constant, by_state, by_shock)),
        *(block[observables] for block in (constant, by_state, by_shock)),
    )


def long_run(economies: LinearEconomies) -> LongRun:
    """Where the states of `economies` settle, by doubling: after k rounds the covariance is that of 2^k
    periods of shocks.
    """
    power = economies.transition
    mean, covariance = (
        economies.state_constant,
        economies.shock_impact @ economies.shock_impact.swapaxes(1, 2),
    )
    with np.errstate(all="ignore"):  # explosive ones overflow
        for _ in range(DOUBLINGS):
            mean = mean + (power @ mean[..., None])[..., 0]
            covariance = covariance + power @ covariance @ power.swapaxes(1, 2)
            power = power @ power
            if np.all(np.abs(power) < FORGOTTEN):
                break
        forgotten = ((np.abs(power) < FORGOTTEN) & np.isfinite(covariance)).all(axis=(1, 2))
    for block in (mean, *economies):
        forgotten &= np.isfinite(block).reshape(len(block), -1).all(axis=1)
    return LongRun(mean, covariance, np.asarray(forgotten))


def _differences(
    space: StateSpace, parameters: NDArray, centre: Matrix, widths: Matrix
) -> tuple[Matrix, Matrix]:
    """Next states and observables at rest, [w, k], and their slopes in states and shocks [w, k, n]."""
    n_vectors, n_states = centre.shape
    n = n_states + space.surrogate.n_shocks
    steps = np.concatenate([np.zeros((1, n)), (STEPS[:, None, None] * np.eye(n)).reshape(-1, n)])
    reach = np.concatenate([widths, np.full((n_vectors, n - n_states), SHARE_OF_SD)], axis=1)
    points = (steps * reach[:, None]).astype(space.dtype)
    points[..., :n_states] += centre[:, None].astype(space.dtype)
    rows = points.reshape(-1, n)
    states, shocks = rows[:, :n_states], rows[:, n_states:]
    outcome = space.step(states, space.policy(states, parameters), shocks, parameters)
    values = np.concatenate([outcome.next_states, outcome.next_observables], axis=1).astype(float)
    values = values.reshape(n_vectors, len(steps), -1)
    differences = np.einsum("s,wsnk->wkn", WEIGHTS, values[:, 1:].reshape(n_vectors, len(STEPS), n, -1))
    return values[:, 0], differences / reach[:, None]
