"""What the network of An and Schorfheide's economy sees, and the linear solution that it starts from.

The rule sees the lagged rate and the monetary shock only through u = rho_r log(R_-1 / R_ss) + eps_r, so the
policy has three inputs, not four. In logs the model is linear but for second-order terms, and its linear
solution has a closed form up to the root of a cubic.
"""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor, exp, log

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Named, Variable

LOG_GBAR = -log(torch.tensor(0.85, dtype=torch.float64)).item()
NEWTON_STEPS = 4


class AnSchorfheideAid(Aid):
    """The impulse instead of the lagged rate and the monetary shock; the linear solution as anchor."""

    inputs = (Variable("impulse"), Variable("government"), Variable("growth"))
    log_gbar = LOG_GBAR
    """Of the government spending wedge at rest."""

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The three numbers that decide the policy, scaled to be of order one."""
        government = (now.government - self.log_gbar) / 0.2
        return {"impulse": now.impulse / 0.02, "government": government, "growth": now.growth / 0.02}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the logs of what decides how far from linear the economy is."""
        linear = p.linear
        variance = (linear.inflation_u * linear.sd_rate) ** 2 + (linear.inflation_z * linear.sd_growth) ** 2
        sd_inflation = variance**0.5
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

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The linear solution, in logs."""
        linear, impulse = p.linear, now.effective_impulse
        consumption = linear.consumption_u * impulse + linear.consumption_z * now.growth
        inflation = linear.inflation_u * impulse + linear.inflation_z * now.growth
        return {
            "consumption": p.steady_consumption * exp(consumption),
            "inflation": p.target * exp(inflation),
        }

    def effective_impulse(self, now: Period, p: Parameters) -> Tensor:
        """The impulse u that explains today's rate in the linear solution."""
        return now.impulse

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
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

    def smoothing(self, p: Parameters) -> Tensor:
        """mu = dR/dR_-1 in the linear model: the root of a cubic that rises from negative at 0 to positive
        at rho_r.

        Newton's method from rho_r / 2; four steps leave at most 1e-3 in the worst corner and rounding error
        in most of the box, ample for a starting point.
        """
        mu = p.rho_r / 2
        for _ in range(NEWTON_STEPS):
            demand = (1 - mu) * (1 - p.beta * mu) - mu * p.kappa / p.tau
            rule = (p.psi2 * (1 - p.beta * mu) + p.psi1 * p.kappa) * (1 - p.rho_r) / p.tau
            demand_slope = 2 * p.beta * mu - 1 - p.beta - p.kappa / p.tau
            rule_slope = -p.psi2 * p.beta * (1 - p.rho_r) / p.tau
            value = (mu - p.rho_r) * demand + mu * rule
            mu = mu - value / (demand + (mu - p.rho_r) * demand_slope + rule + mu * rule_slope)
        return mu

    def linear(self, p: Parameters) -> Named:
        """Responses of log consumption, log inflation and the log rate to u and z in the linearised model,
        and ergodic sds.

        Undetermined coefficients: first on u, where E u' = rho_r R leaves one cubic, then on z, where the
        rest is linear.
        """
        mu = p.smoothing
        inflation_per_gap = p.kappa / (1 - p.beta * mu)
        consumption_u = (mu / p.rho_r - 1) / ((1 - p.rho_r) * (p.psi2 + p.psi1 * inflation_per_gap))
        inflation_u = inflation_per_gap * consumption_u
        to_inflation, to_gap = (1 - p.rho_r) * p.psi1, (1 - p.rho_r) * p.psi2
        carried = p.rho_r * inflation_u
        lasting = 1 - p.beta * p.rho_z - p.beta * carried * to_inflation
        ratio = (p.kappa + p.beta * carried * to_gap) / lasting
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
