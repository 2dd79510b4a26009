"""The real business cycle model as an author writes it who knows neither its steady state nor a linear
solution: nothing but the equations and where to start.
"""

from __future__ import annotations

from torch import Tensor, exp, log

from surrogate.models import (
    Control,
    ErgodicEllipse,
    Model,
    Named,
    NumericalSteadyState,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
)


class BusinessCycle(ErgodicEllipse, NumericalSteadyState, Model):
    """Solved over the box of the economy `rbc` that ships."""

    name = "rbc_with_helpers"
    parameters = (
        ParameterRange("alpha", 0.25, 0.45, 0.36, "capital share"),
        ParameterRange("beta", 0.95, 0.995, 0.99, "discount factor"),
        ParameterRange("delta", 0.01, 0.10, 0.025, "depreciation rate"),
        ParameterRange("gamma", 1.0, 5.0, 2.0, "relative risk aversion"),
        ParameterRange("rho", 0.70, 0.98, 0.95, "persistence of productivity"),
        ParameterRange("sigma", 0.002, 0.04, 0.01, "standard deviation of shocks to log productivity"),
    )
    states = (Variable("capital", unit="goods"), Variable("productivity", unit="log"))
    controls = (Control("consumption", lower=0.0, upper="resources"),)
    shocks = (Variable("technology"),)
    observables = (Variable("log_output"),)
    equations = (Variable("euler"),)

    def initial_values(self, p: Parameters) -> dict[str, float]:
        return {"capital": 10.0, "productivity": 0.0, "consumption": 1.0}

    def output(self, now: Period, p: Parameters) -> Tensor:
        return exp(now.productivity + p.alpha * log(now.capital))

    def resources(self, now: Period, p: Parameters) -> Tensor:
        return now.output + (1 - p.delta) * now.capital

    def gross_return(self, now: Period, p: Parameters) -> Tensor:
        return p.alpha * now.output / now.capital + 1 - p.delta

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        return {
            "capital": now.resources - now.consumption,
            "productivity": p.rho * now.productivity + p.sigma * e.technology,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        growth = then.consumption / now.consumption
        return {"marginal_value": p.beta * exp(-p.gamma * log(growth)) * then.gross_return}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        return {"euler": 1 - exp(-log(expected.marginal_value) / p.gamma)}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        return {"log_output": log(then.output)}
