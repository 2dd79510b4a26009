"""What one learns from a posterior: findings with a table, a note and a figure each."""

from ..finding import Finding, save
from .impulse_responses import impulse_responses
from .predictive import forecasts, predictive_moments
from .shocks import decompositions, shocks_and_states

__all__ = [
    "Finding",
    "decompositions",
    "forecasts",
    "impulse_responses",
    "predictive_moments",
    "save",
    "shocks_and_states",
]
