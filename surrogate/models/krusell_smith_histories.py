"""Krusell and Smith's economy where households see what has happened, not what there is.

    c = c(k, employed, z, z_1, ..., z_H)

is a map from the history of aggregate shocks (Azinovic-Yang and Zemlicka 2025, "Deep learning in the
sequence space"), which decides the distribution of wealth but for what is older than H quarters. A few
averages of all of the past, each of which forgets at its own pace, may stand for many quarters,

    h_i = rho_i h_i + (1 - rho_i) z

and are a moving average of infinite length with as many coefficients.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, diag, float64, ones, tensor, zeros, zeros_like

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Named, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_household import Household


class Memory(NamedTuple):
    """h' = A h + b z, with z one in booms and minus one in busts: A [n, n] and b [n], n two or more."""

    forgets: Tensor
    learns: Tensor

    def after(self, history: Tensor, boom: Tensor) -> Tensor:
        """Tomorrow's [..., n] after today's `history` [..., n] and a boom or bust today [...]."""
        return history @ self.forgets.to(history).T + (2 * boom - 1)[..., None] * self.learns.to(history)


def lags(count: int) -> Memory:
    """The last quarters, the latest first."""
    return Memory(
        diag(ones(count - 1, dtype=float64), -1), zeros(count, dtype=float64).index_fill(0, tensor(0), 1.0)
    )


def averages(*persistence: float) -> Memory:
    """Averages of the past with weights that fall geometrically."""
    rho = tensor(persistence, dtype=float64)
    return Memory(diag(rho), 1 - rho)


class HouseholdWithHistory(Household):
    """A household who knows prices, but expects from the past what comes."""

    name = "krusell_smith_household_with_history"

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        history = Variable("history", "what is remembered", size=len(memory.learns))
        seen = tuple(each for each in Household.inputs if each.name != "capital")
        vars(self).update(
            states=(*Household.states[:-1], history, Household.states[-1]), inputs=(*seen, history)
        )

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Today becomes the past."""
        return {**super().transition(now, e, p), "history": self.memory.after(now.history, now.boom)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The past in the place of capital."""
        seen = super().coordinates(now, p)
        del seen["capital"]
        return {**seen, "history": now.history}


class KrusellSmithHistory(KrusellSmith):
    """All households, whether there is a boom, and the past."""

    name = "krusell_smith_history"
    description = "Krusell and Smith (1998) where households see a history of aggregate shocks"

    def __init__(self, memory: Memory) -> None:
        if len(memory.learns) < 2:
            raise BadConfiguration("A history of one number is too short: give two or more.")
        self.memory = memory
        history = Variable("history", "what is remembered of booms and busts", size=len(memory.learns))
        vars(self).update(states=(*KrusellSmith.states, history), household=HouseholdWithHistory(memory))

    def in_common(self, now: Period, p: Parameters) -> Values:
        """The past, too."""
        return {**super().in_common(now, p), "history": now.history[..., None, :]}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Today becomes the past."""
        return {**super().transition(now, e, p), "history": self.memory.after(now.history, now.boom)}

    def start(self, p: Parameters) -> dict[str, Tensor]:
        """A past without booms or busts."""
        return {**super().start(p), "history": zeros_like(p.dz)[..., None] * self.memory.learns.to(p.dz)}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Nothing but booms, and nothing but busts."""
        one = zeros_like(p.dz)[..., None] + 0 * self.memory.learns.to(p.dz) + 1
        return {**super().state_bounds(p), "history": (-one, one)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Any past, until the economy has one of its own."""
        return {**super().somewhere(u, p), "history": 2 * (u.history < 0.5).to(p.dz) - 1}

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Today's distribution: another one would need another past."""
        return {"wealth": now.wealth, "productivity": now.productivity, "history": now.history}
