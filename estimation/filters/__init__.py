"""Likelihoods of nonlinear economies, many parameter vectors at once: by particles and by inversion."""

from estimation.filters.inversion import Bound, InversionFilter
from estimation.filters.kalman import KalmanFilter
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.particle_methods import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import Paths

__all__ = [
    "AuxiliaryFilter",
    "BootstrapFilter",
    "Bound",
    "GuidedFilter",
    "InversionFilter",
    "KalmanFilter",
    "ParticleFilter",
    "Paths",
    "TemperedFilter",
    "TwistedFilter",
]
