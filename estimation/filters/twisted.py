"""The twisted particle filter: shocks and weights know the whole sample, through the linearised economy.

Whiteley and Lee (2014), Guarniero, Johansen and Lee (2017). States are weighted by the density of the
later observations in the economy linearised along its smoothed path. In a linear economy the likelihood
has no variance at all; elsewhere what is left is the economy's curvature, and the importance weights keep
the estimate unbiased.
"""

from estimation.filters.gaussian import GaussianProposal, linearise_along_sample
from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import Array, ParticleFilter, Proposal
from estimation.filters.smoothing import farsighted_gains, initial_state, stages


class TwistedFilter(ParticleFilter):
    """Particle filter whose shocks know the whole sample; some ten particles do."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady, linearisation = linearise_along_sample(self.state_space, parameters, measurement)
        gains = farsighted_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)
