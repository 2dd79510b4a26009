"""The real business cycle model: the tutorial economy.

C + K' = e^z K^alpha + (1 - delta) K = M
z' = rho z + sigma e'
C^-gamma = beta E[ C'^-gamma (alpha e^z' K'^(alpha-1) + 1 - delta) ]
"""

from __future__ import annotations

from torch import Tensor, exp, log

from surrogate.models.interface import Control, Model, Named, ParameterRange, Variable
from surrogate.models.utility import constant_relative_risk_aversion


class RealBusinessCycle(Model):
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
    features = (
        *parameters,
        Variable("consumption_capital"),
        Variable("on_capital"),
        Variable("on_productivity"),
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

    def output(self, s: Named, p: Named) -> Tensor:
        """e^z K^alpha, in goods [...]."""
        return exp(s.productivity + p.alpha * log(s.capital))

    def resources(self, s: Named, p: Named) -> Tensor:
        """M, what is there to consume or to carry over."""
        return self.output(s, p) + (1 - p.delta) * s.capital

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Where the return on capital pays for impatience."""
        rental_rate = 1 / p.beta - 1 + p.delta
        capital = (p.alpha / rental_rate) ** (1 / (1 - p.alpha))
        consumption = capital**p.alpha - p.delta * capital
        return {"capital": capital, "productivity": 0 * capital}, {"consumption": consumption}

    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Half a log point of capital, and three standard deviations of productivity, either side."""
        capital = self.steady_state(p)[0]["capital"]
        three_sd = 3 * p.sigma / (1 - p.rho**2) ** 0.5
        return {"capital": (capital * 0.6065, capital * 1.6487), "productivity": (-three_sd, three_sd)}

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """Log capital relative to the steady state, and productivity."""
        capital = self.steady_state(p)[0]["capital"]
        return {"capital": log(s.capital / capital) / 0.5, "productivity": s.productivity / 0.25}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Beside the parameters, the steady state and the linear solution that they imply."""
        states, controls = self.steady_state(p)
        on_capital, on_productivity = log_linear_consumption(p)
        return {
            **super().characteristics(p),
            "consumption_capital": log(controls["consumption"] / states["capital"]),
            "on_capital": log(on_capital),
            "on_productivity": log(on_productivity),
        }

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The log-linear solution (Campbell 1994), applied to the odds of consuming a unit of resources:
        always feasible.
        """
        states, controls = self.steady_state(p)
        on_capital, on_productivity = log_linear_consumption(p)
        steady_resources = controls["consumption"] + states["capital"]
        saved = states["capital"] / steady_resources
        resources = self.resources(s, p)
        consumption = on_capital * log(s.capital / states["capital"]) + on_productivity * s.productivity
        odds = (1 - saved) / saved * exp((consumption - log(resources / steady_resources)) / saved)
        return {"consumption": resources * odds / (1 + odds)}

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """Capital is what is not consumed; productivity is autoregressive."""
        return {
            "capital": self.resources(s, p) - x.consumption,
            "productivity": p.rho * s.productivity + p.sigma * e.technology,
        }

    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """beta (C'/C)^-gamma times tomorrow's gross return on capital."""
        gross_return = p.alpha * self.output(s_next, p) / s_next.capital + 1 - p.delta
        return {
            "marginal_value": p.beta * exp(-p.gamma * log(x_next.consumption / x.consumption)) * gross_return
        }

    def residuals(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """Consumption that the Euler equation asks for, less one, as a share of consumption."""
        return {"euler": 1 - exp(-log(expected.marginal_value) / p.gamma)}

    def reward(self, s: Named, x: Named, p: Named) -> Tensor:
        """Utility of consumption."""
        return constant_relative_risk_aversion(x.consumption, p.gamma)

    def discount(self, p: Named) -> Tensor:
        """beta."""
        return p.beta

    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Growth in percent, and log output; no growth of investment (NaN) where that is negative."""
        output, output_next = self.output(s, p), self.output(s_next, p)
        return {
            "output_growth": 100 * log(output_next / output),
            "consumption_growth": 100 * log(x_next.consumption / x.consumption),
            "investment_growth": 100 * log((output_next - x_next.consumption) / (output - x.consumption)),
            "log_output": log(output_next),
        }


def log_linear_consumption(p: Named) -> tuple[Tensor, Tensor]:
    """Elasticities of consumption to capital and to e^z, by undetermined coefficients.

    With hats for log deviations:  k' = k / beta + (Y/K) z - (C/K) c   and   c = E c' + r_g E[(1 - alpha) k'
    - z'], where r_g = beta r / gamma; the elasticity to capital is the positive root of a quadratic.
    """
    rental_rate = 1 / p.beta - 1 + p.delta
    output_capital = rental_rate / p.alpha
    consumption_capital = output_capital - p.delta
    substitution = p.beta * rental_rate / p.gamma
    wealth = substitution * (1 - p.alpha)
    linear = 1 + consumption_capital * wealth - 1 / p.beta
    discriminant = linear**2 + 4 * consumption_capital * wealth / p.beta
    on_capital = (discriminant**0.5 - linear) / (2 * consumption_capital)
    carried = on_capital + wealth
    on_productivity = (carried * output_capital - substitution * p.rho) / (
        1 - p.rho + consumption_capital * carried
    )
    return on_capital, on_productivity
