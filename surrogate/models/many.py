"""Which economies have many individuals, whatever network these share."""

from .generations import Generations
from .population import Population

MANY = (Population, Generations)
"""Each of their states takes time, and a box is no place to draw them from."""
