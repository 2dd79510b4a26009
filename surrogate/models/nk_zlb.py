"""The nonlinear New Keynesian model with the zero lower bound of Kase, Melosi and Rottner (appendix C).

    1 = beta R E[ exp(zeta' - zeta) (C/C')^sigma / Pi' ]
    phi (Pi/Pibar - 1) Pi/Pibar = 1 - eps + eps MC + phi E[ (Pi'/R) (Pi'/Pibar - 1) (Pi'/Pibar) Y'/Y ]
    R = max[ 1, R_ss (Pi/Pibar)^theta_pi (Y/Y_ss)^theta_y ],   R_ss = Pibar / beta
    chi H^eta = C^-sigma W,   Y = H = C,   MC = W,   zeta' = rho_zeta zeta + sigma_zeta e'

One state, so the kink is one point. On either side of it the policy is smooth, because shocks smooth what
is expected; each regime has its own outputs. The network starts from the linear model, shifted by the bias
that the risk of the bound brings, and at the bound from a rate of zero that nobody expects to last.
"""

from __future__ import annotations

import math

from torch import Tensor, erfc, exp, log, relu, zeros_like

from surrogate.models.interface import Control, Model, Named, ParameterRange, Variable

BETA = 0.9975  # discount factor
SIGMA = 1.0  # inverse intertemporal elasticity
ETA = 1.0  # inverse labor supply elasticity
EPSILON = 11.0  # elasticity between varieties
CHI = 0.91  # weight of labor
BIAS_STEPS = 6
LOG_TARGET = 0.02 / 4  # two percent inflation a year
LOG_RATE = LOG_TARGET - math.log(BETA)
STEADY_LABOR = ((EPSILON - 1) / (EPSILON * CHI)) ** (1 / (ETA + SIGMA))


