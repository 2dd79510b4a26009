"""Simulation-based calibration: does the posterior hold the truth as often as it says?"""

from .experiment import Experiment
from .ranks import (
    Shares,
    coverage,
    findings,
    shares_below_truth,
    so_far,
    uniformity,
    verdict,
    warnings_of,
    worst_p,
)
from .replication import (
    CalibrationSettings,
    Replication,
    calibrate,
    replicate,
    saved_replications,
)

__all__ = [
    "CalibrationSettings",
    "Experiment",
    "Replication",
    "Shares",
    "calibrate",
    "coverage",
    "findings",
    "replicate",
    "saved_replications",
    "shares_below_truth",
    "so_far",
    "uniformity",
    "verdict",
    "warnings_of",
    "worst_p",
]
