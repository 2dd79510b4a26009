"""Derivatives, products and linear systems that an exported graph can hold.

The exporter follows neither automatic differentiation nor a factorisation, so inside a graph derivatives are
central differences and small linear systems are eliminated step by step. Both take any leading shape and
either precision, and can themselves be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

SECOND_ORDER = (1 / 2,)
SIXTH_ORDER = (45 / 60, -9 / 60, 1 / 60)
"""Weights of f(x + k h) - f(x - k h), k = 1, 2, ...; the error is of the order h^2 or h^6."""


def differences(
    function: Callable[[Tensor], Tensor], x: Tensor, steps: Tensor, weights: tuple[float, ...]
) -> tuple[Tensor, Tensor]:
    """Value [..., m] and Jacobian [..., m, n] of `function`, from [..., k, n] to [..., k, m] for any k, at
    `x` [..., n], by differences with `steps` [n]; it is evaluated once, at all places together.
    """
    n, steps = x.shape[-1], steps.to(x)
    sides = [(k * side, side * w) for k, w in enumerate(weights, 1) for side in (1, -1)]
    moves = [torch.zeros_like(steps)[None], *(multiple * torch.diag(steps) for multiple, _ in sides)]
    value, *values = function(x.unsqueeze(-2) + torch.cat(moves)).split([1] + [n] * len(sides), dim=-2)
    slopes = sum(w * each for (_, w), each in zip(sides, values, strict=True))
    return value.squeeze(-2), (torch.as_tensor(slopes) / steps[:, None]).transpose(-1, -2)


def applied(matrix: Tensor, vector: Tensor) -> Tensor:
    """`matrix` [..., m, n] times each `vector` [..., n].

    In a graph one matrix serves a row of vectors, [..., 1, m, n] and [..., k, n]: they are multiplied at
    once, since runtimes are slow at sums of products that are spread out.
    """
    if vector.ndim > 1 and matrix.ndim > 2 and matrix.shape[-3] == 1:
        return vector @ matrix.squeeze(-3).mT
    return (matrix * vector.unsqueeze(-2)).sum(-1)


def solve(matrix: Tensor, right: Tensor) -> Tensor:
    """The solution [..., n, m] of `matrix` [..., n, n] times it is `right` [..., n, m].

    Gauss and Jordan's elimination with partial pivoting. Rows stay where they are: the one with the largest
    entry of those that were no pivot yet is the pivot of column k, and at the end row k of the solution.
    """
    n = matrix.shape[-1]
    if n == 1:
        return right / matrix
    rows = torch.cat([matrix, right.expand(*matrix.shape[:-1], right.shape[-1])], -1)
    numbers = torch.arange(n, device=matrix.device)
    unused, pivots = torch.ones_like(matrix[..., 0]), []
    for k in range(n):
        column = rows[..., k]
        largest = (column.abs() * unused + unused).argmax(-1, keepdim=True)
        pivot = (numbers == largest).to(rows.dtype)
        pivot_row = (pivot[..., None] * rows).sum(-2) / (pivot * column).sum(-1, keepdim=True)
        rows = rows - (column - pivot)[..., None] * pivot_row.unsqueeze(-2)
        unused = unused - pivot
        pivots.append(pivot)
    return torch.stack(pivots, -2) @ rows[..., n:]


def newton(function: Callable[[Tensor], Tensor], start: Tensor, steps: int, width: float) -> Tensor:
    """A root [..., n] of `function`, from [..., k, n] to [..., k, n] for any k, near `start` [..., n], or
    `start` where the steps lead away; Jacobians are differences of such a width.
    """
    root, widths = start, torch.full((start.shape[-1],), width)
    for _ in range(steps):
        value, slopes = differences(function, root, widths, SECOND_ORDER)
        root = root - solve(slopes, value[..., None])[..., 0]
    before, after = function(torch.stack([start, root], -2)).abs().amax(-1, keepdim=True).unbind(-2)
    return torch.where(after <= before, root, start)
