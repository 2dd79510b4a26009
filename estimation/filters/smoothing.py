"""What the sample says about the shocks and states of a linearised economy.

In z = (1, s - centre) the log density of all observations after period t, given the state, is up to a
constant

    -z' G_t z / 2,        G_T = 0,

and G_{t-1} minimises, over the period's shock e, the sum of e'e, the squared measurement errors and G_t:
the backward information filter (Durbin and Koopman 2012, chapter 4; Guarniero, Johansen and Lee 2017 for
its use as lookahead). The minimiser e = response z is the mean of the shock given state and observations,
the curvature its precision.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.filters.measurement import Measurement
from estimation.linearisation import Linearisation, SteadyApproximation

Matrix = NDArray[np.floating]

CAUTION = 2.0  # 1 is too little while a bound binds for years, 10 wastes what the data say elsewhere


class Stages(NamedTuple):
    """Quadratic costs of w economies in (z, e), which number n_z and n_e.

    own [T, w, n_z + n_e, n_z + n_e], of a period's shock and measurement errors; motion [T, w, n_z, n_z +
    n_e], next period's z from (z, e).
    """

    own: Matrix
    motion: Matrix


class Gains(NamedTuple):
    """Gaussian shocks given the state: `e ~ N(response z, inverse of precision)`; lookahead [T + 1, w,
    n_z, n_z] is G.

    response [T, w, n_e, n_z], precision [T, w, n_e, n_e].
    """

    response: Matrix
    precision: Matrix
    lookahead: Matrix


class InitialState(NamedTuple):
    """Gaussian initial state `mean + root v`, `v ~ N(location, factor factor')`, all float64.

    mean [w, n_s], root [w, n_s, n_s], location [w, n_s], factor [w, n_s, n_s]. The ergodic distribution of
    the linear approximation has location 0 and factor I.
    """

    mean: Matrix
    root: Matrix
    location: Matrix
    factor: Matrix


def stages(linearisation: Linearisation, measurement: Measurement) -> Stages:
    """Costs in the shock and the measurement errors of the sample; a missing observation costs nothing.

    An observation that the linearisation misses by much counts for less, so that shocks are drawn more
    widely at a kink: while a bound binds, its misses recur and would add up to false knowledge.
    """
    error = np.concatenate([linearisation.observation, linearisation.observation_shock], axis=3)
    error[..., 0] -= measurement.observations[:, None]
    missed = measurement.precision * linearisation.curvature
    precision = measurement.precision / (1.0 + CAUTION * missed**2)
    own = error.swapaxes(2, 3) @ (precision[..., None] * error)
    shocks = np.arange(linearisation.transition.shape[3], own.shape[3])
    own[..., shocks, shocks] += 1.0
    return Stages(own, np.concatenate([linearisation.transition, linearisation.impact], axis=3))


def myopic_gains(costs: Stages) -> Gains:
    """Shocks given the state and the observations of their own period only."""
    n_z = costs.motion.shape[2]
    precision = costs.own[..., n_z:, n_z:]
    response = -np.linalg.solve(precision, costs.own[..., n_z:, :n_z])
    return _sound(Gains(response, precision, np.zeros((len(response) + 1, *costs.own.shape[1:2], n_z, n_z))))


def auxiliary_gains(costs: Stages) -> Gains:
    """The same shocks, and a lookahead to the next observation."""
    gains = myopic_gains(costs)
    n_z = costs.motion.shape[2]
    next_cost = costs.own[..., :n_z, :n_z] + costs.own[..., :n_z, n_z:] @ gains.response
    gains.lookahead[:-1] = next_cost
    return _sound(gains)


def farsighted_gains(costs: Stages) -> Gains:
    """Shocks given the state and the observations of their own period and of all later ones."""
    periods, n_vectors, n_z, n_ze = costs.motion.shape
    cost = np.empty((periods, n_vectors, n_ze, n_ze))
    response = np.empty((periods, n_vectors, n_ze - n_z, n_z))
    lookahead = np.zeros((periods + 1, n_vectors, n_z, n_z))
    backward = np.ascontiguousarray(costs.motion.swapaxes(2, 3))
    for t in reversed(range(periods)):
        np.matmul(backward[t], lookahead[t + 1] @ costs.motion[t], out=cost[t])
        cost[t] += costs.own[t]
        inverse = np.linalg.inv(cost[t, :, n_z:, n_z:])
        np.matmul(-inverse, cost[t, :, n_z:, :n_z], out=response[t])
        np.add(cost[t, :, :n_z, :n_z], cost[t, :, :n_z, n_z:] @ response[t], out=lookahead[t])
    return _sound(Gains(response, cost[:, :, n_z:, n_z:], lookahead))


def _sound(gains: Gains) -> Gains:
    """The same, with prior shocks and no lookahead for the vectors whose gains overflow."""
    broken = ~np.isfinite(gains.response).all(axis=(0, 2, 3)) | ~np.isfinite(gains.lookahead).all(
        axis=(0, 2, 3)
    )
    if broken.any():
        gains.response[:, broken] = 0.0
        gains.precision[:, broken] = np.eye(gains.precision.shape[2])
        gains.lookahead[:, broken] = 0.0
    return gains


def initial_state(steady: SteadyApproximation, centre: Matrix, future: Matrix) -> InitialState:
    """Ergodic state given the sample: `future` is G_0 [w, n_z, n_z] around centre [w, n_s]; zero if it is
    ignored.
    """
    offset = steady.mean - centre
    slope = future[:, 1:, 0] + np.einsum("wij,wj->wi", future[:, 1:, 1:], offset)
    transposed = steady.root.swapaxes(1, 2)
    precision = np.eye(offset.shape[1]) + transposed @ future[:, 1:, 1:] @ steady.root
    location = -np.linalg.solve(precision, transposed @ slope[..., None])[..., 0]
    return InitialState(steady.mean, steady.root, location, inverse_root(precision))


def smoothed_path(linearisation: Linearisation, gains: Gains, start: InitialState) -> tuple[Matrix, Matrix]:
    """Mean states [T + 1, w, n_s] and shocks [T, w, n_e] given the sample, in the linearised economy."""
    state = start.mean + np.einsum("wij,wj->wi", start.root, start.location)
    deviation = np.concatenate([np.ones((len(state), 1)), state - linearisation.centre[0]], axis=1)[..., None]
    deviations, shocks = [deviation], []
    for transition, impact, response in zip(
        linearisation.transition, linearisation.impact, gains.response, strict=True
    ):
        shocks.append(response @ deviation)
        deviation = transition @ deviation + impact @ shocks[-1]
        deviations.append(deviation)
    return linearisation.centre + np.array(deviations)[:, :, 1:, 0], np.array(shocks)[..., 0]


def inverse_root(precision: Matrix) -> Matrix:
    """Factors F [..., n, n] with F F' the inverse of each precision, whose eigenvalues are one or more."""
    try:
        factor = np.linalg.cholesky(precision)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(precision)
        return vectors / np.sqrt(np.maximum(values, 1.0))[..., None, :]
    return np.linalg.inv(factor).swapaxes(-1, -2)
