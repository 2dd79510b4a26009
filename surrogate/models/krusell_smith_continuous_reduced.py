"""Krusell and Smith's economy in continuous time, reduced: how much capital there is, and productivity.

Households of the full economy know no more either (`surrogate.models.krusell_smith_continuous`). What all of
them do depends on who owns the capital, and that nearly follows from capital and productivity:

    C = C(K, z)                                   what households consume at the start of a quarter, a year
    K' = K + (Y(K, z over the quarter) - delta K - D(K, z)) / 4,   D what is not saved in it, a year

Both are fitted. D is C but for those who would end below the limit, and end at it. Goods add up.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, exp, log, sqrt, zeros_like

from surrogate.models.interface import Control, Named, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith_continuous import FAR, KrusellSmithContinuous
from surrogate.models.krusell_smith_continuous_aid import CAPITAL_UNIT, PRODUCTIVITY_UNIT
from surrogate.models.krusell_smith_continuous_household import ALPHA, DELTA, Household
from surrogate.models.reduced import Reduced

YEARS = KrusellSmithContinuous.step_years
FURTHEST = 0.06
"""Log productivity at the ends of its box."""


class KrusellSmithContinuousReduced(Reduced):
    """Capital and productivity."""

    name = "krusell_smith_continuous_reduced"
    description = (
        "Krusell and Smith (1998) in continuous time, capital its only endogenous state, for filters"
    )
    full = KrusellSmithContinuous
    parameters = KrusellSmithContinuous.parameters
    states = (
        Variable("log_capital", "capital K at the start of the quarter", "log"),
        Variable("productivity", "total factor productivity", "log"),
    )
    controls = (
        Control("consumption", "consumption of all households", "goods a year", lower=0.0),
        Control("spent", "what is not saved in the quarter", "goods a year", lower=0.0),
    )
    shocks = KrusellSmithContinuous.shocks
    observables = KrusellSmithContinuous.observables[:4]
    household: ClassVar[Household] = Household()

    def of_full(self, seen: Named) -> Values:
        """Capital and productivity, and what all consume and save."""
        saved = (seen.capital_tomorrow - seen.capital) / YEARS
        meanwhile = exp(seen.meanwhile + ALPHA * log(seen.capital))
        return {
            "log_capital": log(seen.capital),
            "productivity": seen.productivity,
            "consumption": seen.consumption_of_all,
            "spent": meanwhile - DELTA * seen.capital - saved,
        }

    def of_household(self, p: Parameters) -> Parameters:
        """The same parameters for the household of the full economy."""
        return self.household.name_parameters(p.vector)

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return exp(now.log_capital)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y."""
        return exp(now.productivity + ALPHA * now.log_capital)

    def saved(self, now: Period, p: Parameters) -> Tensor:
        """What capital changes by, a year."""
        meanwhile = p.still_there * now.productivity
        return exp(meanwhile + ALPHA * now.log_capital) - DELTA * now.capital - now.spent

    def stays(self, p: Parameters) -> Tensor:
        """What is left of productivity after a quarter."""
        return exp(-p.eta * YEARS)

    def still_there(self, p: Parameters) -> Tensor:
        """What there is of it on average over the quarter."""
        return (1 - p.stays) / (p.eta * YEARS)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Capital by what is saved; productivity by the exact law of Ornstein and Uhlenbeck."""
        sd = p.sig * sqrt((1 - p.stays**2) / (2 * p.eta))
        return {
            "log_capital": log(now.capital + YEARS * now.saved),
            "productivity": p.stays * now.productivity + sd * e.productivity,
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates at the end of the quarter."""
        return {
            "log_output": log(then.output),
            "log_consumption": log(then.consumption),
            "log_capital": then.log_capital,
            "interest_rate": ALPHA * then.output / then.capital - DELTA,
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Mean output but for what keeps capital where it rests."""
        usual = p.of_household.usual_capital
        eaten = usual**ALPHA - DELTA * usual + zeros_like(now.log_capital)
        return {"consumption": eaten, "spent": eaten}

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Not at rest, but where simulations start, as in the full economy."""
        states = {"log_capital": log(p.of_household.usual_capital), "productivity": zeros_like(p.gamma)}
        return states, self.anchor(Period(self, p, states), p)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Capital around where it rests; productivity within six per cent."""
        middle, zero = log(p.of_household.usual_capital), zeros_like(p.gamma)
        return {
            "log_capital": (middle - FAR, middle + FAR),
            "productivity": (zero - FURTHEST, zero + FURTHEST),
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        relative = now.log_capital - log(p.of_household.usual_capital)
        return {
            "log_capital": relative / CAPITAL_UNIT,
            "productivity": now.productivity / PRODUCTIVITY_UNIT,
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """What the household's network sees."""
        return self.household.characteristics(p.of_household)
