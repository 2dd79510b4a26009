"""The part that all particle filters share: weights, resampling and the likelihood.

A filter differs from another in its proposal: where particles start, which shocks they meet, and how much
of the future they are weighted by. The importance weight

    p(y' | s', x') p(e') / q(e')  x  outlook(s') / outlook(s)

makes the likelihood unbiased for every proposal (Chopin and Papaspiliopoulos 2020, chapter 10; with an
outlook, the twisted particle filter of Whiteley and Lee 2014).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.filters.draws import Draws
from estimation.filters.measurement import Measurement
from estimation.filters.resampling import effective_sample_size, normalise, systematic
from estimation.state_space import StateSpace
from surrogate.errors import BadConfiguration

Array = NDArray[np.floating]
LogWeights = Array | float


class Proposal(Protocol):
    """Where particles start and move; w clouds of N particles."""

    def start(self, draws: Draws) -> tuple[Array, LogWeights]:
        """States [w, N, n_states] before the first period, and their log ratios of target to proposal."""
        ...

    def shocks(self, period: int, states: Array, draws: Draws) -> tuple[Array, LogWeights]:
        """Shocks [w, N, n_shocks] that move `states`, and their log ratios of target to proposal."""
        ...

    def outlook(self, period: int, states: Array) -> LogWeights:
        """Log weights [w, N] that states after `period` periods carry for the sample still to come."""
        ...


@dataclass
class Cloud:
    """Particles of w parameter vectors; log_weights are normalised."""

    states: Array
    controls: Array
    log_weights: Array
    weights: Array
    outlook: LogWeights

    def resample(self, collapsed: NDArray[np.bool_], offsets: Array) -> None:
        """Draw ancestors in the clouds marked in `collapsed` [w]; the others stay as they are."""
        n_vectors, n_particles = self.weights.shape
        weights = np.where(collapsed[:, None], self.weights, 1.0 / n_particles)
        ancestors = systematic(weights, np.where(collapsed, offsets, 0.5))
        self.states = _rows(self.states, ancestors)
        self.controls = _rows(self.controls, ancestors)
        if isinstance(self.outlook, np.ndarray):
            self.outlook = np.take(self.outlook, ancestors).reshape(n_vectors, n_particles)
        self.log_weights = np.where(collapsed[:, None], -np.log(n_particles), self.log_weights)


class ParticleFilter(ABC):
    """Unbiased likelihood of parameter vectors by simulation; all vectors advance in one batch.

    Parameters
    ----------
    state_space : economy, observables, measurement error, burn-in.
    particles : N, for each parameter vector.
    resample_threshold : resample when the effective sample size falls below this share of N.
    common_random_numbers : whether all vectors share their random numbers. With a generator seeded alike
    at every call,
        the likelihood is then a deterministic function of the parameters alone.

    Raises
    ------
    BadConfiguration : fewer than two particles or a threshold outside [0, 1].
    """

    def __init__(
        self,
        state_space: StateSpace,
        particles: int,
        resample_threshold: float = 0.5,
        common_random_numbers: bool = False,
    ) -> None:
        if particles < 2:
            raise BadConfiguration(f"A particle filter needs two or more particles, not {particles}.")
        if not 0.0 <= resample_threshold <= 1.0:
            raise BadConfiguration(
                f"resample_threshold is a share between 0 and 1, not {resample_threshold}."
            )
        self.state_space = state_space
        self.particles = int(particles)
        self.resample_threshold = float(resample_threshold)
        self.common_random_numbers = common_random_numbers

    def log_likelihood(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        measurement_sd: ArrayLike | None = None,
    ) -> Array:
        """Log of an unbiased estimate of the likelihood of each parameter vector, [w].

        Parameters
        ----------
        parameters : [w, n_parameters] in the order of the surrogate, or one vector.
        data : [T, n_observables]; NaN marks a missing observation, and a period without any adds zero.
        generator : source of randomness; its state moves on.
        measurement_sd : [n_observables] or [w, n_observables]; by default the state space's.

        Returns
        -------
        Minus infinity outside the surrogate's box and region, and where the simulated economy explodes.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : a measurement sd that is unknown or not positive (stochastic singularity).
        """
        space = self.state_space
        theta = space.surrogate.parameter_array(parameters)
        sample = space.checked_data(data)
        sd = space.sd_of_measurement(measurement_sd, len(theta))
        values = np.full(len(theta), -np.inf)
        inside = space.surrogate.inside(theta)
        if inside.any():
            measurement = Measurement(sample, sd[inside], space.burn_in, space.dtype)
            values[inside] = self._evaluate(theta[inside].astype(space.dtype), measurement, generator)
        return values

    @abstractmethod
    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        """The proposal for these parameter vectors [w, p] and this sample."""

    def _evaluate(self, parameters: Array, measurement: Measurement, generator: np.random.Generator) -> Array:
        space = self.state_space
        draws = Draws(generator, len(parameters), self.particles, space.dtype, self.common_random_numbers)
        with np.errstate(all="ignore"):  # exploding economies are caught by their weights
            proposal = self._proposal(parameters, measurement)
            cloud, total = self._start(proposal, parameters, draws)
            for period in range(len(measurement)):
                self._resample(cloud, draws)
                total += self._advance(cloud, period, proposal, parameters, measurement, draws)
        return total

    def _start(self, proposal: Proposal, parameters: Array, draws: Draws) -> tuple[Cloud, Array]:
        states, log_ratio = proposal.start(draws)
        outlook = proposal.outlook(0, states)
        log_weights = np.full(states.shape[:2], -np.log(self.particles)) + log_ratio + outlook
        log_sum, weights = normalise(log_weights)
        controls = self.state_space.policy(_stacked(states), parameters).reshape(*states.shape[:2], -1)
        return Cloud(states, controls, log_weights - log_sum[:, None], weights, outlook), log_sum

    def _resample(self, cloud: Cloud, draws: Draws) -> None:
        collapsed = effective_sample_size(cloud.weights) < self.resample_threshold * self.particles
        offsets = draws.offsets()
        if np.any(collapsed):
            cloud.resample(collapsed, offsets)

    def _advance(
        self,
        cloud: Cloud,
        period: int,
        proposal: Proposal,
        parameters: Array,
        measurement: Measurement,
        draws: Draws,
    ) -> Array:
        """Move the cloud through one period and return its log likelihood increment [w]."""
        shape = cloud.weights.shape
        shocks, log_ratio = proposal.shocks(period, cloud.states, draws)
        outcome = self.state_space.step(
            _stacked(cloud.states), _stacked(cloud.controls), _stacked(shocks), parameters
        )
        cloud.states = outcome.next_states.reshape(*shape, -1)
        cloud.controls = outcome.next_controls.reshape(*shape, -1)
        outlook = proposal.outlook(period + 1, cloud.states)
        log_weights: Array = cloud.log_weights + log_ratio + (outlook - cloud.outlook)
        if not measurement.empty[period]:
            log_weights += measurement.log_density(period, outcome.next_observables.reshape(*shape, -1))
        log_sum, cloud.weights = normalise(log_weights)
        cloud.log_weights, cloud.outlook = log_weights - log_sum[:, None], outlook
        return log_sum


def sum_of_squares(values: Array) -> Array:
    """Over the last axis of [w, N, k]: [w, N]. A product with ones is several times faster than a short
    sum.
    """
    return np.square(values) @ np.ones(values.shape[-1], dtype=values.dtype)


def _stacked(values: Array) -> Array:
    """[w, N, k] -> [w * N, k]."""
    return values.reshape(-1, values.shape[-1])


def _rows(values: Array, ancestors: NDArray[np.intp]) -> Array:
    return np.take(_stacked(values), ancestors, axis=0).reshape(values.shape)
