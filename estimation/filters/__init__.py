"""Likelihoods of nonlinear economies, many parameter vectors at once: by particles, by inversion, and by sums
over regimes.
"""

from .hamilton import HamiltonFilter
from .inversion import Bound, InversionFilter
from .kalman import KalmanFilter
from .particle_filter import ParticleFilter
from .particle_methods import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    TemperedFilter,
    TwistedFilter,
)
from .state_space import Paths

__all__ = [
    "AuxiliaryFilter",
    "BootstrapFilter",
    "Bound",
    "GuidedFilter",
    "HamiltonFilter",
    "InversionFilter",
    "KalmanFilter",
    "ParticleFilter",
    "Paths",
    "TemperedFilter",
    "TwistedFilter",
]
