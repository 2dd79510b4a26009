"""The real business cycle model: the tutorial economy.

C + K' = Y + (1 - delta) K = M,   Y = e^z K^alpha
z' = rho z + sigma e'
C^-gamma = beta E[ C'^-gamma (alpha Y'/K' + 1 - delta) ]
"""

from __future__ import annotations

from torch import Tensor, exp, log

from surrogate.models import Control, Model, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.rbc_aid import RealBusinessCycleAid
from surrogate.models.utility import constant_relative_risk_aversion


class RealBusinessCycle(RealBusinessCycleAid, Model):
    """Brock and Mirman (1972) with partial depreciation and CRRA utility, solved over six parameters."""

    name = "rbc"
    description = "Real business cycle model with CRRA utility and partial depreciation"
    parameters = (
        ParameterRange("alpha", 0.25, 0.45, 0.36, "capital share"),
        ParameterRange("beta", 0.95, 0.995, 0.99, "discount factor"),
        ParameterRange("delta", 0.01, 0.10, 0.025, "depreciation rate"),
        ParameterRange("gamma", 1.0, 5.0, 2.0, "relative risk aversion"),
        ParameterRange("rho", 0.70, 0.98, 0.95, "persistence of productivity"),
        ParameterRange("sigma", 0.002, 0.04, 0.01, "standard deviation of shocks to log productivity"),
    )
    states = (
        Variable("capital", "capital stock", "goods"),
        Variable("productivity", "total factor productivity", "log"),
    )
    controls = (Control("consumption", "consumption", "goods", lower=0.0, upper="resources"),)
    shocks = (Variable("technology", "productivity shock", "standard deviations"),)
    observables = (
        Variable("output_growth", "output growth", "percent"),
        Variable("consumption_growth", "consumption growth", "percent"),
        Variable("investment_growth", "investment growth, NaN where investment is negative", "percent"),
        Variable("log_output", "output", "log"),
    )
    equations = (
        Variable("euler", "consumption error implied by the Euler equation", "share of consumption"),
    )

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y = e^z K^alpha."""
        return exp(now.productivity + p.alpha * log(now.capital))

    def resources(self, now: Period, p: Parameters) -> Tensor:
        """M, what is there to consume or to carry over."""
        return now.output + (1 - p.delta) * now.capital

    def gross_return(self, now: Period, p: Parameters) -> Tensor:
        """Of a unit of capital."""
        return p.alpha * now.output / now.capital + 1 - p.delta

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Where the return on capital pays for impatience."""
        rental_rate = 1 / p.beta - 1 + p.delta
        capital = (p.alpha / rental_rate) ** (1 / (1 - p.alpha))
        consumption = capital**p.alpha - p.delta * capital
        return {"capital": capital, "productivity": 0 * capital}, {"consumption": consumption}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Capital is what is not consumed; productivity is autoregressive."""
        return {
            "capital": now.resources - now.consumption,
            "productivity": p.rho * now.productivity + p.sigma * e.technology,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """beta (C'/C)^-gamma times tomorrow's gross return on capital."""
        growth = then.consumption / now.consumption
        return {"marginal_value": p.beta * exp(-p.gamma * log(growth)) * then.gross_return}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Consumption that the Euler equation asks for, less one, as a share of consumption."""
        return {"euler": 1 - exp(-log(expected.marginal_value) / p.gamma)}

    def reward(self, now: Period, p: Parameters) -> Tensor:
        """Utility of consumption."""
        return constant_relative_risk_aversion(now.consumption, p.gamma)

    def discount(self, p: Parameters) -> Tensor:
        """beta."""
        return p.beta

    def investment(self, now: Period, p: Parameters) -> Tensor:
        """Gross."""
        return now.output - now.consumption

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Growth in percent, and log output; no growth of investment (NaN) where that is negative."""
        return {
            "output_growth": 100 * log(then.output / now.output),
            "consumption_growth": 100 * log(then.consumption / now.consumption),
            "investment_growth": 100 * log(then.investment / now.investment),
            "log_output": log(then.output),
        }
