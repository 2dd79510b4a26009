"""Kase, Melosi and Rottner's New Keynesian economy with heterogeneous households and the zero lower bound.

As in `hank`, but R = max(1, R_ss (Pi/Pibar)^theta_pi (Y/Y_ss)^theta_y e^mp). The rate that households got is
that of the quarter before, whatever the rule had asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, zeros_like

from surrogate.models.hank import Hank
from surrogate.models.hank_zlb_aid import HankZeroLowerBoundAid
from surrogate.models.interface import Constraint, Parameters, Period, Values, where

NARROWER: dict[str, Any] = {
    "sigma_s": {"lower": 0.03, "upper": 0.08},
    "borrowing_limit": {"lower": -0.6, "upper": -0.4},
    "phi": {"lower": 85.0, "upper": 115.0},
    "theta_pi": {"lower": 2.0},
    "theta_y": {"lower": 0.85, "upper": 1.15},
    "rho_z": {"lower": 0.3, "upper": 0.55},
    "rho_m": {"lower": 0.88, "upper": 0.94},
    "sigma_zeta": {"lower": 0.007, "upper": 0.0125, "default": 0.009},
}
"""With the bound: around the published posterior, but for smaller preference shocks. Beyond them, and in some
of this box, no equilibrium is found: see docs/hank.md.
"""


class RateFloor:
    """What the bound does to an economy whose `log_rate` is the rule's."""

    constraints = (Constraint("lower_bound", "the interest rate cannot fall below zero"),)

    def notional_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross nominal rate that the rule asks for."""
        return super().log_rate(now, p)  # pyright: ignore[reportAttributeAccessIssue]

    def slack(self, now: Period, p: Parameters) -> Values:
        """The notional rate, in fifths of a percent a quarter: a regime is needed where it applies."""
        return {"lower_bound": now.notional_rate / 0.002}

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate of the quarter: never negative, unless the period is told to be free."""
        return where(now.binds("lower_bound"), zeros_like(now.notional_rate), now.notional_rate)


class HankZeroLowerBound(RateFloor, HankZeroLowerBoundAid, Hank):
    """The same economy with a rate that cannot fall below zero."""

    name = "hank_zlb"
    description = (
        "New Keynesian model with heterogeneous households of Kase, Melosi and Rottner, with the bound"
    )
    parameters = tuple(replace(each, **NARROWER.get(each.name, {})) for each in Hank.parameters)
    adding_up = ("hours", "budget", *Hank.adding_up)
