"""The nonlinear New Keynesian model with the zero lower bound of Kase, Melosi and Rottner (appendix C).

1 = beta R E[ exp(zeta' - zeta) (C/C')^sigma / Pi' ]
phi (Pi/Pibar - 1) Pi/Pibar = 1 - eps + eps MC + phi E[ (Pi'/R) (Pi'/Pibar - 1) (Pi'/Pibar) Y'/Y ]
R = max[ 1, R_ss (Pi/Pibar)^theta_pi (Y/Y_ss)^theta_y ],   R_ss = Pibar / beta
chi H^eta = C^-sigma W,   Y = H = C,   MC = W,   zeta' = rho_zeta zeta + sigma_zeta e'
"""

from __future__ import annotations

import math

from torch import Tensor, exp, log, zeros_like

from surrogate.models import Constraint, Control, Model, ParameterRange, Parameters, Period, Variable, where
from surrogate.models.nk_zlb_aid import NewKeynesianZeroLowerBoundAid
from surrogate.models.variables import Named, Values

BETA = 0.9975  # discount factor
SIGMA = 1.0  # inverse intertemporal elasticity
ETA = 1.0  # inverse labor supply elasticity
EPSILON = 11.0  # elasticity between varieties
CHI = 0.91  # weight of labor
LOG_TARGET = 0.02 / 4  # two percent inflation a year
LOG_RATE = LOG_TARGET - math.log(BETA)
STEADY_LABOR = ((EPSILON - 1) / (EPSILON * CHI)) ** (1 / (ETA + SIGMA))


class NewKeynesianZeroLowerBound(NewKeynesianZeroLowerBoundAid, Model):
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
    constraints = (Constraint("lower_bound", "the interest rate cannot fall below zero"),)

    discount_factor, risk_aversion = BETA, SIGMA  # as the network's aid reads them
    log_target, log_steady_rate, steady_labor = LOG_TARGET, LOG_RATE, STEADY_LABOR

    def slope(self, p: Parameters) -> Tensor:
        """Of the Phillips curve."""
        return (EPSILON - 1) * (ETA + SIGMA) / p.phi

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inflation on target and the rate at its long-run level."""
        zero = zeros_like(p.phi)
        return {"preference": zero}, {"labor": zero + STEADY_LABOR, "inflation": exp(zero + LOG_TARGET)}

    def notional_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate that the rule asks for."""
        inflation, output = log(now.inflation) - LOG_TARGET, log(now.labor / STEADY_LABOR)
        return LOG_RATE + p.theta_pi * inflation + p.theta_y * output

    def slack(self, now: Period, p: Parameters) -> Values:
        """The notional rate relative to its steady state: negative where the bound binds."""
        return {"lower_bound": now.notional_rate / LOG_RATE}

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross rate of the quarter."""
        return where(now.binds("lower_bound"), zeros_like(now.notional_rate), now.notional_rate)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """The preference shock is autoregressive."""
        return {"preference": p.rho_zeta * now.preference + p.sigma_zeta * e.preference}

    def price_gap(self, now: Period, p: Parameters) -> Tensor:
        """Pi / Pibar."""
        return now.inflation * math.exp(-LOG_TARGET)

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What the consumption Euler equation and the Phillips curve expect of tomorrow."""
        discount = exp(then.preference - now.preference) * (now.labor / then.labor) ** SIGMA
        price_cost = then.inflation * exp(-now.log_rate) * (then.price_gap - 1) * then.price_gap
        return {
            "bond": BETA * exp(now.log_rate) * discount / then.inflation,
            "price": price_cost * then.labor / now.labor,
        }

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of the Euler equation in consumption, and of the Phillips curve in inflation."""
        marginal_cost = CHI * now.labor ** (ETA + SIGMA)
        price_change = (1 - EPSILON + EPSILON * marginal_cost) / p.phi + expected.price
        phillips = (price_change - (now.price_gap - 1) * now.price_gap) / p.slope
        return {"euler": 1 - expected.bond ** (-1 / SIGMA), "phillips": phillips}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Growth, inflation and the interest rate, in percent a year."""
        return {
            "output_growth": 400 * (then.labor / now.labor - 1),
            "inflation_rate": 400 * (then.inflation - 1),
            "interest_rate": 400 * (exp(then.log_rate) - 1),
        }
