"""The three-equation New Keynesian model of Kase, Melosi and Rottner (2025), appendix B.

    X = E X' - (1/sigma)(theta_pi Pi + theta_y X - E Pi' - R*)
    Pi = kappa X + beta E Pi'
    R*' = rho_a R* + sigma (rho_a - 1) omega sigma_a e'
    kappa = (1 - phi)(1 - phi beta)(sigma + eta) / phi,   omega = (1 + eta) / (sigma + eta)

Linear, so the policy is known: both controls are proportional to the natural rate. The network has to find
the two slopes over eight parameters.
"""

from __future__ import annotations

from torch import Tensor, log, zeros_like

from surrogate.models import Control, Model, Named, ParameterRange, Parameters, Period, Values, Variable


class LinearNewKeynesian(Model):
    """Output gap and inflation in response to the natural rate of interest, all in deviations from rest."""

    name = "nk_linear"
    description = "Three-equation New Keynesian model, linear"
    parameters = (
        ParameterRange("beta", 0.95, 0.99, 0.97, "discount factor"),
        ParameterRange("sigma", 1.0, 3.0, 2.0, "relative risk aversion"),
        ParameterRange("eta", 0.25, 2.0, 1.125, "inverse elasticity of labour supply"),
        ParameterRange("phi", 0.5, 0.9, 0.7, "share of prices that stay"),
        ParameterRange("theta_pi", 1.25, 2.5, 1.875, "rule: response to inflation"),
        ParameterRange("theta_y", 0.0, 0.5, 0.25, "rule: response to the output gap"),
        ParameterRange("rho_a", 0.8, 0.95, 0.875, "persistence of productivity growth"),
        ParameterRange("sigma_a", 0.02, 0.1, 0.06, "standard deviation of productivity shocks"),
    )
    states = (Variable("natural_rate", "natural real rate of interest", "deviation"),)
    controls = (
        Control("output_gap", "output relative to its level with flexible prices", "log"),
        Control("inflation", "inflation", "deviation, a quarter"),
    )
    shocks = (Variable("technology", "productivity shock", "standard deviations"),)
    observables = (
        Variable("output_gap", "output relative to its level with flexible prices", "percent"),
        Variable("inflation", "inflation", "percent a year"),
        Variable("interest_rate", "nominal interest rate relative to its steady state", "percent a year"),
    )
    equations = (
        Variable("euler", "output gap error implied by the Euler equation", "share of output"),
        Variable("phillips", "inflation error implied by the Phillips curve", "quarterly inflation"),
    )

    def kappa(self, p: Parameters) -> Tensor:
        """Slope of the Phillips curve."""
        return (1 - p.phi) * (1 - p.phi * p.beta) * (p.sigma + p.eta) / p.phi

    def impact(self, p: Parameters) -> Tensor:
        """What a shock does to the natural rate."""
        omega = (1 + p.eta) / (p.sigma + p.eta)
        return p.sigma * (p.rho_a - 1) * omega * p.sigma_a

    def sd(self, p: Parameters) -> Tensor:
        """Ergodic standard deviation of the natural rate."""
        return -p.impact / (1 - p.rho_a**2) ** 0.5

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """All at rest; this is also where the network starts from, so it learns both slopes by itself."""
        zero = zeros_like(p.beta)
        return {"natural_rate": zero}, {"output_gap": zero, "inflation": zero}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Three standard deviations either side."""
        return {"natural_rate": (-3 * p.sd, 3 * p.sd)}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Logs of the compounds through which the parameters act: kappa, what persistence leaves of demand,
        of the rule and of price setting, and the size of the natural rate.
        """
        return {
            "log_kappa": log(p.kappa),
            "log_demand": log(p.sigma * (1 - p.rho_a) + p.theta_y),
            "log_rule": log(p.theta_pi - p.rho_a),
            "log_prices": log(1 - p.beta * p.rho_a),
            "log_sd": log(p.sd),
        }

    def interest_rate(self, now: Period, p: Parameters) -> Tensor:
        """What the rule sets, in deviation from the steady state, a quarter [...]."""
        return p.theta_pi * now.inflation + p.theta_y * now.output_gap

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """The natural rate is autoregressive."""
        return {"natural_rate": p.rho_a * now.natural_rate + p.impact * e.technology}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """Tomorrow's output gap and inflation."""
        return {"output_gap": then.output_gap, "inflation": then.inflation}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of the two equations, each as large as what they make of its own variable if they last as
        long as the shock does: 1 - rho_a + theta_y / sigma and 1 - beta rho_a are what that leaves of a
        deviation.
        """
        real_rate_gap = now.interest_rate - expected.inflation - now.natural_rate
        euler = now.output_gap - expected.output_gap + real_rate_gap / p.sigma
        phillips = now.inflation - p.kappa * now.output_gap - p.beta * expected.inflation
        return {
            "euler": euler / (1 - p.rho_a + p.theta_y / p.sigma),
            "phillips": phillips / (1 - p.beta * p.rho_a),
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """In percent, rates by the year."""
        return {
            "output_gap": 100 * then.output_gap,
            "inflation": 400 * then.inflation,
            "interest_rate": 400 * then.interest_rate,
        }
