"""The calibration of Azinovic, Gaegauf and Scheidegger (2022), and lists by age."""

from __future__ import annotations

import torch
from torch import Tensor, cat, zeros_like

GENERATIONS = 56
KAPPA = 1 / (1 - 0.11)
PRODUCTIVITY, DEPRECIATION = (0.978, 1.022), (0.08, 0.11)
LEAVES_PRODUCTIVITY, LEAVES_DEPRECIATION = (0.095, 0.095), (0.028, 0.300)
"""Chances of leaving the low and the high value."""
MEAN_DEPRECIATION = (0.08 * 0.300 + 0.11 * 0.028) / 0.328


def labor_of_ages(generations: int) -> Tensor:
    """l of ages 0 to generations - 1: a parabola up to two thirds of life, half of what it is then after five
    sixths, and a straight line between.
    """
    peak, down = int(2 * generations / 3), int(5 * generations / 6)
    age, middle = torch.arange(generations, dtype=torch.float64), generations / 2
    parabola = 0.6 + 0.6 * 1.27 * (1 - (age.clamp(max=peak) - middle) ** 2 / middle**2)
    fallen = (age - peak).clamp(min=0.0) / max(1, down - 1 - peak)
    return parabola * (1 - 0.5 * fallen.clamp(max=1.0))


def after_nothing(held: Tensor) -> Tensor:
    """What ages 0 to S hold [..., S + 1] if ages 1 to S hold [..., S]."""
    return cat([zeros_like(held[..., :1]), held], -1)


def before_nothing(chosen: Tensor) -> Tensor:
    """What ages 0 to S choose [..., S + 1] if ages 0 to S - 1 choose [..., S]."""
    return cat([chosen, zeros_like(chosen[..., :1])], -1)


def between(today: Tensor, values: tuple[float, float], chances: tuple[float, float]) -> Tensor:
    """The chance that belongs to one of two `values`."""
    low, high = values
    return chances[0] + (chances[1] - chances[0]) * (today - low) / (high - low)
