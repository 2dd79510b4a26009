"""Five particle filters, by what their particles know of the sample when they move.

Bootstrap: nothing; data only weigh the particles (Gordon, Salmond and Smith 1993).

Guided: the observation that the shocks lead to. With Gaussian measurement error and an observation linearised
in state and shock, the shock given both is Gaussian: the conditionally optimal proposal of the linearised
economy (Herbst and Schorfheide 2015, chapter 8; Doucet, Godsill and Andrieu 2000). The importance weight
corrects what the linearisation misses.

Auxiliary: particles are also resampled by what they make of the next observation. Pitt and Shephard (1999).
The density of the next observation given the state is the one in the economy linearised along the sample, and
so is the proposal of the shocks: in a linear economy the filter is fully adapted, and all particles that were
resampled weigh the same.

Twisted: shocks and weights know the whole sample, through the linearised economy. Whiteley and Lee (2014),
Guarniero, Johansen and Lee (2017). States are weighted by the density of the later observations in the
economy linearised over what it leaves possible. In a linear economy the likelihood has no variance at all;
elsewhere what is left is the economy's curvature, and the importance weights keep the estimate unbiased.

Tempered: every observation is brought in by degrees (Herbst and Schorfheide 2019). Particles meet shocks from
the prior and an observation with measurement errors so large that many particles fit it. In stages phi_1 <
phi_2 < ... < 1 the variance of the errors falls to Sigma / phi; after each the particles are resampled, and
their shocks move by Metropolis-Hastings steps. Nothing is linearised but for the scale of these steps, which
makes the filter slow and robust.

How many stages a period needs is found by a pilot of fewer particles: each is the largest that leaves the
ratio mean(w^2) / mean(w)^2 at its target. To the particles themselves the stages are given, so that the
likelihood is unbiased; with stages found from the same particles it would be so only in the limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadConfiguration

from .along_sample import linearise_along_sample
from .linearisation import (
    at_steady_state,
    auxiliary_gains,
    initial_state,
    myopic_gains,
    stages,
)
from .particle_filter import ParticleFilter
from .particles import (
    Array,
    Cloud,
    Draws,
    normalise,
    sum_of_squares,
    systematic,
)
from .proposals import (
    GaussianProposal,
    PriorProposal,
    Proposal,
    Tempering,
    farsighted_proposal,
)
from .state_space import Measurement, Paths, StateSpace, stacked

FILTERING_PARTICLES = 400
PILOT_SHARE = 8
FEWEST_PILOTS = 50
MOVES = 2  # Metropolis-Hastings steps in each stage


class BootstrapFilter(ParticleFilter):
    """Particle filter whose shocks come from their prior; it needs some ten thousand particles."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady = at_steady_state(self.state_space, parameters, periods=1)
        return PriorProposal(steady, parameters.dtype)


class GuidedFilter(ParticleFilter):
    """Particle filter whose shocks know the observation of their period; some hundred particles do."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady, linearisation = linearise_along_sample(self.state_space, parameters, measurement)
        gains = myopic_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)


class AuxiliaryFilter(ParticleFilter):
    """Particle filter whose weights know the next observation, and whose shocks the one of their period."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady, linearisation = linearise_along_sample(self.state_space, parameters, measurement)
        gains = auxiliary_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)


class TwistedFilter(ParticleFilter):
    """Particle filter whose shocks know the whole sample; some ten particles do."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        return farsighted_proposal(self.state_space, parameters, measurement)

    def filtered_paths(
        self,
        parameters: ArrayLike,
        data: ArrayLike,
        generator: np.random.Generator,
        draws: int = 1,
        measurement_sd: ArrayLike | None = None,
    ) -> Paths:
        """See :meth:`ParticleFilter.filtered_paths`.

        Particles that know the whole sample are too close together to stand for what was known before its
        end, so that these come from the guided filter with 400 particles or more.
        """
        particles = max(self.particles, FILTERING_PARTICLES)
        guided = GuidedFilter(self.state_space, particles, self.resample_threshold)
        return guided.filtered_paths(parameters, data, generator, draws, measurement_sd)


@dataclass
class Trial:
    """Particles of some vectors in a period, each [w, N, .].

    states and controls before the period, shocks of the period, next_states and next_controls after it;
    misfit [w, N], half the squared measurement errors in units of their variance.
    """

    states: Array
    controls: Array
    shocks: Array
    next_states: Array
    next_controls: Array
    misfit: Array

    def at(self, vectors: NDArray[np.intp]) -> "Trial":
        """Those of some vectors."""
        return Trial(*(block[vectors] for block in self._blocks))

    def replace(self, vectors: NDArray[np.intp], part: "Trial") -> None:
        """Put the particles of some vectors in the place of what was there."""
        for mine, theirs in zip(self._blocks, part._blocks, strict=True):
            mine[vectors] = theirs

    def resampled(self, ancestors: NDArray[np.intp]) -> "Trial":
        """The particles in the rows `ancestors` [w * N] of the stacked clouds."""
        flat = (block.reshape(-1, *block.shape[2:])[ancestors] for block in self._blocks)
        shape = self.misfit.shape
        return Trial(*[rows.reshape(*shape, *rows.shape[1:]) for rows in flat])

    def moved(self, other: "Trial", accepted: NDArray[np.bool_]) -> "Trial":
        """The other's particles where `accepted` [w, N]."""
        pairs = zip(self._blocks, other._blocks, strict=True)
        masks = {2: accepted, 3: accepted[..., None]}
        return Trial(*[np.where(masks[mine.ndim], theirs, mine) for mine, theirs in pairs])

    @property
    def _blocks(self) -> list[Array]:
        return [getattr(self, item.name) for item in fields(self)]


