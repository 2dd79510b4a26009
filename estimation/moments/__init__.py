"""Moments of data and of simulated samples, and the simulated method of moments."""

from estimation.moments.estimate import estimate_msm, minimise_distance
from estimation.moments.named import Moment, compute_moments, parse_moment
from estimation.moments.result import JTest, MomentsResult
from estimation.moments.simulated import SimulatedMoments

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
