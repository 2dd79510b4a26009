"""The auxiliary particle filter: particles are resampled by what they make of the next observation.

Pitt and Shephard (1999). The density of the next observation given the state is the one in the economy
linearised along the sample, and so is the proposal of the shocks: in a linear economy the filter is fully
adapted, and all particles that were resampled weigh the same.
"""

from estimation.filters.gaussian import GaussianProposal, linearise_along_sample
from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.proposal import Array, Proposal
from estimation.filters.smoothing import auxiliary_gains, initial_state, stages


class AuxiliaryFilter(ParticleFilter):
    """Particle filter whose weights know the next observation, and whose shocks the one of their period."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady, linearisation = linearise_along_sample(self.state_space, parameters, measurement)
        gains = auxiliary_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)
