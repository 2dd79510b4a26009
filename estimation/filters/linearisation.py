"""Linear approximations of the economy, per parameter vector and period, by central differences.

A period is approximated around a state and a shock, in deviations z = (1, s - centre) that carry the
constant:

    z'  = transition z + impact e'        y' = observation z + observation_shock e'

The derivatives in the state are total: the controls follow the policy. Along a path those in the shocks are
slopes between one standard deviation on either side; `posterior_linearisation` takes them over all states and
shocks that a sample leaves possible. What a straight line misses, at a kink above all, is kept as an error of
the observation. All this serves to propose shocks, so its quality moves the variance of a likelihood, never
its mean.

What the sample says about shocks and states follows backwards. In z = (1, s - centre) the log density of all
observations after period t, given the state, is up to a constant

    -z' G_t z / 2,        G_T = 0,

and G_{t-1} minimises, over the period's shock e, the sum of e'e, the squared measurement errors and G_t: the
backward information filter (Durbin and Koopman 2012, chapter 4; Guarniero, Johansen and Lee 2017 for its use
as lookahead). The minimiser e = response z is the mean of the shock given state and observations, the
curvature its precision.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .state_space import Measurement, StateSpace

Matrix = NDArray[np.floating]
SHARE_OF_SD = 0.3
SHARE_OF_LEVEL = 2e-3
LARGEST_ROOT = 0.999
LARGEST_OUTCOME = 1e12
UP_DOWN = np.array([1.0, -1.0])[:, None, None]
CAUTION = 2.0  # 1 is too little while a bound binds for years, 10 wastes what the data say elsewhere
DOUBLINGS = 14  # 2^14 periods: the slowest root then weighs less than 1e-7


class Linearisation(NamedTuple):
    """T periods of w economies in z = (1, s - centre); n_z = 1 + n_states.

    centre [T + 1, w, n_states], the states expanded around, before the first period to after the last;
    transition [T, w, n_z, n_z], impact [T, w, n_z, n_shocks], observation [T, w, n_y, n_z],
    observation_shock [T, w, n_y, n_shocks], curvature [T, w, n_y], the variance of what the lines miss.
    """

    centre: Matrix
    transition: Matrix
    impact: Matrix
    observation: Matrix
    observation_shock: Matrix
    curvature: Matrix


class SteadyApproximation(NamedTuple):
    """The economy linearised at the steady state, with the ergodic distribution of that approximation.

    linearisation of T identical periods; mean [w, n_states]; root [w, n_states, n_states], a matrix square
    root of the ergodic covariance; sd [w, n_states].
    """

    linearisation: Linearisation
    mean: Matrix
    root: Matrix
    sd: Matrix


def at_steady_state(space: StateSpace, parameters: NDArray, periods: int) -> SteadyApproximation:
    """Approximate around the steady state without shocks; parameters [w, p] in the surrogate's number
    type.

    Vectors without a steady state keep a mean that is no number, in an approximation of no consequence.
    """
    mean = space.surrogate.steady_state(parameters, check=False).states.astype(float)
    shocks = np.zeros((1, len(mean), space.surrogate.n_shocks))
    centre = np.where(np.isfinite(mean).all(axis=1, keepdims=True), mean, 0.0)
    widths = SHARE_OF_LEVEL * np.maximum(1.0, np.abs(centre))
    one = _expand(space, parameters, np.stack([centre, centre]), shocks, widths)
    repeated = Linearisation(
        *(np.broadcast_to(block[0], (periods + (i == 0), *block.shape[1:])) for i, block in enumerate(one))
    )
    covariance = _ergodic_covariance(one.transition[0, :, 1:, 1:], one.impact[0, :, 1:])
    finite = np.isfinite(covariance).all(axis=(1, 2), keepdims=True)
    root = square_root(np.where(finite, covariance, 0.0))  # zero for one that has overflowed
    return SteadyApproximation(repeated, mean, root, np.sqrt(np.einsum("wij,wij->wi", root, root)))


def along_path(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, state_sd: Matrix
) -> Linearisation:
    """Approximate around states [T + 1, w, n_states] and the shocks [T, w, n_shocks] between them.

    state_sd [w, n_states] sets how far the differences reach.
    """
    widths = np.maximum(SHARE_OF_SD * state_sd, narrowest_differences(states[0]))
    return _expand(space, parameters, states, shocks, widths)


def narrowest_differences(states: Matrix) -> Matrix:
    """How far differences have to reach for rounding, [w, n_states], around states of that shape."""
    return 1e-5 * np.maximum(1.0, np.abs(states))


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

    What the lines miss is one more measurement error, so that shocks are drawn more widely at a kink. By its
    variance alone it would still add up to false knowledge where a bound binds for years, since misses recur.
    """
    error = np.concatenate([linearisation.observation, linearisation.observation_shock], axis=3)
    error[..., 0] -= measurement.observations[:, None]
    missed = measurement.precision * linearisation.curvature
    precision = measurement.precision / (1.0 + missed + CAUTION * missed**2)
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


def inverse_root(precision: Matrix) -> Matrix:
    """Factors F [..., n, n] with F F' the inverse of each precision, whose eigenvalues are one or more."""
    try:
        factor = np.linalg.cholesky(precision)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(precision)
        return vectors / np.sqrt(np.maximum(values, 1.0))[..., None, :]
    return np.linalg.inv(factor).swapaxes(-1, -2)


