"""Rules for the expectation over tomorrow's standard normal shocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from torch import Tensor

MONOMIAL_FROM = 5
"""From so many shocks on, a product rule is dearer than a monomial rule of degree five."""


def rule(n_shocks: int, nodes: int | Sequence[int]) -> tuple[Tensor, Tensor]:
    """Nodes [q, n_shocks] and weights [q] with `nodes` Gauss–Hermite points in each dimension, or the
    monomial rule.

    Cost: product of the points per dimension; the monomial rule has 2 n^2 + 1 nodes.
    """
    if isinstance(nodes, int) and n_shocks >= MONOMIAL_FROM:
        return monomial(n_shocks)
    return gauss_hermite([nodes] * n_shocks if isinstance(nodes, int) else nodes)


def gauss_hermite(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Product Gauss–Hermite rule for independent standard normals, `counts` points in each dimension; without
    any dimension, a single node.
    """
    rules = [np.polynomial.hermite_e.hermegauss(count) for count in counts]
    nodes = np.array(list(product(*(points for points, _ in rules))))
    weights = np.ones(1)
    for _, factor in rules:
        weights = np.outer(weights, factor / factor.sum()).ravel()
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def monomial(n: int) -> tuple[Tensor, Tensor]:
    """Degree-five rule with 2 n^2 + 1 nodes (Stroud 1971; Judd, Maliar and Maliar 2011, rule M2)."""
    axes = np.sqrt(n + 2) * np.concatenate([np.eye(n), -np.eye(n)])
    pairs = [
        np.sqrt((n + 2) / 2) * (a * np.eye(n)[i] + b * np.eye(n)[j])
        for i in range(n)
        for j in range(i)
        for a in (1, -1)
        for b in (1, -1)
    ]
    nodes = np.concatenate([np.zeros((1, n)), axes, np.reshape(pairs, (-1, n))])
    weights = np.repeat([2 / (n + 2), (4 - n) / (2 * (n + 2) ** 2), 1 / (n + 2) ** 2], [1, 2 * n, len(pairs)])
    return torch.from_numpy(nodes), torch.from_numpy(weights)
