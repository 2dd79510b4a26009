"""Linear approximations of the economy, per parameter vector and period, by central differences.

A period is approximated around a state and a shock, in deviations z = (1, s - centre) that carry the
constant:

    z'  = transition z + impact e'        y' = observation z + observation_shock e'

The derivatives in the state are total: the controls follow the policy. Those in the shocks are slopes between
one standard deviation on either side, and what a straight line misses there, at a kink above all, is kept
as an error of the observation. All this serves to propose shocks, so its quality moves the variance of a
likelihood, never its mean.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimation.state_space import StateSpace

Matrix = NDArray[np.floating]

SHARE_OF_SD = 0.3
SHARE_OF_LEVEL = 2e-3
LARGEST_ROOT = 0.999
LARGEST_OUTCOME = 1e12
UP_DOWN = np.array([1.0, -1.0])[:, None, None]
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
    return SteadyApproximation(repeated, mean, *_square_root(covariance))


def along_path(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, state_sd: Matrix
) -> Linearisation:
    """Approximate around states [T + 1, w, n_states] and the shocks [T, w, n_shocks] between them.

    state_sd [w, n_states] sets how far the differences reach.
    """
    widths = np.maximum(SHARE_OF_SD * state_sd, 1e-5 * np.maximum(1.0, np.abs(states[0])))
    return _expand(space, parameters, states, shocks, widths)


def _expand(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, widths: Matrix
) -> Linearisation:
    value, by_state, by_shock, curvature = _differences(space, parameters, states[:-1], shocks, widths)
    n_states = states.shape[2]
    value[..., :n_states] -= states[1:]
    constant = value - np.einsum("twij,twj->twi", by_shock, shocks)
    affine = np.concatenate([constant[..., None], by_state], axis=3)
    return Linearisation(
        states,
        np.concatenate([_first_row(affine, 1.0), affine[:, :, :n_states]], axis=2),
        np.concatenate([_first_row(by_shock, 0.0), by_shock[:, :, :n_states]], axis=2),
        affine[:, :, n_states:],
        by_shock[:, :, n_states:],
        curvature[..., n_states:],
    )


def _differences(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, widths: Matrix
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Next states and observables stacked, [T, w, k], their slopes [T, w, k, .] in states and shocks, and
    the variance [T, w, k] that their curvature in the shocks adds.
    """
    periods, n_vectors, n_states = states.shape
    n_bumps = n_states + shocks.shape[2]
    outcome = _outcomes(space, parameters, states.swapaxes(0, 1), shocks.swapaxes(0, 1), widths)
    outcome = _usable(outcome.reshape(n_vectors, periods, 1 + 2 * n_bumps, -1)).swapaxes(0, 1)
    value, above, below = outcome[:, :, 0], outcome[:, :, 1 : 1 + n_bumps], outcome[:, :, 1 + n_bumps :]
    slope = (above - below).swapaxes(2, 3) / 2
    missed = (above + below)[:, :, n_states:] / 2 - value[:, :, None]
    by_state = slope[..., :n_states] / widths[:, None]
    return value.copy(), by_state, slope[..., n_states:], np.square(missed).sum(axis=2)


def _outcomes(
    space: StateSpace, parameters: NDArray, states: Matrix, shocks: Matrix, widths: Matrix
) -> Matrix:
    """Next states and observables [n, n_states + n_y] at points [w, T, .] and around them: at each, then one
    coordinate of state and shock up, then one down.
    """
    n_states, n_shocks = states.shape[2], shocks.shape[2]
    moves = np.concatenate([np.zeros((1, n_states + n_shocks)), *np.eye(n_states + n_shocks) * UP_DOWN])
    state_points = states[:, :, None] + moves[:, :n_states] * widths[:, None, None]
    shock_points = shocks[:, :, None] + moves[:, n_states:]
    state_rows = state_points.reshape(-1, n_states).astype(space.dtype)
    shock_rows = shock_points.reshape(-1, n_shocks).astype(space.dtype)
    controls = space.policy(state_rows, parameters)
    outcome = space.step(state_rows, controls, shock_rows, parameters)
    return np.concatenate([outcome.next_states, outcome.next_observables], axis=1).astype(float)


def _usable(outcome: Matrix) -> Matrix:
    """Outcomes [w, ...] with zeros for the vectors whose economy explodes: they get an approximation
    without effects.
    """
    sound = np.abs(outcome).reshape(len(outcome), -1).max(axis=1) < LARGEST_OUTCOME
    return np.where(sound[:, None, None, None], outcome, 0.0)


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


def _square_root(covariance: Matrix) -> tuple[Matrix, Matrix]:
    """A square root of each covariance, which may be singular, and the standard deviations; zero for one that
    has overflowed.
    """
    finite = np.isfinite(covariance).all(axis=(1, 2), keepdims=True)
    covariance = np.where(finite, covariance, 0.0)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return root, np.sqrt(np.einsum("wij,wij->wi", root, root))
