"""Moments of data and of simulated samples, and the simulated method of moments."""

from .estimate import estimate_msm, minimise_distance
from .named import Moment, compute_moments, parse_moment
from .result import JTest, MomentsResult
from .simulated import SimulatedMoments

__all__ = [
    "JTest",
    "Moment",
    "MomentsResult",
    "SimulatedMoments",
    "compute_moments",
    "estimate_msm",
    "minimise_distance",
    "parse_moment",
]
