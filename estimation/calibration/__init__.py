"""Simulation-based calibration: does the posterior hold the truth as often as it says?"""

from estimation.calibration.experiment import Experiment
from estimation.calibration.findings import findings, verdict, warnings_of
from estimation.calibration.ranks import Shares, coverage, shares_below_truth, so_far, uniformity, worst_p
from estimation.calibration.replication import CalibrationSettings, Replication, replicate
from estimation.calibration.run import calibrate, saved_replications

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
