"""Complementarities a >= 0, b >= 0, a b = 0 as equations."""

from __future__ import annotations

from torch import Tensor, sqrt

TINY = 1e-30
"""Keeps the derivative of the root a number at a = b = 0."""


def fischer_burmeister(a: Tensor, b: Tensor) -> Tensor:
    """phi(a, b) = a + b - sqrt(a^2 + b^2), zero exactly where a >= 0, b >= 0 and a b = 0 (Fischer 1992)."""
    return a + b - sqrt(a**2 + b**2 + TINY)
