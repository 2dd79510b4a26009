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
    outcomes,
)
from .state_space import StateSpace

REACH = 3**0.5
"""Standard deviations from the middle to either side: as a normal's fourth moment asks."""
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
    narrowest = np.maximum(NARROWEST * state_sd, 1e-5 * np.maximum(1.0, np.abs(linearisation.centre[0])))
    by_state, of_shocks = gains.response[..., 1:], inverse_root(gains.precision)
    roots = _roots(linearisation, by_state, of_shocks, start.root @ start.factor, narrowest)
    nothing = np.zeros((*roots.shape[:3], of_shocks.shape[3]))
    factors = np.block([[roots, nothing], [by_state @ roots, of_shocks]])
    return Smoothed(*smoothed_path(linearisation, gains, start), factors)


def over_distribution(space: StateSpace, parameters: NDArray, around: Smoothed) -> Linearisation:
    """The lines that fit best where the sample leaves state and shock."""
    middle = np.concatenate([around.states[:-1], around.shocks], axis=2)[:, :, None]
    moves = REACH * around.factors.swapaxes(2, 3)
    points = np.concatenate([middle, middle + moves, middle - moves], axis=2)
    value, above, below = outcomes(space, parameters, points)
    slope = (above - below).swapaxes(2, 3) / (2 * REACH) @ np.linalg.inv(around.factors)
    bend = above + below - 2 * value[:, :, None]
    mean = value + bend.sum(axis=2) / (2 * REACH**2)
    missed = (REACH**2 - 1) / (4 * REACH**4) * np.square(bend).sum(axis=2)
    return affine(around.states, around.shocks, mean, slope, missed)


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


def _roots(
    linearisation: Linearisation, by_state: Matrix, of_shocks: Matrix, before: Matrix, narrowest: Matrix
) -> Matrix:
    """Square roots [T, w, n_s, n_s] of the states' covariances, of which the first has the root `before`."""
    motion = linearisation.transition[:, :, 1:, 1:] + linearisation.impact[:, :, 1:] @ by_state
    added = linearisation.impact[:, :, 1:] @ of_shocks
    added = added @ added.swapaxes(2, 3)
    covariances, covariance = np.empty_like(motion), before @ before.swapaxes(1, 2)
    for period in range(len(motion)):
        covariances[period] = covariance
        covariance = motion[period] @ covariance @ motion[period].swapaxes(1, 2) + added[period]
    least = np.square(narrowest)
    variances = np.diagonal(covariances, axis1=2, axis2=3)
    sound = np.all(variances < WIDEST**2 * least, axis=(0, 2))  # false for what is no number
    covariances = np.where(sound[:, None, None], covariances, 0.0)
    return np.linalg.cholesky(covariances + least[..., None] * np.eye(least.shape[1]))
