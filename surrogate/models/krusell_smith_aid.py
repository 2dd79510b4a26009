"""Where the network of Krusell and Smith's household looks and starts: about the kink, and near a saving rule
that keeps wealth as it is.
"""

from __future__ import annotations

from torch import Tensor, exp, log, maximum, minimum

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Variable

MEAN_UNEMPLOYMENT = 0.07
HIGH = 0.95
"""Consumption next quarter of those who find work, relative to the wage, in the first approximation of the
kink.
"""
ROUND = 4
"""How close to its kink the anchor is."""


class HouseholdAid(Aid):
    """Cash on hand in logs and what is left of it near the limit; employment, productivity and capital."""

    hours: float
    inputs = (
        Variable("resources"),
        Variable("scarcity"),
        Variable("employed"),
        Variable("boom"),
        Variable("capital"),
    )

    def impatience(self, p: Parameters) -> Tensor:
        """1 / beta - 1, the return that would keep wealth as it is."""
        return 1 / p.beta - 1

    def steady_labor(self, p: Parameters) -> Tensor:
        """At mean unemployment."""
        return self.hours * (1 - MEAN_UNEMPLOYMENT) + 0 * p.beta

    def steady_capital(self, p: Parameters) -> Tensor:
        """K of the representative agent without risk."""
        return_on_capital = (p.impatience + p.delta) / p.alpha
        return return_on_capital ** (1 / (p.alpha - 1)) * p.steady_labor

    def steady_wage(self, p: Parameters) -> Tensor:
        """W there."""
        return (1 - p.alpha) * (p.steady_capital / p.steady_labor) ** p.alpha

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Wealth up to nine times the representative agent's, capital within a fifth of it."""
        zero = 0 * p.steady_capital
        capital = (0.8 * p.steady_capital, 1.25 * p.steady_capital)
        return {
            "assets": (zero, 9 * p.steady_capital),
            "employed": (zero, zero + 1),
            "capital": capital,
            "boom": (zero, zero + 1),
            "next_capital": capital,
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        return {**self.coordinates_besides_productivity(now, p), "boom": 2 * now.boom - 1}

    def coordinates_besides_productivity(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of the household and of capital, whatever productivity follows."""
        relative = now.resources / p.steady_wage
        return {
            "resources": (log(relative) - 2) / 1.5,
            "scarcity": exp(-relative),
            "employed": 2 * now.employed - 1,
            "capital": log(now.capital / p.steady_capital) / 0.1,
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """What decides how patient, how safe and how rich households are."""
        return {**self.characteristics_besides_productivity(p), "dz": p.dz}

    def characteristics_besides_productivity(self, p: Parameters) -> dict[str, Tensor]:
        """Of tastes, technology and benefits, whatever productivity follows."""
        return {
            "impatience": log(p.impatience),
            "gamma": log(p.gamma),
            "alpha": p.alpha,
            "delta": log(p.delta),
            "mu": log(p.mu),
            "capital_over_wage": log(p.steady_capital / p.steady_wage),
        }

    def kink(self, now: Period, p: Parameters) -> Tensor:
        """Cash on hand below which all is consumed, if all of tomorrow's income is."""
        risk = now.risk_of_unemployment
        marginal_utility = p.beta * (risk * exp(-p.gamma * log(p.mu)) + (1 - risk) * HIGH ** (-p.gamma))
        return now.wage * exp(-log(marginal_utility) / p.gamma)

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The smaller, smoothly, of what keeps wealth as it is and of a line through the kink."""
        keeping = now.wage * p.steady_labor + p.impatience * now.assets
        near = (now.kink + now.resources) / 2
        low, high = minimum(near, keeping), maximum(near, keeping)
        return {"consumption": low * (1 + (low / high) ** ROUND) ** (-1 / ROUND)}
