"""Derivatives and linear systems that an exported graph can hold.

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
) -> Tensor:
    """Jacobian [..., m, n] of `function`, from [..., k, n] to [..., k, m] for any k, at `x` [..., n], by
    differences with `steps` [n].
    """
    n, steps = x.shape[-1], steps.to(x)
    sides = [(k * side, side * w) for k, w in enumerate(weights, 1) for side in (1, -1)]
    places = x.unsqueeze(-2) + torch.cat([multiple * torch.diag(steps) for multiple, _ in sides])
    values = function(places).split(n, dim=-2)
    slopes = sum(w * value for (_, w), value in zip(sides, values, strict=True))
    return (torch.as_tensor(slopes) / steps[:, None]).transpose(-1, -2)


def solve(matrix: Tensor, right: Tensor) -> Tensor:
    """The solution [..., n, m] of `matrix` [..., n, n] times it is `right` [..., n, m].

    Gauss and Jordan's elimination with partial pivoting. Rows stay where they are: the one with the largest
    entry of those that were no pivot yet is the pivot of column k, and at the end row k of the solution.
    """
    n = matrix.shape[-1]
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


def newton(
    errors: Callable[[Tensor], Tensor],
    slopes: Callable[[Tensor], Tensor],
    start: Tensor,
    steps: int,
    chords: int,
) -> Tensor:
    """A root [..., n] of `errors` [..., n] near `start` [..., n], or `start` where the steps lead away.

    Each of the `steps` has a Jacobian [..., n, n] by `slopes`, with which `chords` further steps go on.
    """
    root = start
    identity = torch.eye(start.shape[-1], dtype=start.dtype, device=start.device)
    for _ in range(steps):
        inverse = solve(slopes(root), identity)
        for _ in range(1 + chords):
            root = root - (inverse @ errors(root)[..., None])[..., 0]
    nearer = errors(root).abs().amax(-1, keepdim=True) <= errors(start).abs().amax(-1, keepdim=True)
    return torch.where(nearer, root, start)
