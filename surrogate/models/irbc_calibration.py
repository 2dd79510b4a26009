"""What is the same everywhere in the comparison of multi-country models, and what follows from it."""

BETA, DELTA, ALPHA = 0.99, 0.025, 0.36
OUTPUT = (1 - BETA * (1 - DELTA)) / (ALPHA * BETA)
"""A, output without shocks: such that a country then has one unit of capital."""
CONSUMPTION = OUTPUT - DELTA
