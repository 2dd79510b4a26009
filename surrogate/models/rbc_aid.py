"""The real business cycle model's log-linear solution, from which its network starts."""

from __future__ import annotations

from torch import Tensor, exp, log

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period


class RealBusinessCycleAid(Aid):
    """Capital in logs, relative to the steady state; the log-linear solution as anchor."""

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Half a log point of capital, and three standard deviations of productivity, either side."""
        capital = self.steady_state(p)[0]["capital"]
        three_sd = 3 * p.sigma / (1 - p.rho**2) ** 0.5
        return {"capital": (capital * 0.6065, capital * 1.6487), "productivity": (-three_sd, three_sd)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Log capital relative to the steady state, and productivity."""
        capital = self.steady_state(p)[0]["capital"]
        return {"capital": log(now.capital / capital) / 0.5, "productivity": now.productivity / 0.25}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the steady state and the linear solution that they imply."""
        states, controls = self.steady_state(p)
        on_capital, on_productivity = p.slopes
        return {
            **super().characteristics(p),
            "consumption_capital": log(controls["consumption"] / states["capital"]),
            "on_capital": log(on_capital),
            "on_productivity": log(on_productivity),
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The log-linear solution (Campbell 1994), applied to the odds of consuming a unit of resources:
        always feasible.
        """
        states, controls = self.steady_state(p)
        on_capital, on_productivity = p.slopes
        steady_resources = controls["consumption"] + states["capital"]
        saved = states["capital"] / steady_resources
        consumption = on_capital * log(now.capital / states["capital"]) + on_productivity * now.productivity
        odds = (1 - saved) / saved * exp((consumption - log(now.resources / steady_resources)) / saved)
        return {"consumption": now.resources * odds / (1 + odds)}

    def slopes(self, p: Parameters) -> tuple[Tensor, Tensor]:
        """Elasticities of consumption to capital and to e^z, by undetermined coefficients.

        With hats for log deviations:  k' = k / beta + (Y/K) z - (C/K) c   and   c = E c' + r_g E[(1 - alpha)
        k' - z'], where r_g = beta r / gamma; the elasticity to capital is the positive root of a quadratic.
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
