"""Utility functions that several economies share."""

from __future__ import annotations

import torch
from torch import Tensor, expm1, log


def constant_relative_risk_aversion(consumption: Tensor, aversion: Tensor) -> Tensor:
    """(c^(1 - gamma) - 1) / (1 - gamma), and log c at gamma = 1; continuous in gamma, zero at c = 1."""
    curvature = 1 - aversion
    logarithmic = curvature == 0
    divisor = torch.where(logarithmic, 1.0, curvature)  # so that neither branch has a derivative 0 / 0
    return torch.where(logarithmic, log(consumption), expm1(divisor * log(consumption)) / divisor)
