"""Krusell and Smith's economy, reduced: how much capital there is, and whether there is a boom.

Krusell and Smith (1998) find that capital and productivity say nearly all about tomorrow's capital.

    C = C(K, boom or bust)                    fitted to what all households of the full economy consume
    K' = A K^alpha L^(1-alpha) + (1-delta) K - C

Goods add up, and only consumption is approximate: what the shape of the distribution of wealth adds is left
out. How equal wealth is cannot be observed here: two thirds of the variance of its Gini coefficient follow
from capital and productivity, the rest from a longer memory.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, exp, log, stack, zeros_like

from surrogate.models.interface import Control, Named, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_household import HOURS, SWITCH, UNEMPLOYMENT, Household
from surrogate.models.reduced import Reduced

REACH = 0.2
"""In logs, how far from the representative agent's capital an economy may be."""


class KrusellSmithReduced(Reduced):
    """Capital, and whether there is a boom."""

    name = "krusell_smith_reduced"
    description = "Krusell and Smith (1998) with capital as its only endogenous state, for filters"
    full = KrusellSmith
    parameters = KrusellSmith.parameters
    states = (
        Variable("log_capital", "capital K at the start of the quarter", "log"),
        Variable("productivity", "total factor productivity, 1 - dz or 1 + dz", "level"),
    )
    controls = (
        Control("consumption", "consumption of all households", "goods", lower=0.0, upper="resources"),
    )
    shocks = KrusellSmith.shocks
    observables = KrusellSmith.observables[:3]
    inputs = (Variable("log_capital"), Variable("boom"))
    household: ClassVar[Household] = Household()

    def of_full(self, seen: Named) -> Values:
        """Capital and productivity, and what all consume."""
        return {
            "log_capital": seen.log_capital,
            "productivity": seen.productivity,
            "consumption": exp(seen.log_consumption),
        }

    def of_household(self, p: Parameters) -> Parameters:
        """The same parameters for the household of the full economy."""
        return self.household.name_parameters(p.vector)

    def boom(self, now: Period, p: Parameters) -> Tensor:
        """1 in a boom, 0 in a bust."""
        return (now.productivity > 1).to(now.productivity.dtype)

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return exp(now.log_capital)

    def labor(self, now: Period, p: Parameters) -> Tensor:
        """L, of those who have jobs."""
        bust, boom = UNEMPLOYMENT
        return HOURS * (1 - bust - (boom - bust) * now.boom)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y."""
        return now.productivity * now.capital**p.alpha * now.labor ** (1 - p.alpha)

    def resources(self, now: Period, p: Parameters) -> Tensor:
        """Output and what is left of capital."""
        return now.output + (1 - p.delta) * now.capital

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """What is not consumed is tomorrow's capital."""
        boom = self.household.boom_tomorrow(now, e.productivity)
        return {
            "log_capital": log(now.resources - now.consumption),
            "productivity": 1 + p.dz * (2 * boom - 1),
        }

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Of a switch between boom and bust, outcome 0."""
        switch = SWITCH + zeros_like(now.log_capital)
        return {"productivity": stack([switch, 1 - switch], -1)}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates of the quarter."""
        return {
            "log_capital": then.log_capital,
            "log_output": log(then.output),
            "log_consumption": log(then.consumption),
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Wages in a mean quarter, and the return that would keep wealth as it is."""
        mean_output = now.capital**p.alpha * p.of_household.steady_labor ** (1 - p.alpha)
        return {"consumption": (1 - p.alpha) * mean_output + p.of_household.impatience * now.capital}

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Not at rest, but where simulations start, as in the full economy: the representative agent's
        capital, in a boom.
        """
        states = {"log_capital": log(p.of_household.steady_capital), "productivity": 1 + p.dz}
        return states, self.anchor(Period(self, p, states), p)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Around the representative agent's capital; boom and bust."""
        middle = log(p.of_household.steady_capital)
        return {
            "log_capital": (middle - REACH, middle + REACH),
            "productivity": (1 - p.dz, 1 + p.dz),
        }

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Evenly in the logarithm of capital, and boom or bust."""
        low, high = self.state_bounds(p)["log_capital"]
        boom = (u.productivity < 0.5).to(u.productivity.dtype)
        return {
            "log_capital": low + (high - low) * u.log_capital,
            "productivity": 1 + p.dz * (2 * boom - 1),
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        relative = now.log_capital - log(p.of_household.steady_capital)
        return {"log_capital": relative / 0.1, "boom": 2 * now.boom - 1}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """What the household's network sees."""
        return self.household.characteristics(p.of_household)
