"""Functions that several economies share: utility, and complementarities as equations."""

from __future__ import annotations

import torch
from torch import Tensor, expm1, log, sqrt

TINY = 1e-30
"""Keeps the derivative of the root a number at a = b = 0."""


def constant_relative_risk_aversion(consumption: Tensor, aversion: Tensor) -> Tensor:
    """(c^(1 - gamma) - 1) / (1 - gamma), and log c at gamma = 1; continuous in gamma, zero at c = 1."""
    curvature = 1 - aversion
    logarithmic = curvature == 0
    divisor = torch.where(logarithmic, 1.0, curvature)  # so that neither branch has a derivative 0 / 0
    return torch.where(logarithmic, log(consumption), expm1(divisor * log(consumption)) / divisor)


def fischer_burmeister(a: Tensor, b: Tensor) -> Tensor:
    """phi(a, b) = a + b - sqrt(a^2 + b^2), zero exactly where a >= 0, b >= 0 and a b = 0 (Fischer 1992)."""
    return a + b - sqrt(a**2 + b**2 + TINY)
