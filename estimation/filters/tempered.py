"""The tempered particle filter of Herbst and Schorfheide (2019).

Particles meet shocks from the prior and an observation with measurement errors so large that many particles
fit it. In stages phi_1 < phi_2 < ... < 1 the variance of the errors falls to Sigma / phi; after each the
particles are resampled, and their shocks move by Metropolis-Hastings steps. Nothing is linearised but for
the scale of these steps, which makes the filter slow and robust.

How many stages a period needs is found by a pilot of fewer particles: each is the largest that leaves the
ratio mean(w^2) / mean(w)^2 at its target. To the particles themselves the stages are given, so that the
likelihood is unbiased; with stages found from the same particles it would be so only in the limit.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from estimation.filters.draws import Draws
from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.proposal import Array, Cloud, Proposal, stacked, sum_of_squares
from estimation.filters.resampling import normalise, systematic
from estimation.filters.tempering import Tempering, Trial
from estimation.state_space import StateSpace
from surrogate.errors import BadConfiguration

PILOT_SHARE = 8
FEWEST_PILOTS = 50
MOVES = 2  # Metropolis-Hastings steps in each stage


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
        return Period(self.state_space, parameters, measurement, proposal, period, own).run(cloud)


class Period:
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
        for _ in range(MOVES):
            part = self._moved(part, active, after, factor)
        trial.replace(active, part)
        observations = (self._measurement.precision[self._period, active] > 0).sum(axis=1)
        return log_sum + observations / 2 * np.log(after / np.where(before > 0, before, 1.0))

    def _moved(self, part: Trial, active: NDArray[np.intp], exponents: Array, factor: Array) -> Trial:
        """After one Metropolis-Hastings step of the shocks."""
        shocks = part.shocks + self._draws.normals(factor.shape[2])[active] @ factor
        other = self._trial(part.states, part.controls, shocks, active)
        log_ratio = (sum_of_squares(part.shocks) - sum_of_squares(shocks)) / 2
        log_ratio = log_ratio + exponents[:, None] * (part.misfit - other.misfit)
        return part.moved(other, np.log(self._draws.uniforms()[active]) < log_ratio)

    def _trial(self, states: Array, controls: Array, shocks: Array, vectors: NDArray[np.intp]) -> Trial:
        outcome = self._space.step(
            stacked(states), stacked(controls), stacked(shocks), self._parameters[vectors]
        )
        after = (block.reshape(*shocks.shape[:2], -1) for block in outcome)
        next_states, next_controls, observables = after
        misfit = self._measurement.misfit(self._period, observables, vectors)
        return Trial(states, controls, shocks, next_states, next_controls, misfit)
