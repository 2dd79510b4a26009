"""The small New Keynesian model with the zero lower bound.

As in `an_schorfheide`, but R = max(1, R*^(1 - rho_r) R_-1^rho_r e^eps_r).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, zeros_like

from surrogate.models import Constraint, Named, Parameters, Period, Values, where
from surrogate.models.an_schorfheide import AnSchorfheide
from surrogate.models.an_schorfheide_zlb_aid import ZeroLowerBoundAid

NARROWER: dict[str, Any] = {
    "kappa": {"lower": 0.1},
    "rho_r": {"lower": 0.3, "upper": 0.95},
    "rho_g": {"lower": 0.5},
    "rho_z": {"lower": 0.3, "default": 0.8},
    "sigma_r": {"upper": 0.5},
    "sigma_g": {"upper": 1.5},
    "sigma_z": {"upper": 0.7},
}
"""With the bound: over the box without it, hardly any economy with persistent growth would be certified, and
none of those that resemble the United States.
"""


class AnSchorfheideZeroLowerBound(ZeroLowerBoundAid, AnSchorfheide):
    """The same economy with R = max(1, rule).

    `lagged_rate` is the one switch of the literature: the rule remembers the "actual" rate, as the equation
    R_-1^rho_r reads, or the "notional" rate that the rule had asked for.
    """

    name = "an_schorfheide_zlb"
    description = (
        "Small New Keynesian model of An and Schorfheide (2007), nonlinear, with the zero lower bound"
    )
    parameters = tuple(replace(each, **NARROWER.get(each.name, {})) for each in AnSchorfheide.parameters)
    """By default growth is persistent enough to bring the economy to the bound, and not so persistent that
    no equilibrium exists there, as at .93 (docs/existence-an-schorfheide-zlb.md).
    """
    constraints = (Constraint("lower_bound", "the interest rate cannot fall below zero"),)
    lagged_rate = "actual"

    def slack(self, now: Period, p: Parameters) -> Values:
        """The notional rate, in percent."""
        return {"lower_bound": now.notional_rate / 0.01}

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate of the quarter: never negative, unless the period is told to be free."""
        return where(now.binds("lower_bound"), zeros_like(now.notional_rate), now.notional_rate)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """As without the bound, but `lagged_rate` says which rate the rule remembers."""
        remembered = now.log_rate if self.lagged_rate == "actual" else now.notional_rate
        return {**super().transition(now, e, p), "interest_rate_lag": remembered}
