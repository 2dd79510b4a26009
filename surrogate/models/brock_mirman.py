"""Brock and Mirman (1972): the growth model that has a closed form.

    C + K' = e^z K^alpha = M
    z' = rho z + sigma e'
    1 / C = beta E[ alpha e^z' K'^(alpha-1) / C' ]

The real business cycle model with full depreciation and log utility. Whatever the shocks, K' = alpha beta
M: in logs a linear Gaussian state space, whose likelihood is exactly that of the Kalman filter.
"""

from __future__ import annotations

from torch import Tensor, exp, ones_like

from surrogate.models import Model, ParameterRange, Parameters, Period
from surrogate.models.rbc import RealBusinessCycle


class BrockMirman(RealBusinessCycle):
    """The real business cycle model at delta = 1 and gamma = 1, solved over the other four parameters."""

    name = "brock_mirman"
    description = "Stochastic growth with log utility and full depreciation, which has a closed form"
    parameters = (
        ParameterRange("alpha", 0.20, 0.50, 0.36, "capital share"),
        ParameterRange("beta", 0.90, 0.995, 0.99, "discount factor"),
        ParameterRange("rho", 0.50, 0.98, 0.95, "persistence of productivity"),
        ParameterRange("sigma", 0.002, 0.05, 0.01, "standard deviation of shocks to log productivity"),
    )

    def delta(self, p: Parameters) -> Tensor:
        """Nothing is left of capital after a period."""
        return ones_like(p.alpha)

    def gamma(self, p: Parameters) -> Tensor:
        """Log utility."""
        return ones_like(p.alpha)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Three standard deviations of productivity; half a log point of capital, and at least two standard
        deviations: k' = z + alpha k in logs.
        """
        sd = p.sigma / (1 - p.rho**2) ** 0.5
        carried = p.alpha * p.rho
        sd_capital = sd * ((1 + carried) / (1 - carried) / (1 - p.alpha**2)) ** 0.5
        capital, reach = self.steady_state(p)[0]["capital"], exp((2 * sd_capital).clamp(min=0.5))
        return {"capital": (capital / reach, capital * reach), "productivity": (-3 * sd, 3 * sd)}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """The parameters alone: the linear solution is the closed form."""
        return Model.characteristics(self, p)

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Resources shared between consumption and tomorrow's capital as the steady state's consumption and
        today's capital.

        A crude guess on purpose, right at the steady state alone: the steady state's share is the closed
        form.
        """
        steady = self.steady_state(p)[1]["consumption"]
        return {"consumption": now.resources * steady / (steady + now.capital)}
