"""Likelihoods of nonlinear economies, many parameter vectors at once: by particles and by inversion."""

from estimation.filters.auxiliary import AuxiliaryFilter
from estimation.filters.bootstrap import BootstrapFilter
from estimation.filters.guided import GuidedFilter
from estimation.filters.inversion import Bound, InversionFilter
from estimation.filters.kalman import KalmanFilter
from estimation.filters.particle_filter import ParticleFilter
from estimation.filters.paths import Paths
from estimation.filters.tempered import TemperedFilter
from estimation.filters.twisted import TwistedFilter

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
