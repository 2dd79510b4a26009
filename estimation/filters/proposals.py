"""Where the particles of a filter start and move: by the prior, or by Gaussian proposals from the economy
linearised where the sample suggests that it was; and in stages, for a filter that brings in observations
by degrees.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .along_sample import linearise_along_sample
from .linearisation import (
    Gains,
    InitialState,
    SteadyApproximation,
    at_steady_state,
    farsighted_gains,
    initial_state,
    inverse_root,
    stages,
)
from .particles import Array, LogWeights, normalise, sum_of_squares
from .state_space import Measurement, StateSpace

PRIOR_QUANTILE = -1.2816
PRIOR_SHARE = 0.1
SCALE = 2.38  # of a random walk, over the root of its dimension (Gelman, Roberts and Gilks 1996)
HALVINGS = 40


class Normals(Protocol):
    """Standard normals [w, N, n_columns] for w clouds of N particles."""

    def normals(self, n_columns: int) -> Array:
        """Independent ones."""
        ...

    def mirrored_normals(self, n_columns: int) -> Array:
        """Neighbours are each other's negatives."""
        ...


class Proposal(Protocol):
    """Where particles start and move; w clouds of N particles."""

    def start(self, draws: Normals) -> tuple[Array, LogWeights]:
        """States [w, N, n_states] before the first period, and their log ratios of target to proposal."""
        ...

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """Shocks [w, N, n_shocks] that move `states`, and their log ratios of target to proposal."""
        ...

    def outlook(self, period: int, states: Array) -> LogWeights:
        """Log weights [w, N] that states after `period` periods carry for the sample still to come."""
        ...


class PriorProposal:
    """The economy as it is: ergodic states of the linear approximation, then standard normal shocks."""

    def __init__(self, steady: SteadyApproximation, dtype: np.dtype) -> None:
        self._mean = steady.mean[:, None].astype(dtype)
        self._root = steady.root.swapaxes(1, 2).astype(dtype)
        self._n_shocks = steady.linearisation.impact.shape[3]

    def start(self, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.start`."""
        return self._mean + draws.mirrored_normals(self._root.shape[1]) @ self._root, 0.0

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.shocks`."""
        return draws.mirrored_normals(self._n_shocks), 0.0

    def outlook(self, period: int, states: Array) -> LogWeights:
        """See `Proposal.outlook`."""
        return 0.0


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
        self._response = _transposed(gains.response[..., 1:], dtype)
        self._factor = _transposed(factor, dtype)
        self._log_determinant = np.linalg.slogdet(factor)[1][..., None]
        self._slope = gains.lookahead[:, :, None, 0, 1:].astype(dtype)
        self._curvature = _transposed(gains.lookahead[..., 1:, 1:] / 2, dtype)
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


class DefensiveProposal:
    """A Gaussian proposal, but a tenth of the shocks come from their prior.

    For a likelihood that costs more variance in smooth periods than it gains at kinks. For paths, whose
    moments would miss what the linearised economy deems impossible, it is worth it.

    Parameters
    ----------
    inner : the proposal to mix with the prior.
    """

    def __init__(self, inner: GaussianProposal) -> None:
        self._inner = inner
        self.start, self.outlook = inner.start, inner.outlook

    def shocks(self, period: int, states: Array, draws: Normals) -> tuple[Array, LogWeights]:
        """See `Proposal.shocks`."""
        shocks, log_ratio = self._inner.shocks(period, states, draws)
        prior = draws.normals(shocks.shape[2])
        from_prior = draws.normals(1) < PRIOR_QUANTILE
        shocks = np.where(from_prior, prior, shocks)
        log_ratio = np.where(from_prior[..., 0], self._inner.log_ratio(period, states, prior), log_ratio)
        return shocks, -np.log(PRIOR_SHARE + (1 - PRIOR_SHARE) * np.exp(-log_ratio))


class Tempering(PriorProposal):
    """Shocks from the prior, and the stages of every period.

    Parameters
    ----------
    space, parameters, measurement : the economies [w, p] and their sample.
    target : mean(w^2) / mean(w)^2 that a stage leaves when its exponent is chosen.
    """

    def __init__(self, space: StateSpace, parameters: Array, measurement: Measurement, target: float) -> None:
        steady = at_steady_state(space, parameters, periods=1)
        super().__init__(steady, parameters.dtype)
        impact = steady.linearisation.observation_shock[0]
        self._information = impact.swapaxes(1, 2) @ (measurement.precision[..., None] * impact)
        self._target = target
        self._exponents: list[list[Array]] = [[] for _ in range(len(measurement))]

    def exponents(self, period: int, stage: int, before: Array, misfit: Array) -> Array:
        """phi of a stage [w], chosen when it is first asked for: by the stage before it, and by the misfit
        [w, N] of the particles that ask.
        """
        known = self._exponents[period]
        if stage == len(known):
            known.append(largest_exponents(before, misfit, self._target))
        return known[stage]

    def steps(self, period: int, exponents: Array, vectors: NDArray[np.intp]) -> Array:
        """Transposed factors [n, n_e, n_e] of the random walk of shocks at phi [n], for some vectors [n]."""
        information = exponents[:, None, None] * self._information[period, vectors]
        n_shocks = information.shape[1]
        factor = inverse_root(np.eye(n_shocks) + information)
        return SCALE / np.sqrt(n_shocks) * factor.swapaxes(1, 2)


def largest_exponents(before: Array, misfit: Array, target: float) -> Array:
    """The largest phi [w] up to one that leave mean(w^2) / mean(w)^2 at the target or below it.

    The weights are w = exp((before - phi) misfit), misfit is [w, N].
    """
    low, high = before, np.ones_like(before)
    probe = high
    for _ in range(HALVINGS):
        weights = normalise((before - probe)[:, None] * misfit)[1]
        acceptable = weights.shape[1] * np.square(weights).sum(axis=1) <= target
        low, high = np.where(acceptable, probe, low), np.where(acceptable, high, probe)
        probe = (low + high) / 2
    return np.where(low > before, low, 1.0)


def _transposed(matrices: Array, dtype: np.dtype) -> Array:
    """Transposed, to multiply rows of particles from the right."""
    return np.ascontiguousarray(matrices.swapaxes(-1, -2), dtype=dtype)
