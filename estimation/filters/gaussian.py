"""Gaussian proposals from an economy linearised along the path that the sample suggests."""

import numpy as np
from numpy.typing import NDArray

from estimation.filters.measurement import Measurement
from estimation.filters.proposal import Array, LogWeights, Normals, sum_of_squares
from estimation.filters.smoothing import (
    Gains,
    InitialState,
    farsighted_gains,
    initial_state,
    inverse_root,
    smoothed_path,
    stages,
)
from estimation.linearisation import Linearisation, SteadyApproximation, along_path, at_steady_state
from estimation.state_space import StateSpace

REFINEMENTS = (
    2  # one is enough near a mode; in the corners of a box a second cuts the variance, a third does not
)


def linearise_along_sample(
    space: StateSpace, parameters: NDArray, measurement: Measurement
) -> tuple[SteadyApproximation, Linearisation]:
    """The steady-state approximation, and the one along the mean path given the whole sample.

    Each refinement is a Gauss-Newton step of the iterated Kalman smoother (Bell 1994): smooth, then
    linearise again there.
    """
    steady = at_steady_state(space, parameters, len(measurement))
    linearisation = steady.linearisation
    for _ in range(REFINEMENTS):
        gains = farsighted_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        states, shocks = smoothed_path(linearisation, gains, start)
        linearisation = along_path(space, parameters, states, shocks, steady.sd)
    return steady, linearisation


def farsighted_proposal(
    space: StateSpace, parameters: NDArray, measurement: Measurement
) -> "GaussianProposal":
    """Shocks that know the whole sample, and states weighted by it, in the economy linearised along it."""
    steady, linearisation = linearise_along_sample(space, parameters, measurement)
    gains = farsighted_gains(stages(linearisation, measurement))
    start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
    return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)


class GaussianProposal:
    """Shocks from a normal whose mean is affine in the particle's state; its outlook is
    exponential-quadratic.

    Parameters
    ----------
    centre : [T + 1, w, n_states] expansion points.
    gains : of the linearised economy, myopic or farsighted.
    start : the initial state that belongs to them.
    dtype : number type of the particles.
    """

    def __init__(self, centre: Array, gains: Gains, start: InitialState, dtype: np.dtype) -> None:
        factor = inverse_root(gains.precision)
        at_zero = gains.response[..., 0] - np.einsum("twij,twj->twi", gains.response[..., 1:], centre[:-1])
        self._centre = centre[:, :, None].astype(dtype)
        self._mean_at_zero = at_zero[:, :, None].astype(dtype)
        self._response = _right(gains.response[..., 1:], dtype)
        self._factor = _right(factor, dtype)
        self._log_determinant = np.linalg.slogdet(factor)[1][..., None]
        self._slope = gains.lookahead[:, :, None, 0, 1:].astype(dtype)
        self._curvature = _right(gains.lookahead[..., 1:, 1:] / 2, dtype)
        self._looks_ahead = bool(gains.lookahead.any())
        self._informed = (gains.precision != np.eye(factor.shape[2])).any(axis=(1, 2, 3))
        self._start = start
        self._dtype = dtype

    def start(self, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.start`."""
        given = self._start
        normals = self._normals(draws, given.factor.shape[2]).astype(float)
        standardised = given.location[:, None] + normals @ given.factor.swapaxes(1, 2)
        states = given.mean[:, None] + standardised @ given.root.swapaxes(1, 2)
        log_determinant = np.linalg.slogdet(given.factor)[1][:, None]
        log_ratio = (sum_of_squares(normals) - sum_of_squares(standardised)) / 2 + log_determinant
        return states.astype(self._dtype), log_ratio

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.shocks`."""
        normals = self._normals(draws, self._factor.shape[3])
        if not self._informed[period]:
            return normals, 0.0
        shocks = self._mean(period, states)
        shocks += normals @ self._factor[period]
        log_ratio = (sum_of_squares(normals) - sum_of_squares(shocks)) / 2
        return shocks, log_ratio + self._log_determinant[period]

    def log_ratio(self, period: int, states: Array, shocks: Array) -> Array:
        """Log ratio [w, N] of the shocks' prior density to the one by which :meth:`shocks` draws them."""
        normals = self.innovations(period, states, shocks)
        log_ratio = (sum_of_squares(normals) - sum_of_squares(shocks)) / 2
        return log_ratio + self._log_determinant[period]

    def innovations(self, period: int, states: Array, shocks: Array) -> Array:
        """The normals [w, N, n_shocks] from which :meth:`shocks` makes these shocks."""
        if not self._informed[period]:
            return shocks
        return (shocks - self._mean(period, states)) @ np.linalg.inv(self._factor[period])

    def outlook(self, period: int, states: Array) -> LogWeights:
        """See `Proposal.outlook`."""
        if not self._looks_ahead:
            return 0.0
        deviation = states - self._centre[period]
        gradient = deviation @ self._curvature[period] + self._slope[period]
        gradient *= deviation
        return -(gradient @ np.ones(gradient.shape[2], dtype=self._dtype)).astype(float)

    def _mean(self, period: int, states: Array) -> Array:
        mean = states @ self._response[period]
        mean += self._mean_at_zero[period]
        return mean

    def _normals(self, draws: Normals, n_columns: int) -> Array:
        """Mirrored pairs pay where weights are odd in the shocks; with lookahead they are even, and pairs
        cost.
        """
        return draws.normals(n_columns) if self._looks_ahead else draws.mirrored_normals(n_columns)


def _right(matrices: Array, dtype: np.dtype) -> Array:
    """Transposed, to multiply rows of particles from the right."""
    return np.ascontiguousarray(matrices.swapaxes(-1, -2), dtype=dtype)
