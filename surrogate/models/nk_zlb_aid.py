"""Where the network of the New Keynesian model with the zero lower bound starts, and what it sees.

One state, so the kink is one point. On either side of it the policy is smooth, because shocks smooth what
is expected; each regime has its own outputs. The network starts from the linear model, shifted by the bias
that the risk of the bound brings, and at the bound from a rate of zero that nobody expects to last.
"""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor, erfc, exp, log, zeros_like

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period

BIAS_STEPS = 6


class NewKeynesianZeroLowerBoundAid(Aid):
    """The linear model without the bound, by undetermined coefficients, and the biases of risk."""

    discount_factor: ClassVar[float]
    risk_aversion: ClassVar[float]
    log_target: ClassVar[float]
    log_steady_rate: ClassVar[float]
    steady_labor: ClassVar[float]

    def per_output(self, p: Parameters) -> Tensor:
        """Inflation for each unit of output."""
        return p.slope / (1 - self.discount_factor * p.rho_zeta)

    def on_output(self, p: Parameters) -> Tensor:
        """Output per unit of zeta."""
        pull = p.theta_y + (p.theta_pi - p.rho_zeta) * p.per_output
        return (1 - p.rho_zeta) / (self.risk_aversion * (1 - p.rho_zeta) + pull)

    def on_inflation(self, p: Parameters) -> Tensor:
        """Inflation per unit of zeta."""
        return p.per_output * p.on_output

    def on_rate(self, p: Parameters) -> Tensor:
        """The rate per unit of zeta."""
        return p.theta_pi * p.on_inflation + p.theta_y * p.on_output

    def sd(self, p: Parameters) -> Tensor:
        """Ergodic standard deviation of zeta."""
        return p.sigma_zeta / (1 - p.rho_zeta**2) ** 0.5

    def output_bias(self, p: Parameters) -> Tensor:
        """Output in the long run, per unit of inflation."""
        return (1 - self.discount_factor) / p.slope

    def biases(self, p: Parameters) -> list[Tensor]:
        """How far inflation rests below its target because the rate cannot follow the rule: successive
        approximations, the first one without feedback.

        In the long run inflation is low by the mean shortfall of the rate over the rule's response to
        inflation less one; what the rule asks for is normal, and its mean falls with the bias. The feedback
        can be so strong that nothing stops it: then there is no equilibrium (compare Richter and Throckmorton
        2015).
        """
        response, sd_rate = p.theta_pi + p.theta_y * p.output_bias, p.on_rate * p.sd
        biases, bias = [], zeros_like(sd_rate)
        for _ in range(BIAS_STEPS):
            room = (self.log_steady_rate + response * bias) / sd_rate
            density = exp(-(room**2) / 2) / (2 * math.pi) ** 0.5
            shortfall = sd_rate * (density - room * erfc(room / 2**0.5) / 2)
            bias = -shortfall / (response - 1)
            biases.append(bias)
        return biases

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Three standard deviations of the preference shock either side."""
        return {"preference": (-3 * p.sd, 3 * p.sd)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The preference shock, one at three standard deviations."""
        return {"preference": now.preference / (3 * p.sd)}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, what decides how far from linear the economy is: how often the bound binds,
        the bias of inflation that follows, and how long a slump lasts at an interest rate that is stuck.
        """
        room = self.log_steady_rate / (p.on_rate * p.sd)
        demand = (1 - p.rho_zeta) * (1 - self.discount_factor * p.rho_zeta) * self.risk_aversion
        return {
            **super().characteristics(p),
            "room": log(room),
            "on_output": log(p.on_output),
            "on_inflation": log(p.on_inflation),
            "binding": erfc(room / 2**0.5),
            "first_bias": p.biases[0],
            "bias": p.biases[-1],
            "lasting": demand - p.rho_zeta * p.slope,
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The linear solution with the bias of inflation; at the bound, moved by the rate asked for."""
        output = p.on_output * now.preference + p.output_bias * p.biases[-1]
        inflation = p.on_inflation * now.preference + p.biases[-1]
        if now.told("lower_bound"):
            asked = self.log_steady_rate + p.theta_pi * inflation + p.theta_y * output
            output = output + asked / self.risk_aversion
            inflation = inflation + p.slope * asked / self.risk_aversion
        return {
            "labor": self.steady_labor * exp(output),
            "inflation": exp(self.log_target + inflation),
        }
