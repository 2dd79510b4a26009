"""What one learns from a posterior, or from a solved economy at one calibration: findings with a table, a
note and a figure each.
"""

from ..finding import Finding, save
from .calibrated_responses import calibrated_responses
from .ergodic_moments import ergodic_moments
from .identification import identification
from .impulse_responses import impulse_responses
from .predictive import forecasts, predictive_moments
from .shocks import decompositions, shocks_and_states

__all__ = [
    "Finding",
    "calibrated_responses",
    "decompositions",
    "ergodic_moments",
    "forecasts",
    "identification",
    "impulse_responses",
    "predictive_moments",
    "save",
    "shocks_and_states",
]