class NewKeynesianZeroLowerBound(Model):
    """Rotemberg pricing, a preference shock, and an interest rate that cannot fall below zero."""

    name = "nk_zlb"
    description = "New Keynesian model with the zero lower bound of Kase, Melosi and Rottner, nonlinear"
    parameters = (
        ParameterRange("theta_pi", 1.5, 2.5, 2.0, "rule: response to inflation"),
        ParameterRange("theta_y", 0.05, 0.5, 0.25, "rule: response to output"),
        ParameterRange("phi", 700.0, 1300.0, 1000.0, "cost of adjusting prices"),
        ParameterRange("rho_zeta", 0.5, 0.9, 0.7, "persistence of the preference shock"),
        ParameterRange("sigma_zeta", 0.01, 0.025, 0.02, "standard deviation of shocks to log preference"),
    )
    states = (Variable("preference", "preference shock zeta", "log"),)
    features = (
        *parameters,
        Variable("room"),
        Variable("on_output"),
        Variable("on_inflation"),
        Variable("binding"),
        Variable("first_bias"),
        Variable("bias"),
        Variable("lasting"),
    )
    controls = (
        Control("labor", "hours worked, equal to output and consumption", "hours", lower=0.0),
        Control("inflation", "gross inflation", "ratio to the previous quarter", lower=0.0),
    )
    shocks = (Variable("preference", "preference shock", "standard deviations"),)
    observables = (
        Variable("output_growth", "growth of output", "percent a year"),
        Variable("inflation_rate", "inflation", "percent a year"),
        Variable("interest_rate", "nominal interest rate", "percent a year"),
    )
    equations = (
        Variable("euler", "consumption error implied by the Euler equation", "share of consumption"),
        Variable("phillips", "labor error implied by the Phillips curve", "share of labor"),
    )
    regimes = ("free", "bound")

    def derived(self, p: Named) -> dict[str, Tensor]:
        """The linear model without the bound, by undetermined coefficients: output, inflation and the rate
        per unit of zeta.
        """
        slope = (EPSILON - 1) * (ETA + SIGMA) / p.phi
        per_output = slope / (1 - BETA * p.rho_zeta)
        pull = p.theta_y + (p.theta_pi - p.rho_zeta) * per_output
        on_output = (1 - p.rho_zeta) / (SIGMA * (1 - p.rho_zeta) + pull)
        on_inflation = per_output * on_output
        on_rate = p.theta_pi * on_inflation + p.theta_y * on_output
        sd = p.sigma_zeta / (1 - p.rho_zeta**2) ** 0.5
        output_bias = (1 - BETA) / slope  # in the long run, per unit of inflation
        biases = risk_biases(p.theta_pi + p.theta_y * output_bias, on_rate * sd)
        return {
            "slope": slope,
            "on_output": on_output,
            "on_inflation": on_inflation,
            "on_rate": on_rate,
            "sd": sd,
            "output_bias": output_bias,
            "first_bias": biases[0],
            "bias": biases[-1],
        }

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inflation on target and the rate at its long-run level."""
        zero = zeros_like(p.sd)
        return {"preference": zero}, {"labor": zero + STEADY_LABOR, "inflation": exp(zero + LOG_TARGET)}

    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Three standard deviations of the preference shock either side."""
        return {"preference": (-3 * p.sd, 3 * p.sd)}

    def notional_rate(self, x: Named, p: Named) -> Tensor:
        """Log gross rate that the rule asks for."""
        return (
            LOG_RATE + p.theta_pi * (log(x.inflation) - LOG_TARGET) + p.theta_y * log(x.labor / STEADY_LABOR)
        )

    def log_rate(self, x: Named, p: Named) -> Tensor:
        """Log gross rate of the quarter."""
        notional = self.notional_rate(x, p)
        if self.regime == "free":
            return notional
        return zeros_like(notional) if self.regime == "bound" else relu(notional)

    def slack(self, s: Named, x: Named, p: Named) -> Tensor:
        """The notional rate relative to its steady state: negative where the bound binds."""
        return self.notional_rate(x, p) / LOG_RATE

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """The preference shock is autoregressive."""
        return {"preference": p.rho_zeta * s.preference + p.sigma_zeta * e.preference}

    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """What the consumption Euler equation and the Phillips curve expect of tomorrow."""
        discount = exp(s_next.preference - s.preference) * (x.labor / x_next.labor) ** SIGMA
        gap = x_next.inflation * math.exp(-LOG_TARGET)
        return {
            "bond": BETA * exp(self.log_rate(x, p)) * discount / x_next.inflation,
            "price": x_next.inflation * exp(-self.log_rate(x, p)) * (gap - 1) * gap * x_next.labor / x.labor,
        }

    def residuals(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """Errors of the Euler equation in consumption, and of the Phillips curve in inflation."""
        gap = x.inflation * math.exp(-LOG_TARGET)
        marginal_cost = CHI * x.labor ** (ETA + SIGMA)
        price_change = (1 - EPSILON + EPSILON * marginal_cost) / p.phi + expected.price
        phillips = (price_change - (gap - 1) * gap) / p.slope
        return {"euler": 1 - expected.bond ** (-1 / SIGMA), "phillips": phillips}

    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Growth, inflation and the interest rate, in percent a year."""
        return {
            "output_growth": 400 * (x_next.labor / x.labor - 1),
            "inflation_rate": 400 * (x_next.inflation - 1),
            "interest_rate": 400 * (exp(self.log_rate(x_next, p)) - 1),
        }

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The preference shock, one at three standard deviations."""
        return {"preference": s.preference / (3 * p.sd)}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Beside the parameters, what decides how far from linear the economy is: how often the bound binds,
        the bias of inflation that follows, and how long a slump lasts at an interest rate that is stuck.
        """
        room = LOG_RATE / (p.on_rate * p.sd)
        still = (1 - p.rho_zeta) * (1 - BETA * p.rho_zeta) * SIGMA - p.rho_zeta * p.slope
        return {
            **super().characteristics(p),
            "room": log(room),
            "on_output": log(p.on_output),
            "on_inflation": log(p.on_inflation),
            "binding": erfc(room / 2**0.5),
            "first_bias": p.first_bias,
            "bias": p.bias,
            "lasting": still,
        }

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The linear solution with the bias of inflation; at the bound, moved by the rate asked for."""
        output = p.on_output * s.preference + p.output_bias * p.bias
        inflation = p.on_inflation * s.preference + p.bias
        if self.regime == "bound":
            asked = LOG_RATE + p.theta_pi * inflation + p.theta_y * output
            output, inflation = output + asked / SIGMA, inflation + p.slope * asked / SIGMA
        return {"labor": STEADY_LABOR * exp(output), "inflation": exp(LOG_TARGET + inflation)}


def risk_biases(response: Tensor, sd_rate: Tensor) -> list[Tensor]:
    """How far inflation rests below its target because the rate cannot follow the rule: successive
    approximations, the first one without feedback.

    In the long run inflation is low by the mean shortfall of the rate over `response` - 1, where `response`
    is that of the rule to inflation; what the rule asks for is normal with standard deviation `sd_rate`, and
    its mean falls with the bias. The feedback can be so strong that nothing stops it: then there is no
    equilibrium (compare Richter and Throckmorton 2015).
    """
    biases, bias = [], zeros_like(sd_rate)
    for _ in range(BIAS_STEPS):
        room = (LOG_RATE + response * bias) / sd_rate
        density = exp(-(room**2) / 2) / (2 * math.pi) ** 0.5
        shortfall = sd_rate * (density - room * erfc(room / 2**0.5) / 2)
        bias = -shortfall / (response - 1)
        biases.append(bias)
    return biases
