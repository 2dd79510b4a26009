"""Rules for the expectation over tomorrow's standard normal shocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

MONOMIAL_FROM = 5
"""From so many shocks on, a product rule is dearer than a monomial rule of degree five."""

EVEN_FROM = 25
"""From so many points in one shock on, they are evenly spaced: whoever asks for as many has a kink to
resolve, and Gauss–Hermite nodes draw together only with the root of their number.
"""
EVEN_WIDTH = 6.0
"""Standard deviations on either side that evenly spaced points cover."""


def rule(n_shocks: int, nodes: int | Sequence[int]) -> tuple[Tensor, Tensor]:
    """Nodes [q, n_shocks] and weights [q] with `nodes` points in each dimension, or the monomial rule.

    Cost: product of the points per dimension; the monomial rule has 2 n^2 + 1 nodes.
    """
    if isinstance(nodes, int) and n_shocks >= MONOMIAL_FROM:
        return monomial(n_shocks)
    return product_rule([nodes] * n_shocks if isinstance(nodes, int) else nodes)


def product_rule(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Product rule for independent standard normals: Gauss–Hermite, or evenly spaced where there are many of
    the `counts` points in a dimension; without any dimension, a single node.
    """
    rules = [evenly_spaced(count) if count >= EVEN_FROM else hermegauss(count) for count in counts]
    nodes = np.array(list(product(*(points for points, _ in rules))))
    weights = np.ones(1)
    for _, factor in rules:
        weights = np.outer(weights, factor / factor.sum()).ravel()
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def evenly_spaced(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights [count] of the trapezoidal rule for a standard normal.

    As exact as Gauss–Hermite for smooth functions (Trefethen and Weideman 2014, SIAM Review 56); at a kink
    the error is of second order in the spacing.
    """
    nodes = np.linspace(-EVEN_WIDTH, EVEN_WIDTH, count)
    return nodes, np.exp(-(nodes**2) / 2)


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
