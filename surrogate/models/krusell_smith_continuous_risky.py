"""Krusell and Smith's economy in continuous time where wealth has risk of its own.

    da = (w n + r a - c) dt + sigma_w a dW,  a >= 0;   dW independent between households

Risk vanishes at the limit, so nobody is pushed beyond it and the root of wealth in the policy stays: the
second derivative of consumption there is of order a^(-3/2), and a^2 times that falls to zero. A unit of
wealth is worth v_a = c^-gamma as before. The equation of v differentiated by wealth has a further drift:

    0 = r - rho + D(c^-gamma) / c^-gamma,   with drift w n + r a - c + sigma_w^2 a in D

Wealth has a Pareto tail of exponent 2 - gamma + 2 (rho - r) / (gamma sigma_w^2), about 12 at the default.
"""

from __future__ import annotations

from torch import Tensor, log, sqrt

from surrogate.models.differences import differentiation
from surrogate.models.interface import Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith_continuous import GRID, KrusellSmithContinuous, by_income
from surrogate.models.krusell_smith_continuous_household import PARAMETERS, Household

RISKY = (*PARAMETERS, ParameterRange("sigma_w", 0.02, 0.06, 0.05, "volatility of wealth", "a year"))


class RiskyHousehold(Household):
    """One household whose wealth is risky."""

    name = "krusell_smith_continuous_risky_household"
    parameters = RISKY
    shocks = (*Household.shocks, Variable("wealth", "of its own wealth", "standard deviations"))

    def drift(self, now: Period, p: Parameters) -> Values:
        """Of wealth as marginal utility sees it."""
        drift = super().drift(now, p)
        return {**drift, "assets": drift["assets"] + p.sigma_w**2 * now.assets}

    def volatilities(self, now: Period, p: Parameters) -> list[Values]:
        """Of productivity, and of wealth."""
        return [*super().volatilities(now, p), {"assets": p.sigma_w * now.assets}]

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Variance of wealth as well."""
        return {**super().characteristics(p), "risk_of_wealth": p.sigma_w**2}


class KrusellSmithRiskyWealth(KrusellSmithContinuous):
    """All households, and productivity."""

    name = "krusell_smith_continuous_risky"
    description = "Krusell and Smith (1998) in continuous time with idiosyncratic risk of wealth"
    parameters = RISKY
    household = RiskyHousehold()

    def placed(self, now: Period, places: Tensor, years: float, p: Parameters) -> Tensor:
        """Half of each node a standard deviation up and half down, which keeps the mean and adds the variance
        (sigma_w a)^2; at the limit there is none.
        """
        spread = years**0.5 * p.sigma_w[..., None] * now.assets / p.unit
        half = by_income(now.wealth) / 2
        return GRID.move(half, by_income(places + spread)) + GRID.move(half, by_income(places - spread))

    def growth_errors(self, now: Period, expected: Named, p: Parameters) -> Tensor:
        """With what risk adds, sigma_w^2 / 2 (a^2 f'' + (a f')^2 + 2 a f') / gamma, f = -gamma log c, by
        differences between nodes in x = root of A / (1 + A), A wealth in units of K*: a f' = k f_x with
        k = x / (2 (1 + A)).
        """
        errors = super().growth_errors(now, expected, p)
        gamma, nodes = p.gamma[..., None, None], GRID.nodes(now.consumption)
        root = sqrt(nodes / (1 + nodes))
        by_root, k = differentiation(root.double()).to(nodes).mT, root / (2 * (1 + nodes))
        slope = k * (-gamma * by_income(log(now.consumption)) @ by_root)
        added = p.sigma_w[..., None, None] ** 2 / 2 * (k * (slope @ by_root) + slope + slope**2) / gamma
        return errors + added.flatten(-2)
