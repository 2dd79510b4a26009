"""What the network of An and Schorfheide's economy sees of the zero lower bound, and where training looks."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor, log, zeros_like

from surrogate.models.an_schorfheide_aid import AnSchorfheideAid
from surrogate.models.period import Parameters, Period, where
from surrogate.models.variables import Named

AROUND_BOUND = 0.2
"""Share of the training states around the bound, where the box alone has hardly any."""
BELOW, ABOVE = 1.0, 0.5
"""So many standard deviations of the linear rate below and above zero they reach."""


class ZeroLowerBoundAid(AnSchorfheideAid):
    """With the bound: how far away it is, a look around it, and no impulse that it undoes."""

    lagged_rate: str

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Also how many standard deviations of the rate its steady state lies above the bound, in logs."""
        return {**super().characteristics(p), "room": log(p.log_steady_rate / p.linear.sd_rate)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """No impulse deeper than training looks: beyond the bound a lower one changes nothing, if the rule
        does not remember it.
        """
        coordinates = super().coordinates(now, p)
        if self.lagged_rate == "actual":
            deepest = self.impulse_for(-BELOW * p.linear.sd_rate, now.growth, p)
            coordinates["impulse"] = torch.maximum(now.impulse, deepest) / 0.02
        return coordinates

    def effective_impulse(self, now: Period, p: Parameters) -> Tensor:
        """At the bound, the impulse that brings the linear rate down to zero."""
        if not now.told("lower_bound"):
            return now.impulse
        return self.impulse_for(zeros_like(now.growth), now.growth, p)

    def impulse_for(self, rate: Tensor, growth: Tensor, p: Parameters) -> Tensor:
        """The impulse that brings the log rate of the linear solution to `rate`, [...]."""
        return (rate - p.log_steady_rate - p.linear.rate_z * growth) / p.linear.rate_u

    def place(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Evenly on the box, and some where slow growth and the impulse bring the rate close to the bound."""
        around = u.monetary < AROUND_BOUND
        share = where(around, u.monetary / AROUND_BOUND, (u.monetary - AROUND_BOUND) / (1 - AROUND_BOUND))
        states = super().place(SimpleNamespace(**{**vars(u), "monetary": share}), p)
        growth = -2 * p.linear.sd_growth * u.growth
        rate = (ABOVE - (ABOVE + BELOW) * share) * p.linear.sd_rate
        inherited = p.rho_r * (states["interest_rate_lag"] - p.log_steady_rate)
        monetary = self.impulse_for(rate, growth, p) - inherited
        close = {"growth": growth, "monetary": monetary}
        return {**states, **{name: where(around, close[name], states[name]) for name in close}}
