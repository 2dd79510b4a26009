"""What helps the network of many countries: the log-linear solution, in closed form for any number of them.

Countries are alike, so to first order the average country and what sets a country apart from it do not bear
on each other. Both obey

    k' = b k + d z,   z' = rho z + e,

the average of capital and productivity in logs with the utility that is there, and deviations from it as if
nobody minded when to consume, since all eat the same.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from torch import Tensor, exp, log, ones_like, zeros_like

from surrogate.models.aid import Aid
from surrogate.models.irbc_calibration import ALPHA, BETA, CONSUMPTION, DELTA, OUTPUT
from surrogate.models.period import Parameters, Period

WIDE = 3.0
"""Standard deviations on either side that the box covers."""
SEEN = 2.0
"""Standard deviations that are one to the network."""


class Law(NamedTuple):
    """k' = b k + d z, with the standard deviations of k and z, [...] each."""

    on_capital: Tensor
    on_productivity: Tensor
    capital_sd: Tensor
    productivity_sd: Tensor


class CountriesAid(Aid):
    """Where to look, what to see, and the log-linear solution as anchor."""

    units: ClassVar[int]

    def average_law(self, p: Parameters) -> Law:
        """Of the average country, whom the shock of the world hits, and the average of the others."""
        variance = p.sigma**2 * (1 + 1 / self.units)
        return law_of_motion(p.gamma / CONSUMPTION, variance, p)

    def own_law(self, p: Parameters) -> Law:
        """Of deviations from it."""
        variance = p.sigma**2 * (1 - 1 / self.units)
        return law_of_motion(zeros_like(p.gamma), variance, p)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """One unit of capital in each country: that is how goods are measured."""
        one = ones_like(p.gamma)[..., None].expand(*p.gamma.shape, self.units)
        return {"capital": one, "productivity": 0 * one}, {"capital_next": one}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Three standard deviations on either side."""
        average, own = p.average_law, p.own_law
        one = self.steady_state(p)[0]["capital"]
        capital = WIDE * ((average.capital_sd**2 + own.capital_sd**2) ** 0.5)[..., None] * one
        productivity = WIDE * ((average.productivity_sd**2 + own.productivity_sd**2) ** 0.5)[..., None] * one
        return {"capital": (exp(-capital), exp(capital)), "productivity": (-productivity, productivity)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """In standard deviations; what is there of second order in countries is the same to all of them."""
        average, own = p.average_law, p.own_law
        mean, apart = averages_and_deviations(log(now.capital))
        mean_z, apart_z = averages_and_deviations(now.productivity)
        own_capital = apart / (SEEN * own.capital_sd[..., None])
        own_productivity = apart_z / (SEEN * own.productivity_sd[..., None])
        return {
            "own_capital": own_capital,
            "own_productivity": own_productivity,
            "capital": mean / (SEEN * average.capital_sd),
            "productivity": mean_z / (SEEN * average.productivity_sd),
            "spread_of_capital": (own_capital**2).sum(-1) / self.units,
            "comovement": (own_capital * own_productivity).sum(-1) / self.units,
            "spread_of_productivity": (own_productivity**2).sum(-1) / self.units,
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the log-linear solution."""
        laws = {"average": p.average_law, "own": p.own_law}
        responses = {
            f"{whose}_{name}": log(getattr(law, name))
            for whose, law in laws.items()
            for name in ("on_capital", "on_productivity")
        }
        return {**super().characteristics(p), **responses}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The log-linear solution."""
        average, own = p.average_law, p.own_law
        mean, apart = averages_and_deviations(log(now.capital))
        mean_z, apart_z = averages_and_deviations(now.productivity)
        of_average = average.on_capital * mean + average.on_productivity * mean_z
        of_own = own.on_capital[..., None] * apart + own.on_productivity[..., None] * apart_z
        return {"capital_next": exp(of_average[..., None] + of_own)}


def averages_and_deviations(values: Tensor) -> tuple[Tensor, Tensor]:
    """The mean over countries [...] and what sets each apart [..., N]."""
    mean = values.sum(-1) / values.shape[-1]
    return mean, values - mean[..., None]


def law_of_motion(reluctance: Tensor, variance: Tensor, p: Parameters) -> Law:
    """The saddle path of the linearised Euler equation

    q [k' - k / beta - A z] + phi (k' - k) = E[ q (k'' - k' / beta - A z') + m z' - m (1 - alpha) k'
    + beta phi (k'' - k') ],

    m being 1 - beta (1 - delta) and q = `reluctance` the curvature of utility per unit of consumption;
    shocks to z have this `variance`.
    """
    m = 1 - BETA * (1 - DELTA)
    ahead = reluctance + BETA * p.phi
    middle = reluctance * (1 + 1 / BETA) + p.phi * (1 + BETA) + m * (1 - ALPHA)
    on_capital = (middle - (middle**2 - 4 * ahead**2 / BETA) ** 0.5) / (2 * ahead)
    gain = reluctance * OUTPUT * (1 - p.rho) + m * p.rho
    on_productivity = BETA * on_capital / ahead * gain / (1 - BETA * on_capital * p.rho)
    productivity_variance = variance / (1 - p.rho**2)
    together = (1 + on_capital * p.rho) / ((1 - on_capital**2) * (1 - on_capital * p.rho))
    capital_sd = on_productivity * (productivity_variance * together) ** 0.5
    return Law(on_capital, on_productivity, capital_sd, productivity_variance**0.5)
