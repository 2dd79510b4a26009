"""The twisted particle filter: shocks and weights know the whole sample, through the linearised economy.

Whiteley and Lee (2014), Guarniero, Johansen and Lee (2017). States are weighted by the density of the
later observations in the economy linearised along its smoothed path. In a linear economy the likelihood
has no variance at all; elsewhere what is left is the economy's curvature, and the importance weights keep
the estimate unbiased.
"""

import numpy as np
from numpy.typing import ArrayLike

from estimation.filters.gaussian import farsighted_proposal
from estimation.filters.guided import GuidedFilter
from estimation.filters.measurement import Measurement
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.paths import Paths
from estimation.filters.proposal import Array, Proposal

FILTERING_PARTICLES = 400


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
