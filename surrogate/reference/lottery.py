"""A histogram of wealth and how saving moves its mass, with the first three moments exact.

Young (2010), Journal of Economic Dynamics and Control 34, moves the mass at a node that saves k' to the two
nodes around k', so that the mean is right. The variance is not: each move adds (k' - k_i) (k_i+1 - k'), as
much as idiosyncratic income does unless there are thousands of nodes. Here four nodes share the mass with the
weights of Lagrange's cubic,

    w_j(k') = prod_{l != j} (k' - k_l) / (k_j - k_l),   sum_j w_j k_j^m = k'^m  for m = 0, 1, 2, 3

so that mass, mean, variance and third moment are exact. Two of the weights are negative, and so may a mass
be, slightly: harmless in integrals. In the first and the last cell it is Young's lottery: who saves nothing
stays exactly at the limit, and no mass leaves the grid.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadConfiguration

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
Number = TypeVar("Number", float, Array)


@dataclass(frozen=True)
class WealthGrid:
    """Nodes k_i = most (i / (points - 1))^power, i = 0 ... points - 1: closest together at zero.

    Raises
    ------
    BadConfiguration : fewer than four points, a `most` that is not positive, or a power below one.
    """

    points: int
    most: float
    power: float

    def __post_init__(self) -> None:
        if self.points < 4 or not 0 < self.most < np.inf or not 1 <= self.power < np.inf:
            raise BadConfiguration(
                f"a grid of wealth with {self.points} points up to {self.most:g}, power {self.power:g}: it "
                "needs four points or more, a positive end and a power of one or more."
            )

    @cached_property
    def nodes(self) -> Array:
        """Wealth at the nodes, [points]."""
        return self.most * np.linspace(0, 1, self.points) ** self.power

    def cell(self, wealth: Array) -> Integers:
        """Number i of the cell, k_i <= wealth < k_i+1, from 0 to points - 2, in the shape of `wealth`."""
        place = (self.points - 1) * (wealth / self.most) ** (1 / self.power)
        return np.clip(place.astype(np.int64), 0, self.points - 2)


def lottery(grid: WealthGrid, wealth: ArrayLike) -> tuple[Integers, Array]:
    """Where the mass that saves `wealth` [...] goes: the first of four nodes [...], and weights [..., 4].

    Wealth outside the grid is put on its end; whoever uses this looks at how much mass there is.
    """
    inside = np.clip(np.asarray(wealth, float), 0.0, grid.most)
    cell = grid.cell(inside)
    first = np.clip(cell - 1, 0, grid.points - 4)
    nodes = grid.nodes[first[..., None] + np.arange(4)]
    at_end = (cell == 0) | (cell == grid.points - 2)
    return first, np.where(at_end[..., None], _young(nodes, inside, cell == 0), _lagrange(nodes, inside))


def _lagrange(nodes: Array, wealth: Array) -> Array:
    """Weights [..., 4] of Lagrange's cubic through `nodes` [..., 4] at `wealth` [...]."""
    a, b, c, d = (nodes[..., j] for j in range(4))
    to_a, to_b, to_c, to_d = wealth - a, wealth - b, wealth - c, wealth - d
    return np.stack(
        [
            to_b * to_c * to_d / ((a - b) * (a - c) * (a - d)),
            to_a * to_c * to_d / ((b - a) * (b - c) * (b - d)),
            to_a * to_b * to_d / ((c - a) * (c - b) * (c - d)),
            to_a * to_b * to_c / ((d - a) * (d - b) * (d - c)),
        ],
        axis=-1,
    )


def _young(nodes: Array, wealth: Array, is_first: NDArray[np.bool_]) -> Array:
    """Weights [..., 4] on the first two of `nodes` where `is_first`, on the last two elsewhere."""
    low = np.where(is_first, nodes[..., 0], nodes[..., 2])
    high = np.where(is_first, nodes[..., 1], nodes[..., 3])
    share, zero = (wealth - low) / (high - low), np.zeros_like(wealth)
    first = np.stack([1 - share, share, zero, zero], axis=-1)
    last = np.stack([zero, zero, 1 - share, share], axis=-1)
    return np.where(is_first[..., None], first, last)


def even_cubic(place: Number) -> tuple[Number, Number, Number, Number]:
    """Weights of Lagrange's cubic through four even nodes at 0, 1, 2 and 3, at `place`, a number or [...]."""
    to_0, to_1, to_2, to_3 = place, place - 1, place - 2, place - 3
    return (
        -to_1 * to_2 * to_3 / 6,
        to_0 * to_2 * to_3 / 2,
        -to_0 * to_1 * to_3 / 2,
        to_0 * to_1 * to_2 / 6,
    )
