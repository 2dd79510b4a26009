"""Economies of households whose state is their distribution.

A population has a *household*, an economy of its own with the capital of all as a given, today's and
tomorrow's. Its network sees what a household sees, and all households share it. The population's own state
is the mass of households at each node of a grid; what all save together is tomorrow's capital, which is known
today, so that nobody has to guess it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, ones_like

from .interface import Model, Values
from .period import Parameters, Period


class WithDistribution(Model):
    """An economy whose states include a distribution: it is carried along in simulations, and no box holds
    it.
    """

    evaluation_cost = 10

    def stakes(self, p: Parameters) -> Tensor:
        """How much an error of a choice moves the economy, [...], about one in the middle of the box: one, by
        default.
        """
        return ones_like(getattr(p, self.parameters[0].name))


class Population(WithDistribution):
    """An economy of many households whose network sees what a household sees.

    Its controls are the household's choices at each node, in the order of the household's controls.
    """

    kind_of_economy = "economy of many households"
    solved_by = "population"
    evaluation_cost = 25
    household: ClassVar[Model]
    n_told: ClassVar[int] = 1
    """How many numbers, its last states, the household takes as given."""
    burn_in = 1_000
    """The shape of a distribution is forgotten slowly."""
    spread_numbers: ClassVar[int] = 1
    """How many numbers `spread` takes."""
    groups: ClassVar[tuple[int, ...]] = ()
    """Of the households that are drawn, in groups of neighbours, those whose errors add up."""
    typical: ClassVar[int] = 0
    """How many of the households that are drawn, the first of them, stand for the same part of the
    distribution in every economy: errors that they have in common with those of other economies add up.
    """
    jitter: ClassVar[float] = 0.15
    """Share of the box by which parameters in training differ at most from those under which the distribution
    came about.
    """

    def made_of(self) -> tuple[Model, ...]:
        """The household."""
        return (self.household,)

    @abstractmethod
    def of_households(self, now: Period, p: Parameters) -> Tensor:
        """States of the household at every node, [..., nodes, n_household_states]. What it is told of
        tomorrow does not matter for its choice.
        """

    @abstractmethod
    def told_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """What the choices of all make of tomorrow and the household takes as given: a number [...], or
        several [..., n_told].
        """

    @abstractmethod
    def draw_households(self, now: Period, u: Tensor, p: Parameters) -> Tensor:
        """States [..., m, n_household_states] of m households on which the network is trained, from numbers
        `u` [..., m, 3] between zero and one; the last `n_told`, what they are told, may be anything.
        """

    @abstractmethod
    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """The economy's states at a distribution near today's, by numbers `u` [..., spread_numbers] between
        zero and one: training looks around where economies are.
        """

    def stirred(self, shocks: Tensor, p: Parameters) -> Tensor:
        """Shocks [..., n_shocks] that move economies in training where they are these ones otherwise: larger
        ones, if all that they do should be seen well.
        """
        return shocks

    @abstractmethod
    def stakes(self, p: Parameters) -> Tensor:
        """How much an error of everybody's choice moves the economy, [...]: weights of the residuals, about
        one in the middle of the box.
        """

    @abstractmethod
    def at_the_end(self, now: Period, p: Parameters) -> Tensor:
        """Share of households at the end of the grid, [...]."""
