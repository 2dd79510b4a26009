"""The guided particle filter: shocks are drawn knowing the observation they lead to.

With Gaussian measurement error and an observation linearised in state and shock, the shock given both is
Gaussian: the conditionally optimal proposal of the linearised economy (Herbst and Schorfheide 2015,
chapter 8; Doucet, Godsill and Andrieu 2000). The importance weight corrects what the linearisation misses.
"""

from estimation.filters.gaussian import GaussianProposal, linearise_along_sample
from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.proposal import Array, Proposal
from estimation.filters.smoothing import initial_state, myopic_gains, stages


class GuidedFilter(ParticleFilter):
    """Particle filter whose shocks know the observation of their period; some hundred particles do."""

    def _proposal(self, parameters: Array, measurement: Measurement) -> Proposal:
        steady, linearisation = linearise_along_sample(self.state_space, parameters, measurement)
        gains = myopic_gains(stages(linearisation, measurement))
        start = initial_state(steady, linearisation.centre[0], gains.lookahead[0])
        return GaussianProposal(linearisation.centre, gains, start, parameters.dtype)
