"""Krusell and Smith's economy in continuous time: a household, given capital and how fast it moves.

    da = (w n + r a - c) dt,  a >= 0;   n in {n1, 2 - n1} switches at rate lam
    dz = -eta z dt + sig dB;            dK = Kdot dt, what all households save
    r = alpha e^z K^(alpha-1) - delta,  w = (1-alpha) e^z K^alpha

Marginal utility c^-gamma is the value of wealth, so the master equation is that of its growth (Gu, Lauriere,
Merkel and Payne 2024; Achdou et al. 2022 without aggregate risk):

    0 = r - rho + D(c^-gamma) / c^-gamma

with D the generator of all states. Divided by gamma it is the error of consumption growth a year.
"""

from __future__ import annotations

from torch import Tensor, exp, log, zeros_like

from surrogate.models.continuous_time import InstantaneousHousehold, Jump
from surrogate.models.interface import (
    Control,
    Named,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
)
from surrogate.models.krusell_smith_continuous_aid import HouseholdAid

ALPHA, DELTA = 1 / 3, 0.1
PARAMETERS = (
    ParameterRange("gamma", 1.5, 3.0, 2.1, "relative risk aversion"),
    ParameterRange("rho", 0.04, 0.06, 0.05, "discount rate", "a year"),
    ParameterRange("n1", 0.3, 0.7, 0.3, "labour in the low state", "mean labour"),
    ParameterRange("lam", 0.3, 0.6, 0.4, "rate at which households switch", "a year"),
    ParameterRange("eta", 0.3, 0.8, 0.5, "rate at which productivity returns", "a year"),
    ParameterRange("sig", 0.005, 0.02, 0.01, "volatility of productivity", "log, a year"),
)


class Household(HouseholdAid, InstantaneousHousehold):
    """One household."""

    name = "krusell_smith_continuous_household"
    parameters = PARAMETERS
    states = (
        Variable("assets", "wealth a", "goods"),
        Variable("lucky", "1 if n is high, else 0"),
        Variable("capital", "capital K", "goods"),
        Variable("productivity", "total factor productivity z", "log"),
        Variable("capital_drift", "what K changes by", "goods a year"),
    )
    around = ("capital", "productivity")
    controls = (Control("consumption", "consumption c", "goods a year", lower="eaten_at_least"),)
    shocks = (Variable("productivity", "of productivity", "standard deviations"),)
    observables = (Variable("consumption", "consumption", "goods a year"),)
    equations = (Variable("euler", "error of consumption growth", "a year"),)
    alpha, delta = ALPHA, DELTA

    def rental(self, now: Period, p: Parameters) -> Tensor:
        """r + delta."""
        return ALPHA * exp(now.productivity + (ALPHA - 1) * log(now.capital))

    def interest(self, now: Period, p: Parameters) -> Tensor:
        """r."""
        return now.rental - DELTA

    def wage(self, now: Period, p: Parameters) -> Tensor:
        """w."""
        return (1 - ALPHA) * exp(now.productivity + ALPHA * log(now.capital))

    def labour(self, now: Period, p: Parameters) -> Tensor:
        """n."""
        return p.n1 + 2 * (1 - p.n1) * now.lucky

    def income(self, now: Period, p: Parameters) -> Tensor:
        """w n + r a."""
        return now.wage * now.labour + now.interest * now.assets

    def saving(self, now: Period, p: Parameters) -> Tensor:
        """s."""
        return now.income - now.consumption

    def eaten_at_least(self, now: Period, p: Parameters) -> Tensor:
        """With the low income all of it: r is so low that nobody saves then, and at the limit nobody can."""
        return (1 - now.lucky) * now.income

    def drift(self, now: Period, p: Parameters) -> Values:
        """Wealth, capital and productivity."""
        return {
            "assets": now.saving,
            "capital": now.capital_drift,
            "productivity": -p.eta * now.productivity,
        }

    def volatilities(self, now: Period, p: Parameters) -> list[Values]:
        """Of productivity."""
        return [{"productivity": p.sig + zeros_like(now.productivity)}]

    def jumps(self, now: Period, p: Parameters) -> list[Jump]:
        """The other income."""
        return [Jump(p.lam, {"lucky": 1 - now.lucky})]

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """Marginal utility relative to now's."""
        return {"marginal_utility": exp(-p.gamma * log(then.consumption / now.consumption))}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """How much faster consumption should grow than it does."""
        return {"euler": (now.interest - p.rho + expected.marginal_utility) / p.gamma}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Consumption."""
        return {"consumption": then.consumption}

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """A household with mean wealth and the high income where capital is about to rest; it consumes what
        it earns on average.
        """
        capital, zero = p.usual_capital, zeros_like(p.gamma)
        states = {
            "assets": capital,
            "lucky": zero + 1,
            "capital": capital,
            "productivity": zero,
            "capital_drift": zero,
        }
        return states, {"consumption": capital**ALPHA - DELTA * capital}
