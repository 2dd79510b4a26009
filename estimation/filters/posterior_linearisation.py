"""The economy linearised over the states and shocks that a sample leaves possible.

A line through the neighbourhood of a path is right on one side of a kink only, and knows nothing of the other
one, where half of the particles may be. *Posterior linearisation* takes the line that fits the economy best,
on average over the distribution of state and shock given the whole sample, and what that line misses as a
further error (García-Fernández, Svensson, Morelande and Särkkä 2015, "Posterior linearization filter", IEEE
Transactions on Signal Processing 63). The averages are taken by central differences of second order, three
points in each direction of the distribution (Nørgaard, Poulsen and Ravn 2000, "New developments in state
estimation for nonlinear systems", Automatica 36).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .linearisation import (
    Gains,
    InitialState,
    Linearisation,
    Matrix,
    affine,
    inverse_root,
    narrowest_differences,
    outcomes,
)
from .state_space import StateSpace

REACH = 3**0.5
"""Standard deviations from the middle to either side: three points then have a normal's fourth moment."""
NARROWEST = 0.03
"""Standard deviation of a state that differences can be taken over, share of its ergodic one."""
WIDEST = 1e6
"""Standard deviation, relative to the narrowest, beyond which the economy has exploded."""


class Smoothed(NamedTuple):
    """States and shocks of T periods given the sample, in a linearised economy.

    states [T + 1, w, n_s] and shocks [T, w, n_e] are means; factors [T, w, n_s + n_e, n_s + n_e] are square
    roots of the covariance of the state before a period and its shock.
    """

    states: Matrix
    shocks: Matrix
    factors: Matrix


def smoothed(linearisation: Linearisation, gains: Gains, start: InitialState, state_sd: Matrix) -> Smoothed:
    """Distribution given the sample, of which `gains` and `start` know; state_sd [w, n_s] are ergodic."""
    narrowest = np.maximum(NARROWEST * state_sd, narrowest_differences(linearisation.centre[0]))
    by_state, of_shocks = gains.response[..., 1:], inverse_root(gains.precision)
    roots = _roots(linearisation, by_state, of_shocks, start.root @ start.factor, narrowest)
    nothing = np.zeros((*roots.shape[:3], of_shocks.shape[3]))
    factors = np.block([[roots, nothing], [by_state @ roots, of_shocks]])
    return Smoothed(*_means(linearisation, gains, start), factors)


def linearised_over(
    space: StateSpace, parameters: NDArray, distribution: Smoothed, otherwise: Linearisation
) -> Linearisation:
    """The lines that fit best where the sample leaves state and shock; those of `otherwise` for vectors whose
    economy explodes somewhere there.
    """
    middle = np.concatenate([distribution.states[:-1], distribution.shocks], axis=2)[:, :, None]
    moves = REACH * distribution.factors.swapaxes(2, 3)
    points = np.concatenate([middle, middle + moves, middle - moves], axis=2)
    value, above, below, sound = outcomes(space, parameters, points)
    slope = (above - below).swapaxes(2, 3) / (2 * REACH) @ np.linalg.inv(distribution.factors)
    bend = above + below - 2 * value[:, :, None]
    mean = value + bend.sum(axis=2) / (2 * REACH**2)
    missed = (REACH**2 - 1) / (4 * REACH**4) * np.square(bend).sum(axis=2)
    lines = affine(distribution.states, distribution.shocks, mean, slope, missed)
    return Linearisation(*(_chosen(sound, *blocks) for blocks in zip(lines, otherwise, strict=True)))


def _means(linearisation: Linearisation, gains: Gains, start: InitialState) -> tuple[Matrix, Matrix]:
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


def _roots(
    linearisation: Linearisation, by_state: Matrix, of_shocks: Matrix, before: Matrix, narrowest: Matrix
) -> Matrix:
    """Square roots [T, w, n_s, n_s] of the states' covariances, of which the first has the root `before`.

    They are carried along by orthogonal factors, so that no rounding makes a variance negative, and widened
    to `narrowest` [w, n_s].
    """
    motion = linearisation.transition[:, :, 1:, 1:] + linearisation.impact[:, :, 1:] @ by_state
    added = linearisation.impact[:, :, 1:] @ of_shocks
    roots, root = np.empty_like(motion), before
    for period in range(len(motion)):
        roots[period] = root
        root = _root_of_sum(motion[period] @ root, added[period])
    exploded = ~(np.square(roots).sum(axis=3) < np.square(WIDEST * narrowest)).all(axis=(0, 2))
    roots = np.where(exploded[:, None, None], 0.0, roots)
    least = np.broadcast_to(narrowest[..., None] * np.eye(narrowest.shape[1]), roots.shape)
    return _root_of_sum(roots, least)


def _root_of_sum(first: Matrix, second: Matrix) -> Matrix:
    """A lower triangular root [..., n, n] of the sum of covariances with the roots [..., n, .]."""
    rows = np.concatenate([first, second], axis=-1).swapaxes(-1, -2)
    return np.asarray(np.linalg.qr(rows, mode="r")).swapaxes(-1, -2)


def _chosen(sound: NDArray[np.bool_], first: Matrix, second: Matrix) -> Matrix:
    """Blocks [., w, ...] of the first for the vectors marked in `sound` [w], and of the second for others."""
    return np.where(sound.reshape(1, -1, *(1,) * (first.ndim - 2)), first, second)
