"""What one learns from a posterior: findings with a table, a note and a figure each."""

from estimation.analysis.finding import Finding, save

__all__ = ["Finding", "save"]