def square_root(covariance: Matrix) -> Matrix:
    """A square root [w, n, n] of each covariance [w, n, n], which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]


def _expand(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, widths: Matrix
) -> Linearisation:
    n_states = states.shape[2]
    n_bumps = n_states + shocks.shape[2]
    # at each point, then with one coordinate of state and shock up, then with one down
    moves = np.concatenate([np.zeros((1, n_bumps)), *np.eye(n_bumps) * UP_DOWN])
    scale = np.concatenate([widths, np.ones((len(widths), n_bumps - n_states))], axis=1)
    points = np.concatenate([states[:-1], shocks], axis=2)[:, :, None] + moves * scale[:, None]
    value, above, below, _ = outcomes(space, parameters, points)
    slope = (above - below).swapaxes(2, 3) / (2 * scale[:, None])
    missed = (above + below)[:, :, n_states:] / 2 - value[:, :, None]
    return affine(states, shocks, value, slope, np.square(missed).sum(axis=2))


def outcomes(
    space: StateSpace, parameters: NDArray, points: Matrix
) -> tuple[Matrix, Matrix, Matrix, NDArray[np.bool_]]:
    """Next states and observables, stacked, at `points` [T, w, 1 + 2 m, n_states + n_shocks]: those at the
    first [T, w, k], at the next m and at the last m, [T, w, m, k].

    The last n_shocks of the m, moves of shocks, have the states of the first point. Vectors whose economy
    explodes at any of them get one in which nothing has an effect; [w] says which do not.
    """
    periods, n_vectors, n_points, _ = points.shape
    by_vector = points.swapaxes(0, 1).astype(space.dtype)
    states, shocks = np.split(by_vector, [space.surrogate.n_states], axis=3)
    controls = _controls(space, parameters, states, shocks.shape[3])
    step = space.step(_rows(states), _rows(controls), _rows(shocks), parameters)
    outcome = np.concatenate([step.next_states, step.next_observables], axis=1).astype(float)
    sound = np.abs(outcome).reshape(n_vectors, -1).max(axis=1) < LARGEST_OUTCOME
    outcome = outcome.reshape(n_vectors, periods, n_points, -1)
    outcome = np.where(sound[:, None, None, None], outcome, 0.0).swapaxes(0, 1)
    half = 1 + n_points // 2
    return outcome[:, :, 0], outcome[:, :, 1:half], outcome[:, :, half:], sound


def _controls(space: StateSpace, parameters: NDArray, states: NDArray, n_shocks: int) -> NDArray:
    """Controls [w, T, 1 + 2 m, n_controls] at the points of `outcomes`: the policy is asked once where they
    have the same states [w, T, 1 + 2 m, n_states].
    """
    n_states, half = states.shape[3], 1 + states.shape[2] // 2
    different = np.r_[: 1 + n_states, half : half + n_states]
    first = np.zeros(n_shocks, dtype=int)
    which = np.r_[: 1 + n_states, first, 1 + n_states : 1 + 2 * n_states, first]
    controls = space.policy(_rows(states[:, :, different]), parameters)
    return controls.reshape(*states.shape[:2], len(different), controls.shape[1])[:, :, which]


def _rows(values: NDArray) -> NDArray:
    """Values [..., k] one below the other; k may be zero."""
    return values.reshape(int(np.prod(values.shape[:-1])), values.shape[-1])


def affine(states: Matrix, shocks: Matrix, value: Matrix, slope: Matrix, curvature: Matrix) -> Linearisation:
    """Lines that have `value` [T, w, k] and `slope` [T, w, k, n_states + n_shocks] at the path of states and
    shocks, and miss `curvature` [T, w, k].
    """
    n_states = states.shape[2]
    by_state, by_shock = slope[..., :n_states], slope[..., n_states:]
    constant = value - np.einsum("twij,twj->twi", by_shock, shocks)
    constant[..., :n_states] -= states[1:]
    by_deviation = np.concatenate([constant[..., None], by_state], axis=3)
    return Linearisation(
        states,
        np.concatenate([_first_row(by_deviation, 1.0), by_deviation[:, :, :n_states]], axis=2),
        np.concatenate([_first_row(by_shock, 0.0), by_shock[:, :, :n_states]], axis=2),
        by_deviation[:, :, n_states:],
        by_shock[:, :, n_states:],
        curvature[..., n_states:],
    )


def _first_row(like: Matrix, first: float) -> Matrix:
    """Row (first, 0, 0, ...) [T, w, 1, k]: the constant's own dynamics."""
    row = np.zeros((*like.shape[:2], 1, like.shape[3]))
    row[..., 0] = first
    return row


def _ergodic_covariance(transition: Matrix, impact: Matrix) -> Matrix:
    """Covariance [w, n, n] solving S = A S A' + B B' by doubling; explosive roots are shrunk to be
    stationary.
    """
    root = np.abs(np.linalg.eigvals(transition)).max(axis=1)
    power = transition * np.minimum(1.0, LARGEST_ROOT / np.maximum(root, LARGEST_ROOT))[:, None, None]
    covariance = impact @ impact.swapaxes(1, 2)
    with np.errstate(all="ignore"):  # far from normal matrices overflow on the way
        for _ in range(DOUBLINGS):
            covariance = covariance + power @ covariance @ power.swapaxes(1, 2)
            power = power @ power
    return covariance


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
