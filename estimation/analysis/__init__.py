"""What one learns from a posterior: findings with a table, a note and a figure each."""

from estimation.analysis.decomposition import decompositions
from estimation.analysis.forecasts import forecasts
from estimation.analysis.impulse_responses import impulse_responses
from estimation.analysis.predictive_moments import predictive_moments
from estimation.analysis.shocks import shocks_and_states
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
