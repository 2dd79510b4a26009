"""The small New Keynesian model that the field estimates, without and with the zero lower bound.

An and Schorfheide (2007), Herbst and Schorfheide (2015). Consumption c and output y are detrended by
productivity A.

    1 = beta E[ (c'/c)^-tau R / (gamma e^z' pi') ] 1 = (1 - c^tau)/nu + phi (pi - pibar) [(1 - 1/(2 nu)) pi
    + pibar/(2 nu)] - phi beta E[ (c'/c)^-tau (y'/y) (pi' - pibar) pi' ] c = y (1/g - phi/2 (pi - pibar)^2)
    R = R*^(1 - rho_r) R_-1^rho_r e^eps_r,   R* = (gamma/beta) pibar (pi/pibar)^psi1 (y/y_n)^psi2,   y_n =
    (1 - nu)^(1/tau) g
    log g' = (1 - rho_g) log gbar + rho_g log g + eps_g',   z' = rho_z z + eps_z'

The rule sees the lagged rate and the monetary shock only through u = rho_r log(R_-1 / R_ss) + eps_r, so the
policy has three inputs, not four. In logs the model is linear but for second-order terms, and its linear
solution has a closed form up to the root of a cubic: that is where the network starts from.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, exp, log

from surrogate.models.interface import Control, Model, Named, ParameterRange, Variable

NU = 0.1  # inverse demand elasticity
LOG_GBAR = -log(torch.tensor(0.85, dtype=torch.float64)).item()
NEWTON_STEPS = 4
AROUND_BOUND = 0.2  # share of training states


class AnSchorfheide(Model):
    """The economy without a bound on the interest rate."""

    name = "an_schorfheide"
    description = "Small New Keynesian model of An and Schorfheide (2007), nonlinear"
    parameters = (
        ParameterRange("tau", 1.0, 5.0, 2.09, "inverse intertemporal elasticity"),
        ParameterRange("kappa", 0.02, 1.0, 0.98, "slope of the Phillips curve"),
        ParameterRange("psi1", 1.05, 3.0, 2.25, "rule: response to inflation"),
        ParameterRange("psi2", 0.0, 1.5, 0.65, "rule: response to the output gap"),
        ParameterRange("rho_r", 0.005, 0.98, 0.81, "rule: interest rate smoothing"),
        ParameterRange("rho_g", 0.005, 0.999, 0.98, "persistence of government spending"),
        ParameterRange("rho_z", 0.005, 0.99, 0.93, "persistence of productivity growth"),
        ParameterRange("r_a", 0.0, 2.0, 0.34, "steady-state real rate", "percent a year"),
        ParameterRange("pi_a", 1.0, 12.0, 3.16, "target inflation", "percent a year"),
        ParameterRange("gamma_q", 0.0, 1.0, 0.51, "trend growth", "percent a quarter"),
        ParameterRange("sigma_r", 0.05, 1.15, 0.19, "sd of monetary shocks", "percent"),
        ParameterRange("sigma_g", 0.2, 2.8, 0.65, "sd of government spending shocks", "percent"),
        ParameterRange("sigma_z", 0.05, 1.4, 0.24, "sd of productivity growth shocks", "percent"),
    )
    states = (
        Variable("interest_rate_lag", "gross nominal interest rate of the previous quarter", "log"),
        Variable("government", "government spending wedge g", "log"),
        Variable("growth", "productivity growth relative to trend", "log"),
        Variable("monetary", "monetary policy shock", "log"),
    )
    inputs = (Variable("impulse"), Variable("government"), Variable("growth"))
    features = (
        *parameters,
        Variable("consumption_u"),
        Variable("inflation_u"),
        Variable("consumption_z"),
        Variable("inflation_z"),
        Variable("sd_rate"),
        Variable("sd_growth"),
        Variable("adjustment_share"),
    )
    controls = (
        Control("consumption", "consumption relative to productivity", "goods", lower=0.0),
        Control("inflation", "gross inflation", "ratio to the previous quarter", lower=0.0),
    )
    shocks = (
        Variable("monetary", "monetary policy shock", "standard deviations"),
        Variable("government", "government spending shock", "standard deviations"),
        Variable("growth", "productivity growth shock", "standard deviations"),
    )
    observables = (
        Variable("output_growth", "growth of output", "percent a quarter"),
        Variable("inflation", "inflation", "percent a year"),
        Variable("interest_rate", "nominal interest rate", "percent a year"),
    )
    equations = (
        Variable("euler", "consumption error implied by the Euler equation", "share of consumption"),
        Variable("phillips", "inflation error implied by the Phillips curve", "gross quarterly inflation"),
    )

    def derived(self, p: Named) -> dict[str, Tensor]:
        """Discounting, target, steady rate in logs, cost of adjusting prices, and the linear solution."""
        beta, target = 1 / (1 + p.r_a / 400), exp(p.pi_a / 400)
        return {
            "beta": beta,
            "target": target,
            "log_rate": p.gamma_q / 100 - log(beta) + p.pi_a / 400,
            "adjustment": p.tau * (1 - NU) / (NU * target**2 * p.kappa),
            "steady_consumption": (1 - NU) ** (1 / p.tau),
            "linear": linear_solution(beta, p),
        }

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inflation on target, output at its natural level, no shocks."""
        zero = torch.zeros_like(p.log_rate)
        states = {
            "interest_rate_lag": p.log_rate,
            "government": zero + LOG_GBAR,
            "growth": zero,
            "monetary": zero,
        }
        return states, {"consumption": p.steady_consumption, "inflation": p.target}

    def output(self, s: Named, x: Named, p: Named) -> Tensor:
        """y from the resource constraint, [...]."""
        return x.consumption / (exp(-s.government) - p.adjustment / 2 * (x.inflation - p.target) ** 2)

    def impulse(self, s: Named, p: Named) -> Tensor:
        """u, what the rule inherits from the lagged rate and the monetary shock, in logs."""
        return p.rho_r * (s.interest_rate_lag - p.log_rate) + s.monetary

    def notional_rate(self, s: Named, x: Named, p: Named) -> Tensor:
        """Log gross rate that the rule asks for."""
        output_gap = log(self.output(s, x, p) / p.steady_consumption) - s.government
        response = p.psi1 * (log(x.inflation) - p.pi_a / 400) + p.psi2 * output_gap
        return p.log_rate + self.impulse(s, p) + (1 - p.rho_r) * response

    def log_rate(self, s: Named, x: Named, p: Named) -> Tensor:
        """Log gross rate of the quarter."""
        return self.notional_rate(s, x, p)

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """The rate of today is lagged tomorrow; g, z and the monetary shock are exogenous."""
        return {
            "interest_rate_lag": self.log_rate(s, x, p),
            "government": (1 - p.rho_g) * LOG_GBAR + p.rho_g * s.government + p.sigma_g / 100 * e.government,
            "growth": p.rho_z * s.growth + p.sigma_z / 100 * e.growth,
            "monetary": p.sigma_r / 100 * e.monetary,
        }

    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """What the consumption Euler equation and the Phillips curve expect of tomorrow."""
        discount = exp(-p.tau * log(x_next.consumption / x.consumption)) * p.beta
        output_growth = self.output(s_next, x_next, p) / self.output(s, x, p)
        return {
            "bond": discount
            * exp(self.log_rate(s, x, p) - p.gamma_q / 100 - s_next.growth)
            / x_next.inflation,
            "price": p.adjustment
            * discount
            * output_growth
            * (x_next.inflation - p.target)
            * x_next.inflation,
        }

    def residuals(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """Errors of the Euler equation in consumption, and of the Phillips curve in inflation."""
        gap = x.inflation - p.target
        marginal_cost = (1 - exp(p.tau * log(x.consumption))) / NU
        price_cost = p.adjustment * gap * ((1 - 1 / (2 * NU)) * x.inflation + p.target / (2 * NU))
        return {
            "euler": 1 - exp(-log(expected.bond) / p.tau),
            "phillips": (marginal_cost + price_cost - expected.price - 1) / (p.adjustment * p.target),
        }

    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Output growth, inflation and the interest rate as the data have them."""
        growth = log(self.output(s_next, x_next, p) / self.output(s, x, p)) + s_next.growth
        rate_gap = self.log_rate(s_next, x_next, p) - p.log_rate
        return {
            "output_growth": p.gamma_q + 100 * growth,
            "inflation": p.pi_a + 400 * (log(x_next.inflation) - p.pi_a / 400),
            "interest_rate": p.pi_a + p.r_a + 4 * p.gamma_q + 400 * rate_gap,
        }

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The three numbers that decide the policy, scaled to be of order one."""
        government = (s.government - LOG_GBAR) / 0.2
        return {"impulse": self.impulse(s, p) / 0.02, "government": government, "growth": s.growth / 0.02}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Beside the parameters, the logs of what decides how far from linear the economy is."""
        linear = p.linear
        sd_inflation = (
            (linear.inflation_u * linear.sd_rate) ** 2 + (linear.inflation_z * linear.sd_growth) ** 2
        ) ** 0.5
        return {
            **super().characteristics(p),
            "psi1": log(p.psi1 - 1),
            "consumption_u": log(-linear.consumption_u),
            "inflation_u": log(-linear.inflation_u),
            "consumption_z": log(linear.consumption_z),
            "inflation_z": log(linear.inflation_z),
            "sd_rate": log(linear.sd_rate),
            "sd_growth": log(linear.sd_growth),
            "adjustment_share": log(p.adjustment * sd_inflation**2),
        }

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The linear solution, in logs."""
        linear, impulse = p.linear, self.effective_impulse(s, p)
        return {
            "consumption": p.steady_consumption
            * exp(linear.consumption_u * impulse + linear.consumption_z * s.growth),
            "inflation": p.target * exp(linear.inflation_u * impulse + linear.inflation_z * s.growth),
        }

    def effective_impulse(self, s: Named, p: Named) -> Tensor:
        """The impulse u that explains today's rate in the linear solution."""
        return self.impulse(s, p)

    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Two ergodic standard deviations on either side: of the linear solution, and of the exogenous
        states.
        """
        sd = {
            "interest_rate_lag": p.linear.sd_rate,
            "government": p.sigma_g / 100 / (1 - p.rho_g**2) ** 0.5,
            "growth": p.linear.sd_growth,
            "monetary": p.sigma_r / 100,
        }
        centre = self.steady_state(p)[0]
        return {name: (centre[name] - 2 * sd[name], centre[name] + 2 * sd[name]) for name in sd}


NARROWER: dict[str, Any] = {
    "kappa": {"lower": 0.1},
    "rho_r": {"lower": 0.3, "upper": 0.95},
    "rho_g": {"lower": 0.5},
    "rho_z": {"lower": 0.3, "default": 0.8},
    "sigma_r": {"upper": 0.5},
    "sigma_g": {"upper": 1.5},
    "sigma_z": {"upper": 0.7},
}
"""With the bound: over the box without it, hardly any economy with persistent growth would be certified, and
none of those that resemble the United States.
"""


class AnSchorfheideZeroLowerBound(AnSchorfheide):
    """The same economy with R = max(1, rule).

    `lagged_rate` is the one switch of the literature: the rule remembers the "actual" rate, as the equation
    R_-1^rho_r reads, or the "notional" rate that the rule had asked for.
    """

    name = "an_schorfheide_zlb"
    description = (
        "Small New Keynesian model of An and Schorfheide (2007), nonlinear, with the zero lower bound"
    )
    parameters = tuple(replace(each, **NARROWER.get(each.name, {})) for each in AnSchorfheide.parameters)
    """By default growth is persistent enough to bring the economy to the bound, and not so persistent that
    no equilibrium exists there, as at .93 (docs/existence-an-schorfheide-zlb.md).
    """
    regimes = ("free", "bound")
    lagged_rate = "actual"
    features = (*AnSchorfheide.features, Variable("room"))

    def log_rate(self, s: Named, x: Named, p: Named) -> Tensor:
        """Log gross rate of the quarter: never negative, unless the regime is told to be free."""
        notional = self.notional_rate(s, x, p)
        if self.regime == "free":
            return notional
        return torch.zeros_like(notional) if self.regime == "bound" else torch.relu(notional)

    def slack(self, s: Named, x: Named, p: Named) -> Tensor:
        """The notional rate, in percent."""
        return self.notional_rate(s, x, p) / 0.01

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """As without the bound, but `lagged_rate` says which rate the rule remembers."""
        remembered = self.log_rate(s, x, p) if self.lagged_rate == "actual" else self.notional_rate(s, x, p)
        return {**super().transition(s, x, e, p), "interest_rate_lag": remembered}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Also how many standard deviations of the rate its steady state lies above the bound, in logs."""
        return {**super().characteristics(p), "room": log(p.log_rate / p.linear.sd_rate)}

    def place(self, u: Named, p: Named) -> dict[str, Tensor]:
        """Evenly on the box, but a part of the states around the bound, which the even law hardly ever
        reaches: growth is low, and an impulse brings the linear rate to between one of its standard
        deviations below zero and half a one above.
        """
        down = u.monetary < AROUND_BOUND
        within = torch.where(
            down, u.monetary / AROUND_BOUND, (u.monetary - AROUND_BOUND) / (1 - AROUND_BOUND)
        )
        s = super().place(SimpleNamespace(**{**vars(u), "monetary": within}), p)
        growth = -2 * p.linear.sd_growth * u.growth
        rate = (0.5 - 1.5 * within) * p.linear.sd_rate
        impulse = (rate - p.log_rate - p.linear.rate_z * growth) / p.linear.rate_u
        inherited = p.rho_r * (s["interest_rate_lag"] - p.log_rate)
        s["growth"] = torch.where(down, growth, s["growth"])
        s["monetary"] = torch.where(down, impulse - inherited, s["monetary"])
        return s

    def effective_impulse(self, s: Named, p: Named) -> Tensor:
        """At the bound, the impulse that brings the linear rate down to zero."""
        if self.regime != "bound":
            return self.impulse(s, p)
        return -(p.log_rate + p.linear.rate_z * s.growth) / p.linear.rate_u


def smoothing_root(beta: Tensor, p: Named) -> Tensor:
    """mu = dR/dR_-1 in the linear model: the root of a cubic that rises from negative at 0 to positive at
    rho_r.

    Newton's method from rho_r / 2; four steps leave at most 1e-3 in the worst corner and rounding error in
    most of the box, ample for a starting point.
    """
    mu = p.rho_r / 2
    for _ in range(NEWTON_STEPS):
        demand = (1 - mu) * (1 - beta * mu) - mu * p.kappa / p.tau
        rule = (p.psi2 * (1 - beta * mu) + p.psi1 * p.kappa) * (1 - p.rho_r) / p.tau
        demand_slope = 2 * beta * mu - 1 - beta - p.kappa / p.tau
        rule_slope = -p.psi2 * beta * (1 - p.rho_r) / p.tau
        value = (mu - p.rho_r) * demand + mu * rule
        mu = mu - value / (demand + (mu - p.rho_r) * demand_slope + rule + mu * rule_slope)
    return mu


def linear_solution(beta: Tensor, p: Named) -> Named:
    """Responses of log consumption, log inflation and the log rate to u and z in the linearised model, and
    ergodic sds.

    Undetermined coefficients: first on u, where E u' = rho_r R leaves one cubic, then on z, where the rest
    is linear.
    """
    mu = smoothing_root(beta, p)
    inflation_per_gap = p.kappa / (1 - beta * mu)
    consumption_u = (mu / p.rho_r - 1) / ((1 - p.rho_r) * (p.psi2 + p.psi1 * inflation_per_gap))
    inflation_u = inflation_per_gap * consumption_u
    to_inflation, to_gap = (1 - p.rho_r) * p.psi1, (1 - p.rho_r) * p.psi2
    carried = p.rho_r * inflation_u
    ratio = (p.kappa + beta * carried * to_gap) / (1 - beta * p.rho_z - beta * carried * to_inflation)
    tightening = (1 - carried) / p.tau - p.rho_r * consumption_u
    rate_per_gap = to_inflation * ratio + to_gap
    consumption_z = p.rho_z / p.tau / (1 - p.rho_z + rate_per_gap * tightening - p.rho_z * ratio / p.tau)
    rate_u, rate_z = mu / p.rho_r, rate_per_gap * consumption_z
    sd_growth = p.sigma_z / 100 / (1 - p.rho_z**2) ** 0.5
    driven = (rate_z * sd_growth) ** 2 * (1 + p.rho_z * mu) / (1 - p.rho_z * mu)
    return SimpleNamespace(
        rate_u=rate_u,
        consumption_u=consumption_u,
        inflation_u=inflation_u,
        consumption_z=consumption_z,
        inflation_z=ratio * consumption_z,
        rate_z=rate_z,
        sd_growth=sd_growth,
        sd_rate=(((rate_u * p.sigma_r / 100) ** 2 + driven) / (1 - mu**2)) ** 0.5,
    )
