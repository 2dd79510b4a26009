"""What one learns from a posterior: findings with a table, a note and a figure each."""

from estimation.analysis.impulse_responses import impulse_responses
from estimation.analysis.predictive import forecasts, predictive_moments
from estimation.analysis.shocks import decompositions, shocks_and_states
from estimation.finding import Finding, save

__all__ = [
    "Finding",
    "decompositions",
    "forecasts",
    "impulse_responses",
    "predictive_moments",
    "save",
    "shocks_and_states",
]
