"""Which economies have many individuals, whatever network these share."""

from .generations import Generations
from .population import WithDistribution

MANY = (WithDistribution, Generations)
"""Each of their states takes time, and a box is no place to draw them from."""
