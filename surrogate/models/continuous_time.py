"""Economies in continuous time: equations that hold at every instant.

States move by dx = drift dt + sum of volatility dB over independent shocks, and jump at some rates. What
stands `inside` an expectation is what it will be an instant later, relative to now, and `expected` by the
residuals is its change a year,

    D g = sum_i drift_i dg/dx_i + 1/2 sum over shocks and ij of vol_i vol_j d2g/dx_i dx_j
          + sum of rate (g after the jump - g)

the generator applied to g. Training takes it from derivatives of the network
(`surrogate.training.generator`), so that nothing is discretised.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor

from .interface import Model
from .period import Parameters, Period
from .population import Population
from .variables import Named, Values

INSTANT = 1e-3
"""Years; of a step that follows the drift."""


class Jump(NamedTuple):
    """At a rate [...] a year states change to values by name [...]; the others stay."""

    rate: Tensor
    states: Values


class InstantaneousHousehold(Model):
    """A household in continuous time, which takes as given how the economy around it moves."""

    around: ClassVar[tuple[str, ...]]
    """States that are not the household's own but the economy's. Training begins where they do not move."""

    @abstractmethod
    def drift(self, now: Period, p: Parameters) -> Values:
        """What each state changes by in a year, [...]; zero may be left out."""

    @abstractmethod
    def volatilities(self, now: Period, p: Parameters) -> list[Values]:
        """For each shock the standard deviation of the change in a year of those states that it moves,
        [...].
        """

    def jumps(self, now: Period, p: Parameters) -> list[Jump]:
        """What else may happen."""
        return []

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """States an instant later if none of the `jumps` happens."""
        drift = self.drift(now, p)
        by_shock = list(zip(self.volatilities(now, p), vars(e).values(), strict=True))
        return {
            name: getattr(now, name)
            + INSTANT * drift.get(name, 0.0)
            + INSTANT**0.5 * sum(volatility.get(name, 0.0) * shock for volatility, shock in by_shock)
            for name in (state.name for state in self.states)
        }


class InstantaneousPopulation(Population):
    """An economy of households in continuous time. Its own `transition` is over `step_years`, a step of some
    length; what it tells households of tomorrow is how fast aggregates move.
    """

    in_continuous_time = True
    household: ClassVar[InstantaneousHousehold]
    step_years: ClassVar[float]
    """Of the exported step."""

    def outcomes(self, now: Period, nodes: Tensor, weights: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """What is near stands for tomorrow, an instant away, with weights that add up to a change."""
        return self.nearby(now, p)

    @abstractmethod
    def nearby(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """States [..., q, n_states] of economies near this one, and weights [q] with which what they have is
        its change a year: a difference formula of the generator in the aggregate states. It needs no
        derivative of a policy, so the exported files can be tested by it.
        """

    @abstractmethod
    def growth_errors(self, now: Period, expected: Named, p: Parameters) -> Tensor:
        """What the equations err by for each household of the distribution, [..., households]."""

    @abstractmethod
    def with_capital(self, now: Period, factor: float, p: Parameters) -> Values:
        """The economy's states where everybody's wealth is `factor` times what it is now."""

    @abstractmethod
    def capital_drift(self, now: Period, p: Parameters) -> Tensor:
        """What the economy's capital changes by in a year, [...]."""
