"""Krusell and Smith's economy in continuous time with a distribution of one dimension.

    g(K) = g_rest + b (K - K_rest),   b the direction in which distributions return most slowly to rest

Whatever moves the distribution, after a while it is on this line, and there K is all of the state. The line
is known at one calibration, where the stationary economy has been solved.
"""

from __future__ import annotations

from torch import Tensor, cat, exp, log, sqrt, zeros_like

from surrogate.models.interface import Named, Parameters, Period, Values, Variable, pack
from surrogate.models.krusell_smith_continuous import (
    PRODUCTIVITY_REACH,
    REACH,
    SHORT,
    KrusellSmithContinuous,
)


class KrusellSmithProjection(KrusellSmithContinuous):
    """Capital and productivity.

    rest [2 nodes]: masses at rest. slowest [2 nodes]: b, of which K is one in units of K*.
    """

    states = (
        Variable("capital", "capital K", "goods"),
        Variable("productivity", "total factor productivity", "log"),
    )
    rest: Tensor
    slowest: Tensor

    def wealth(self, now: Period, p: Parameters) -> Tensor:
        """Masses g(K), [..., 2 nodes]."""
        nodes = self.assets(Period(self, p, {"wealth": self.rest}), p) / p.unit
        away = (now.capital / p.unit.squeeze(-1))[..., None] - (self.rest * nodes).sum(-1, keepdim=True)
        return self.rest + self.slowest * away

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """A quarter later, back on the line."""
        stays = exp(-p.eta * self.step_years)
        sd = p.sig * sqrt((1 - stays**2) / (2 * p.eta))
        return {
            "capital": now.capital + self.step_years * now.capital_drift,
            "productivity": stays * now.productivity + sd * e.productivity,
        }

    def nearby(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """This economy, a moment later and earlier, and with productivity one sd of a year up and down."""
        z, capital = now.productivity, now.capital
        change, drift = SHORT * now.capital_drift, -p.eta * z * SHORT
        columns = [(capital, z), (capital + change, z + drift), (capital - change, z - drift)]
        columns += [(capital, z + p.sig), (capital, z - p.sig)]
        states = [pack({"capital": k, "productivity": at}, self.states) for k, at in columns]
        together = cat(states, -2)
        return together, together.new_tensor([-1.0, 0.5 / SHORT, -0.5 / SHORT, 0.5, 0.5])

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Capital about where it rests."""
        states = {"capital": p.usual_capital, "productivity": zeros_like(p.gamma)}
        masses = self.wealth(Period(self, p, states), p)
        at_nodes = Period(self, p, {**states, "wealth": masses, "consumption": masses}).at_nodes
        return states, self.household.anchor(at_nodes, p.of_household)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Capital within eight per cent of its usual value, productivity within six."""
        zero, usual = zeros_like(p.gamma), p.usual_capital
        return {
            "capital": (usual * (1 - REACH), usual * (1 + REACH)),
            "productivity": (zero - 0.06, zero + 0.06),
        }

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Capital within eight per cent of its usual value, productivity within five."""
        return {
            "capital": p.usual_capital * exp(REACH * (2 * u.capital - 1)),
            "productivity": PRODUCTIVITY_REACH * (2 * u.productivity - 1),
        }

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Capital up to eight per cent more or less than it is, productivity up to five."""
        change = 2 * u - 1
        return {
            "capital": now.capital * exp(REACH * change[..., 0]),
            "productivity": now.productivity + PRODUCTIVITY_REACH * change[..., 1],
        }

    def stirred(self, shocks: Tensor, p: Parameters) -> Tensor:
        """As they are: on the line, however capital is moved comes to the same."""
        return shocks

    def with_capital(self, now: Period, factor: float, p: Parameters) -> Values:
        """On the line, with `factor` times as much of it."""
        return {"capital": factor * now.capital, "productivity": now.productivity}

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether capital is near its usual value, [...]."""
        return log(now.capital / p.usual_capital).abs() < 2 * REACH
