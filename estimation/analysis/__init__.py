"""What one learns from a posterior: findings with a table, a note and a figure each."""

from estimation.analysis.finding import Finding, save
from estimation.analysis.impulse_responses import impulse_responses
from estimation.analysis.predictive_moments import predictive_moments

__all__ = ["Finding", "impulse_responses", "predictive_moments", "save"]
