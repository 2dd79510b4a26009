"""Particle filters: unbiased likelihoods of nonlinear economies, many parameter vectors at once."""

from estimation.filters.bootstrap import BootstrapFilter
from estimation.filters.guided import GuidedFilter
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.twisted import TwistedFilter

__all__ = ["BootstrapFilter", "GuidedFilter", "ParticleFilter", "TwistedFilter"]
