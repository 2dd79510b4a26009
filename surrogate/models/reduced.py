"""Economies of few states that stand for one of many.

A distribution of wealth is too large a state for a filter, and its aggregates move nearly as if they were
alone in the world (Krusell and Smith 1998). A reduced economy has a few of them as states, with the same
parameters and shocks. Its choices are those that the full economy makes on average where these states are the
same; how states follow from choices is accounting and exact. Choices that the full economy's network makes of
numbers that the reduced one has, it can keep: they are the same.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from .interface import Model, Named, Parameters, Period, Values
from .population import WithDistribution


class Reduced(Model):
    """An economy whose choices are fitted to simulations of another one: it has no equations of its own."""

    full: ClassVar[type[WithDistribution]]
    """The economy that it stands for, with the same parameters and shocks."""
    equations = ()
    kept: ClassVar[tuple[str, ...]] = ()
    """Controls of the full economy that its network makes of nothing but what this one has too, `inputs`,
    `characteristics` and the anchor of these controls included; the others are fitted.
    """

    @abstractmethod
    def of_full(self, seen: Named) -> Values:
        """Its states and controls by name in a period `seen` of the full economy: with that one's states,
        choices and definitions, and its observables where no choice has the same name, tensors [...] or, of a
        group, [..., size].
        """

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """Nothing is expected."""
        return {}
