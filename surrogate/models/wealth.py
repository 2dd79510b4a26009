"""A distribution over wealth on a grid, and how it moves.

What moves to a place between nodes is spread over the four nodes around it with Lagrange's weights, which
keep mass, mean, variance and third moment; over the two nearest ones where there are no four, which keep mass
and mean. Two nodes everywhere (Young 2010) spread wealth as much as risk does unless there are thousands.
Weights may be slightly negative; so may be the mass of a node.
"""

from __future__ import annotations

import torch
from torch import Tensor


class WealthGrid:
    """Nodes x_i = top (i / (count - 1))^power, closer together where wealth is low."""

    def __init__(self, count: int, top: float, power: float) -> None:
        self.count, self.top, self.power = count, top, power
        self.points = top * torch.linspace(0, 1, count, dtype=torch.float64) ** power

    def nodes(self, like: Tensor) -> Tensor:
        """The nodes [count] in the number type and on the device of a tensor."""
        return self.points.to(like)

    def move(self, mass: Tensor, places: Tensor) -> Tensor:
        """Mass [..., count] at the nodes after each has moved to its place [..., count]."""
        first, weights = self.lottery(places)
        moved = torch.zeros_like(mass)
        for step, weight in enumerate(weights):
            moved = moved.scatter_add(-1, first + step, mass * weight)
        return moved

    def lottery(self, places: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The first of four nodes around places [...] and their weights, four times [...]."""
        nodes = self.nodes(places)
        places = places.clamp(0.0, self.top)
        cell = ((self.count - 1) * (places / self.top) ** (1 / self.power)).floor().long()
        cell = cell.clamp(0, self.count - 2)
        first = (cell - 1).clamp(0, self.count - 4)
        around = [nodes[first + step] for step in range(4)]
        cubic = [torch.ones_like(places) for _ in around]
        for i, node in enumerate(around):
            for other in around[:i] + around[i + 1 :]:
                cubic[i] = cubic[i] * (places - other) / (node - other)
        low = nodes[cell]
        share = ((places - low) / (nodes[cell + 1] - low)).clamp(0.0, 1.0)
        at_an_end = (cell < 1) | (cell > self.count - 3)
        linear = [
            torch.where(
                first + step == cell, 1 - share, torch.where(first + step == cell + 1, share, 0 * share)
            )
            for step in range(4)
        ]
        return first, [torch.where(at_an_end, a, b) for a, b in zip(linear, cubic, strict=True)]

    def quantiles(self, mass: Tensor, u: Tensor) -> Tensor:
        """Wealth [..., m] at stratified quantiles of masses [..., count], by numbers `u` [..., m] between
        zero and one.
        """
        nodes, many = self.nodes(mass), u.shape[-1]
        below = mass.cumsum(-1) / mass.sum(-1, keepdim=True)
        level = (torch.arange(many, dtype=u.dtype, device=u.device) + u) / many
        upper = torch.searchsorted(below.contiguous(), level.contiguous()).clamp(1, self.count - 1)
        low, high = below.gather(-1, upper - 1), below.gather(-1, upper)
        part = ((level - low) / (high - low).clamp_min(1e-12)).clamp(0.0, 1.0)
        return nodes[upper - 1] + part * (nodes[upper] - nodes[upper - 1])

    def interpolated(self, values: Tensor, places: Tensor) -> Tensor:
        """What has `values` [..., count] at the nodes, at places [..., m], by the weights of the lottery."""
        first, weights = self.lottery(places)
        leading = torch.broadcast_shapes(values.shape[:-1], first.shape[:-1])
        around = values.expand(*leading, self.count)
        steps = ((first + step).expand(*leading, first.shape[-1]) for step in range(4))
        return sum(
            (weight * around.gather(-1, step) for weight, step in zip(weights, steps, strict=True)),
            start=torch.zeros_like(places),
        )


def share_of_poorest(mass: Tensor, owned: Tensor, share: float) -> Tensor:
    """Wealth of the poorest `share` of households, by masses and shares of wealth [..., nodes]: Lorenz's
    curve, straight between nodes.
    """
    before = mass.cumsum(-1) - mass
    part = ((share - before) / mass.clamp_min(1e-9)).clamp(0.0, 1.0)
    return (owned * part).sum(-1)
