"""Economies in which savers of every age share one network.

A saver's network puts out numbers, each of which is a choice where it is positive and the multiplier of the
limit of that choice where it is negative: complementarity holds exactly. The economy makes choices of them
that clear its markets. What savers need to know of tomorrow is the prices of today and a few aggregates.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple, Protocol

from torch import Tensor

from .interface import Model
from .period import Parameters, Period


class Seen(NamedTuple):
    """What the network of savers sees, leading shapes alike or of size one.

    ages [..., S, n_ages] of the age and the parameters, `together` [..., 1, n_together] of the economy, of
    which the last `n_aggregates` are aggregates; `own` [..., S, n_own]; `first` [..., S, n_numbers], a first
    approximation of the numbers that it puts out.
    """

    ages: Tensor
    together: Tensor
    own: Tensor
    first: Tensor


class Networks(Protocol):
    """What a saver who looks ahead asks the networks."""

    def numbers(self, seen: Seen, code: Tensor) -> Tensor:
        """Of savers, [..., S, n_numbers], with the `code` [..., S, n_code] of their age."""
        ...

    def price(self, parameters: Tensor, together: Tensor) -> Tensor:
        """log of the price relative to a first approximation, [...], from standardised parameters and what is
        seen of the economy.
        """
        ...


class Generations(Model):
    """An economy of S savers of different ages, who choose `n_numbers` numbers each, and one price."""

    kind_of_economy = "economy of overlapping generations with their own networks"
    solved_by = "generations"
    evaluation_cost = 25
    n_ages: ClassVar[int]
    n_together: ClassVar[int]
    n_aggregates: ClassVar[int]
    n_own: ClassVar[int]
    n_numbers: ClassVar[int]

    @property
    @abstractmethod
    def n_savers(self) -> int:
        """S."""

    @abstractmethod
    def seen(self, now: Period, p: Parameters) -> Seen:
        """What the savers' network sees today."""

    @abstractmethod
    def price_of(self, log_relative: Tensor, p: Parameters) -> Tensor:
        """The price [...] from what the network puts out."""

    @abstractmethod
    def cleared(self, numbers: Tensor, price: Tensor) -> dict[str, Tensor]:
        """Controls that clear markets, from numbers [..., S, n_numbers] and the price [...]."""

    @abstractmethod
    def told(self, numbers: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """Aggregates of tomorrow [..., n_aggregates] that the numbers [..., S, n_numbers] make, before
        markets are cleared, and by how much they are not, as a share [...].
        """

    @abstractmethod
    def standing(self, now: Period, p: Parameters) -> Any:
        """All that is needed of each saver for `ahead`, tensors [..., S, ...] as a tuple."""

    @abstractmethod
    def ahead(
        self, saver: Any, numbers: Tensor, price: Tensor, told: Tensor, code: Tensor, networks: Networks
    ) -> Tensor:
        """Errors [..., n_numbers] of savers, of each a row [...] of `standing`, with own `numbers`
        [..., n_numbers], today's price [...], aggregates of tomorrow [..., n_aggregates], and the `code`
        [..., n_code] of the next age.
        """

    @abstractmethod
    def near(self, now: Period, noise: Tensor, p: Parameters) -> dict[str, Tensor]:
        """States at holdings that differ from today's by small `noise` [..., S, 2]."""

    @abstractmethod
    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether aggregates are where they can be, [...]."""

    @abstractmethod
    def weight(self, now: Period) -> Tensor:
        """How often training should look at such a state, relative to others, [...]."""
