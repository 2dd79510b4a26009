"""The part that all particle filters share: weights, resampling and the likelihood.

A filter differs from another in its proposal: where particles start, which shocks they meet, and how much of
the future they are weighted by. The importance weight

    p(y' | s', x') p(e') / q(e')  x  outlook(s') / outlook(s)

makes the likelihood unbiased for every proposal (Chopin and Papaspiliopoulos 2020, chapter 10; with an
outlook, the twisted particle filter of Whiteley and Lee 2014).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadConfiguration

from .backward import BackwardSimulation, drawn_by_period
from .particles import (
    Array,
    Cloud,
    Draws,
    History,
    effective_sample_size,
    normalise,
    recorded,
)
from .proposals import DefensiveProposal, GaussianProposal, Proposal, farsighted_proposal
from .state_space import Measurement, Paths, StateSpace, blank, stacked

PARTICLES_PER_DRAW = 4  # paths of one cloud share their ancestors, so that many draws take several clouds
PARTICLES_AT_ONCE = 2_000_000  # over all periods, of which a simulation of paths keeps the history


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
        Minus infinity outside the surrogate's box and region, where the simulated economy explodes, and for a
        row of ``measurement_sd`` that does not hold positive numbers.

        Raises
        ------
        BadData : infinite data or a wrong shape.
        BadConfiguration : a measurement sd that is unknown, or not positive for all vectors (stochastic
            singularity).
        """
        theta, sample, sd, inside = self.state_space.checked(parameters, data, measurement_sd)
        values = np.full(len(theta), -np.inf)
        if not inside.any():
            return values
        possible, measurement = theta[inside], self._measured(sample, sd[inside])
        draws = self._draws(generator, len(possible), self.common_random_numbers)
        total = np.zeros(len(possible))
        with np.errstate(all="ignore"):  # exploding economies are caught by their weights
            proposal = self._proposal(possible, measurement)
            for _, increment in self._run(proposal, possible, measurement, draws):
                total += increment
        values[inside] = total
        return values

    def smoothed_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """Joint draws of states, controls, shocks and observables given the whole sample.

        They are exact as the number of particles grows; see :mod:`estimation.filters.backward`. Arguments and
        errors as in :meth:`log_likelihood`; `draws` is their number for each parameter vector.
        """
        return self._simulated(parameters, data, generator, draws, measurement_sd, self._smoothed)

    def filtered_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """For every period draws given the data up to it; from one period to the next they are no path.

        Arguments and errors as in :meth:`smoothed_paths`.
        """
        return self._simulated(parameters, data, generator, draws, measurement_sd, self._filtered)

    @abstractmethod
    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        """The proposal for these parameter vectors [w, p] and this sample."""

    def _measured(self, sample: NDArray[np.float64], sd: NDArray[np.float64]) -> Measurement:
        with np.errstate(over="ignore"):  # of tiny errors, which no particle meets
            return Measurement(sample, sd, self.state_space.burn_in, self.state_space.dtype)

    def _simulated(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: ArrayLike | None,
        simulate: Callable[[Array, Measurement, int, np.random.Generator], Paths],
    ) -> Paths:
        """Paths by `simulate`, from enough clouds for each vector, a few vectors at a time."""
        if draws < 1:
            raise BadConfiguration(f"One or more draws are needed, not {draws}.")
        theta, sample, sd, inside = self.state_space.checked(parameters, data, measurement_sd)
        paths = blank(self.state_space, len(sample), len(theta), draws)
        clouds = math.ceil(draws / max(1, self.particles // PARTICLES_PER_DRAW))
        size = max(1, PARTICLES_AT_ONCE // (clouds * self.particles * len(sample)))
        chosen = np.flatnonzero(inside)
        for first in range(0, len(chosen), size):
            vectors = chosen[first : first + size]
            rows = np.repeat(vectors, clouds)
            measurement = self._measured(sample, sd[rows])
            with np.errstate(all="ignore"):
                part = simulate(theta[rows], measurement, math.ceil(draws / clouds), generator)
            paths.put(vectors, part)
        return paths

    def _smoothed(
        self, parameters: Array, measurement: Measurement, count: int, generator: np.random.Generator
    ) -> Paths:
        history = self._history(parameters, measurement, generator)
        guide = farsighted_proposal(self.state_space, parameters, measurement)
        backward = BackwardSimulation(self.state_space, parameters, measurement, guide, history, generator)
        return backward.draw(count).without(~history.survived)

    def _filtered(
        self, parameters: Array, measurement: Measurement, count: int, generator: np.random.Generator
    ) -> Paths:
        history = self._history(parameters, measurement, generator)
        paths = drawn_by_period(self.state_space, parameters, history, count, generator)
        return paths.without(~history.survived)

    def _history(
        self, parameters: Array, measurement: Measurement, generator: np.random.Generator
    ) -> History:
        proposal = self._proposal(parameters, measurement)
        if isinstance(proposal, GaussianProposal):
            proposal = DefensiveProposal(proposal)
        draws = self._draws(generator, len(parameters), common=False)
        return recorded(self._run(proposal, parameters, measurement, draws))

    def _draws(self, generator: np.random.Generator, n_vectors: int, common: bool) -> Draws:
        return Draws(generator, n_vectors, self.particles, self.state_space.dtype, common)

    def _run(
        self, proposal: Proposal, parameters: Array, measurement: Measurement, draws: Draws
    ) -> Iterator[tuple[Cloud, Array]]:
        """The cloud at the start and after every period, with its log likelihood increment [w]."""
        states, log_ratio = proposal.start(draws)
        outlook = proposal.outlook(0, states)
        log_weights = np.full(states.shape[:2], -np.log(states.shape[1])) + log_ratio + outlook
        log_sum, weights = normalise(log_weights)
        controls = self.state_space.policy(stacked(states), parameters).reshape(*states.shape[:2], -1)
        cloud = Cloud(states, controls, log_weights - log_sum[:, None], weights, outlook)
        yield cloud, log_sum
        for period in range(len(measurement)):
            self._resample(cloud, draws)
            yield cloud, self._advance(cloud, period, proposal, parameters, measurement, draws)

    def _resample(self, cloud: Cloud, draws: Draws) -> None:
        cloud.ancestors = None
        collapsed = effective_sample_size(cloud.weights) < self.resample_threshold * cloud.weights.shape[1]
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
            stacked(cloud.states), stacked(cloud.controls), stacked(shocks), parameters
        )
        cloud.shocks = shocks
        cloud.states = outcome.next_states.reshape(*shape, -1)
        cloud.controls = outcome.next_controls.reshape(*shape, -1)
        outlook = proposal.outlook(period + 1, cloud.states)
        log_weights: Array = cloud.log_weights + log_ratio + (outlook - cloud.outlook)
        if not measurement.empty[period]:
            log_weights += measurement.log_density(period, outcome.next_observables.reshape(*shape, -1))
        log_sum, cloud.weights = normalise(log_weights)
        cloud.log_weights, cloud.outlook = log_weights - log_sum[:, None], outlook
        return log_sum
