"""The multi-country real business cycle of the comparison in the Journal of Economic Dynamics and Control.

y_j = A e^(z_j) k_j^alpha,   g_j = k_j' / k_j - 1,   z_j' = rho z_j + sigma (e_j' + e')
N c = sum of y_j + (1 - delta) k_j - k_j' - phi/2 k_j g_j^2
c^-gamma (1 + phi g_j) = beta E[ c'^-gamma ( alpha y_j'/k_j' + 1 - delta + phi/2 g_j' (g_j' + 2) ) ]

A planner weighs N countries equally (Den Haan, Judd and Juillard 2011; Juillard and Villemot 2011). Each has
its own productivity, hit by a shock of its own and one of the world, and its own capital, which costs to
change. Countries are alike, and markets complete: all eat the same.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from torch import Tensor, log

from surrogate.house.records import whole_number
from surrogate.models import Control, Model, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.irbc_aid import CountriesAid
from surrogate.models.irbc_calibration import ALPHA, BETA, DELTA, OUTPUT

COUNTRIES, FEWEST, MOST = 10, 2, 200


class MultiCountryRealBusinessCycle(CountriesAid, Model):
    """Each country's capital of tomorrow; what is left is eaten in equal parts."""

    name = "irbc"
    description = "Real business cycle of ten countries with complete markets and costs of changing capital"
    parameters = (
        ParameterRange("gamma", 0.5, 4.0, 1.0, "relative risk aversion"),
        ParameterRange("phi", 0.25, 2.0, 0.5, "cost of changing capital"),
        ParameterRange("rho", 0.85, 0.97, 0.95, "persistence of productivity"),
        ParameterRange("sigma", 0.005, 0.02, 0.01, "standard deviation of shocks to log productivity"),
    )
    units = COUNTRIES
    states = (
        Variable("capital", "capital of each country", "goods", COUNTRIES),
        Variable("productivity", "productivity z of each country", "log", COUNTRIES),
    )
    controls = (Control("capital_next", "capital of each country tomorrow", "goods", COUNTRIES, lower=0.0),)
    shocks = (
        Variable("country", "productivity shock of each country", "standard deviations", COUNTRIES),
        Variable("world", "productivity shock of all countries", "standard deviations"),
    )
    observables = (
        Variable("log_output", "output per country", "log"),
        Variable("log_consumption", "consumption per country", "log"),
        Variable("investment_share", "investment per country", "share of output"),
        Variable("relative_output", "output of the first country, relative to the average", "log"),
        Variable("relative_capital", "capital of the first country, relative to the average", "log"),
    )
    equations = (
        Variable(
            "euler", "consumption error implied by the Euler equation", "share of consumption", COUNTRIES
        ),
    )
    inputs = (
        Variable("own_capital", size=COUNTRIES),
        Variable("own_productivity", size=COUNTRIES),
        Variable("capital"),
        Variable("productivity"),
        Variable("spread_of_capital"),
        Variable("comovement"),
        Variable("spread_of_productivity"),
    )

    def output(self, now: Period, p: Parameters) -> Tensor:
        """y of each country, [..., N]."""
        return OUTPUT * (now.productivity + ALPHA * log(now.capital)).exp()

    def growth(self, now: Period, p: Parameters) -> Tensor:
        """g of each country, [..., N]."""
        return now.capital_next / now.capital - 1

    def consumption(self, now: Period, p: Parameters) -> Tensor:
        """c, the same in all countries."""
        cost = p.phi[..., None] / 2 * now.capital * now.growth**2
        left = now.output + (1 - DELTA) * now.capital - now.capital_next - cost
        return left.sum(-1) / self.units

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Capital is what was chosen, and productivity is autoregressive."""
        shock = e.country + e.world[..., None]
        return {
            "capital": now.capital_next,
            "productivity": p.rho[..., None] * now.productivity + p.sigma[..., None] * shock,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit of capital of each country is worth tomorrow, in today's marginal utility, [..., N]."""
        phi, growth = p.phi[..., None], then.growth
        worth = ALPHA * then.output / then.capital + 1 - DELTA + phi / 2 * growth * (growth + 2)
        discount = BETA * (then.consumption / now.consumption) ** -p.gamma
        return {"marginal_value": discount[..., None] * worth}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Consumption that the Euler equation asks for, less one, as a share of consumption."""
        worth = expected.marginal_value / (1 + p.phi[..., None] * now.growth)
        return {"euler": 1 - worth ** (-1 / p.gamma[..., None])}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """The average country, and the first one beside it."""
        output, capital = then.output.sum(-1) / self.units, then.capital.sum(-1) / self.units
        investment = (then.capital_next - (1 - DELTA) * then.capital).sum(-1) / self.units
        return {
            "log_output": log(output),
            "log_consumption": log(then.consumption),
            "investment_share": investment / output,
            "relative_output": log(then.output[..., 0] / output),
            "relative_capital": log(then.capital[..., 0] / capital),
        }


@cache
def multi_country(countries: int = COUNTRIES) -> MultiCountryRealBusinessCycle:
    """The economy with so many countries.

    Raises:
        BadConfiguration: if there are fewer than two or more than two hundred.
    """
    number = whole_number("The number of countries", countries, FEWEST, MOST)
    base = MultiCountryRealBusinessCycle
    own = {
        kind: tuple(
            replace(each, size=number) if each.size == COUNTRIES else each for each in getattr(base, kind)
        )
        for kind in ("states", "controls", "shocks", "equations", "inputs")
    }
    return type(
        f"Of{number}Countries", (base,), {**own, "units": number, "written": base, "__module__": __name__}
    )()
