"""Where training looks for the zero lower bound in Kase, Melosi and Rottner's economy."""

from __future__ import annotations

from torch import Tensor, cat, log, zeros_like

from surrogate.models.hank_aid import HankAid
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Named, Variable

BELOW, ABOVE = 0.007, 0.004
"""So far below and above zero the first-order rate of states around the bound is, log a quarter."""


class HankZeroLowerBoundAid(HankAid):
    """With the bound: how far away it is, and a look around it, where the ergodic set alone has little."""

    inputs = (*HankAid.inputs, Variable("rate"))

    def rate_by(self, p: Parameters) -> Tensor:
        """First-order answers of the rule to what the network sees, [..., 6]."""
        inflation, output = p.first_order[..., 0, :], p.first_order[..., 3, :]
        answers = p.theta_pi[..., None] * inflation + p.theta_y[..., None] * output
        return cat([answers[..., :3], answers[..., 3:4] + 1, answers[..., 4:]], -1)

    def first_order_rate(self, now: Period, p: Parameters) -> Tensor:
        """What the rule asks for to first order, log."""
        return p.rest.log_rate + (p.rate_by * now.deviations).sum(-1)

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Also the first-order rate, along which policies bend."""
        return {**super().coordinates(now, p), "rate": now.first_order_rate / 0.02}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Also how many of its standard deviations the rate at rest lies above the bound, in logs."""
        moved = [p.rate_by[..., 1 + k] * sd for k, sd in enumerate(p.exogenous_sd.values())]
        size = sum((each**2 for each in moved), start=zeros_like(p.rest.log_rate)) ** 0.5
        return {**super().characteristics(p), "room": log(p.rest.log_rate / size)}

    def place(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Households as at rest, and a preference shock that brings the first-order rate close to zero."""
        states, by = self.somewhere(u, p), p.rate_by
        rate = ABOVE - (ABOVE + BELOW) * u.preference - p.rest.log_rate
        inherited = by[..., 0] * (states["interest_rate_lag"] - p.rest.log_rate)
        others = by[..., 2] * states["growth"] + by[..., 3] * states["monetary"]
        return {**states, "preference": (rate - inherited - others) / by[..., 1]}