class TemperedFilter(ParticleFilter):
    """Particle filter that brings in every observation by degrees; some thousand particles do.

    Parameters as for every :class:`ParticleFilter`; `resample_threshold` is the effective sample size, as a
    share of the particles, that every stage leaves: .5 as in Herbst and Schorfheide (2019).

    Raises
    ------
    BadConfiguration : as there, and for a threshold of zero or one.
    """

    def __init__(
        self,
        state_space: StateSpace,
        particles: int,
        resample_threshold: float = 0.5,
        common_random_numbers: bool = False,
    ) -> None:
        super().__init__(state_space, particles, resample_threshold, common_random_numbers)
        if not 0.0 < resample_threshold < 1.0:
            raise BadConfiguration(
                "The tempered filter needs a resample_threshold above 0 and below 1, not "
                f"{resample_threshold}: no stage keeps all weights equal."
            )

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        return Tempering(self.state_space, parameters, measurement, 1.0 / self.resample_threshold)

    def _run(
        self, proposal: Proposal, parameters: Array, measurement: Measurement, draws: Draws
    ) -> Iterator[tuple[Cloud, Array]]:
        pilots = draws.branch(max(FEWEST_PILOTS, self.particles // PILOT_SHARE))
        for _ in super()._run(proposal, parameters, measurement, pilots):
            pass  # the proposal keeps the stages
        yield from super()._run(proposal, parameters, measurement, draws)

    def _resample(self, cloud: Cloud, draws: Draws) -> None:
        """Nothing to do: every stage resamples."""

    def _advance(
        self,
        cloud: Cloud,
        period: int,
        proposal: Proposal,
        parameters: Array,
        measurement: Measurement,
        draws: Draws,
    ) -> Array:
        assert isinstance(proposal, Tempering)
        own = draws.branch(draws.n_particles)  # what follows does not depend on how many stages there are
        return TemperedPeriod(self.state_space, parameters, measurement, proposal, period, own).run(cloud)


class TemperedPeriod:
    """One period of the filter, from stage to stage.

    Parameters
    ----------
    space, parameters, measurement : the economies [w, p] and their sample.
    tempering : proposal and stages.
    period : which one.
    draws : random numbers for w clouds of N particles.
    """

    def __init__(
        self,
        space: StateSpace,
        parameters: Array,
        measurement: Measurement,
        tempering: Tempering,
        period: int,
        draws: Draws,
    ) -> None:
        self._space, self._parameters, self._measurement = space, parameters, measurement
        self._tempering, self._period, self._draws = tempering, period, draws

    def run(self, cloud: Cloud) -> Array:
        """Move the cloud, whose particles weigh the same, and return its log likelihood increment [w]."""
        everyone = np.arange(len(self._parameters))
        shocks, _ = self._tempering.shocks(self._period, cloud.states, self._draws)
        trial = self._trial(cloud.states.copy(), cloud.controls.copy(), np.array(shocks), everyone)
        rows = np.arange(cloud.weights.size).reshape(cloud.weights.shape)
        total = self._measurement.log_constant[self._period].copy()
        exponents = np.zeros(len(everyone)) + self._measurement.empty[self._period]
        stage = 0
        while (exponents < 1).any():
            after = self._tempering.exponents(self._period, stage, exponents, trial.misfit)
            active = np.flatnonzero(exponents < 1)
            total[active] += self._stage(trial, rows, active, exponents[active], after[active])
            exponents, stage = after, stage + 1
        cloud.states, cloud.controls, cloud.shocks = trial.next_states, trial.next_controls, trial.shocks
        cloud.ancestors = rows.ravel()
        return total

    def _stage(
        self, trial: Trial, rows: NDArray[np.intp], active: NDArray[np.intp], before: Array, after: Array
    ) -> Array:
        """Weigh, resample and move the clouds `active`; the log of their mean weights, [active]."""
        part, n_particles = trial.at(active), rows.shape[1]
        log_weights = (before - after)[:, None] * part.misfit - np.log(n_particles)
        log_sum, weights = normalise(log_weights)
        ancestors = systematic(weights, self._draws.offsets()[active])
        rows[active] = rows[active].ravel()[ancestors].reshape(len(active), n_particles)
        part = part.resampled(ancestors)
        factor = self._tempering.steps(self._period, after, active).astype(part.shocks.dtype)
        for _ in range(MOVES):  # Metropolis-Hastings steps of the shocks
            shocks = part.shocks + self._draws.normals(factor.shape[2])[active] @ factor
            other = self._trial(part.states, part.controls, shocks, active)
            log_ratio = (sum_of_squares(part.shocks) - sum_of_squares(shocks)) / 2
            log_ratio = log_ratio + after[:, None] * (part.misfit - other.misfit)
            part = part.moved(other, np.log(self._draws.uniforms()[active]) < log_ratio)
        trial.replace(active, part)
        observations = (self._measurement.precision[self._period, active] > 0).sum(axis=1)
        return log_sum + observations / 2 * np.log(after / np.where(before > 0, before, 1.0))

    def _trial(self, states: Array, controls: Array, shocks: Array, vectors: NDArray[np.intp]) -> Trial:
        outcome = self._space.step(
            stacked(states), stacked(controls), stacked(shocks), self._parameters[vectors]
        )
        after = (block.reshape(*shocks.shape[:2], -1) for block in outcome)
        next_states, next_controls, observables = after
        misfit = self._measurement.misfit(self._period, observables, vectors)
        return Trial(states, controls, shocks, next_states, next_controls, misfit)
