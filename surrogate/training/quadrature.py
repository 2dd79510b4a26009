"""Rules for the expectation over tomorrow's standard normal shocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

from ..artifact.card import Variable
from ..models.variables import Markov

MONOMIAL_FROM = 5
"""From so many shocks on, a product rule is dearer than a monomial rule: of degree three where two points a
shock are asked for, and else of degree five.
"""

EVEN_FROM = 25
"""From so many points in one shock on, they are evenly spaced: whoever asks for as many has a kink to
resolve, and Gauss–Hermite nodes draw together only with the root of their number.
"""
EVEN_WIDTH = 6.0
"""Standard deviations on either side that evenly spaced points cover."""

SHIFTED_WIDTH = 5.0
"""The same of points that are moved at random, by up to one spacing."""
LEAST_SHIFTED = 8
"""So many points in a shock, at least: the spacing is then fine enough for smooth functions, to 1e-3."""


def rule_for(
    shocks: Sequence[Variable], nodes: int | Sequence[int], generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Nodes [q, n_shocks] and weights [q] for the shocks of an economy: a rule for those that are normal,
    shifted at random if there is a `generator`, and every combination of outcomes of the others, of whose
    chances the weights know nothing.

    `nodes` are points in each normal shock.
    """
    markov, count = [shock for shock in shocks if isinstance(shock, Markov)], n_normal(shocks)
    normal, weights = rule(count, nodes) if generator is None else shifted_rule(count, nodes, generator)
    if not markov:
        return normal, weights
    outcomes = torch.tensor(list(product(*(range(shock.outcomes) for shock in markov))), dtype=normal.dtype)
    normal, weights = normal.repeat_interleave(len(outcomes), 0), weights.repeat_interleave(len(outcomes))
    outcomes = outcomes.repeat(len(normal) // len(outcomes), 1)
    column = {True: iter(outcomes.T), False: iter(normal.T)}
    order = [isinstance(shock, Markov) for shock in shocks for _ in range(shock.size)]
    return torch.stack([next(column[is_markov]) for is_markov in order], dim=1), weights


def n_normal(shocks: Sequence[Variable]) -> int:
    """Columns of the shocks that are normal."""
    return sum(shock.size for shock in shocks if not isinstance(shock, Markov))


def rule(n_shocks: int, nodes: int | Sequence[int]) -> tuple[Tensor, Tensor]:
    """Nodes [q, n_shocks] and weights [q] with `nodes` points in each dimension, or the monomial rule.

    Cost: product of the points per dimension; monomial rules have 2 n and 2 n^2 + 1 nodes. One point is one
    point, whatever the number of shocks: the economy without them.
    """
    if isinstance(nodes, int) and nodes > 1 and n_shocks >= MONOMIAL_FROM:
        return along_axes(n_shocks) if nodes == 2 else monomial(n_shocks)
    return product_rule([nodes] * n_shocks if isinstance(nodes, int) else nodes)


def product_rule(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Product rule for independent standard normals: Gauss–Hermite, or evenly spaced where there are many of
    the `counts` points in a dimension; without any dimension, a single node.
    """
    return _product([evenly_spaced(count) if count >= EVEN_FROM else hermegauss(count) for count in counts])


def _product(rules: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[Tensor, Tensor]:
    """All combinations of the nodes of `rules`, one for each dimension, and the products of their weights,
    which need not sum to one.
    """
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


def shifted_rule(
    n_shocks: int, nodes: int | Sequence[int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Evenly spaced nodes [q, n_shocks] moved by a random share of their spacing, and their weights [q].

    At a kink the average over shifts is the integral, whatever the spacing, but for the tails: what a single
    rule misses there has mean zero.
    """
    counts = [nodes] * n_shocks if isinstance(nodes, int) else nodes
    shifts = torch.rand(len(counts), generator=generator, dtype=torch.float64).tolist()
    rules = []
    for count, shift in zip(counts, shifts, strict=True):  # shifts are above the lowest place
        places = (np.arange(count) - count / 2 + shift) * 2 * SHIFTED_WIDTH / count
        rules.append((places, np.exp(-(places**2) / 2)))
    return _product(rules)


def along_axes(n: int) -> tuple[Tensor, Tensor]:
    """Degree-three rule with 2 n nodes (Stroud 1971; Judd, Maliar and Maliar 2011, rule M1)."""
    axes = torch.eye(n, dtype=torch.float64) * n**0.5
    return torch.cat([axes, -axes]), torch.full((2 * n,), 1 / (2 * n), dtype=torch.float64)


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
