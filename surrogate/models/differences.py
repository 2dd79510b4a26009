"""Derivatives of what is known at nodes."""

from __future__ import annotations

import torch
from torch import Tensor

AROUND = 6
"""Nodes whose polynomial is differentiated."""


def differentiation(nodes: Tensor) -> Tensor:
    """Matrix [n, n] from values at `nodes` [n], rising, to derivatives there: of Lagrange's polynomial
    through the `AROUND` nodes around each, in barycentric form.
    """
    count = len(nodes)
    matrix = torch.zeros(count, count, dtype=nodes.dtype)
    for row in range(count):
        first = min(max(row - AROUND // 2, 0), count - AROUND)
        chosen = nodes[first : first + AROUND]
        gaps = chosen[:, None] - chosen + torch.eye(AROUND, dtype=nodes.dtype)
        weights, own = 1 / gaps.prod(1), row - first
        slopes = weights / weights[own] / gaps[own]
        slopes[own] = 0.0
        slopes[own] = -slopes.sum()
        matrix[row, first : first + AROUND] = slopes
    return matrix
