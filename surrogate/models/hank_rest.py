"""Kase, Melosi and Rottner's households at rest, over their risk and their limit.

`surrogate.reference.hank_tables` solves for steady states and first-order responses at Chebyshev nodes;
between them everything is a polynomial in log sigma_s and the limit, exact at the nodes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor

from ..artifact.card import ParameterRange
from .box_polynomial import BoxPolynomial

FILE = Path(__file__).with_name("hank_tables.npz")
STATES, NODES, DIRECTIONS, MOMENTS = 5, 50, 6, 2
RISK_NODES, LIMIT_NODES = 7, 5
"""As `surrogate.reference.hank_tables` has them."""
SCALARS = 3 + MOMENTS
SHOCKS, DEGREE = 3, 4
"""The last parameters are standard deviations of so many shocks, which do not matter to first order; in the
others first-order coefficients are polynomials of such a degree.
"""


class AtRest(NamedTuple):
    """What households and prices are at rest, tensors of the leading shape of the parameters.

    Attributes
    ----------
    log_rate, log_output, log_tax : [...].
    moments : of the distribution, [..., MOMENTS].
    log_worth : log M, [..., STATES, NODES].
    expectations : whose integrals the moments are, [..., MOMENTS, STATES, NODES].
    mass : of households, [..., STATES, NODES].
    directions : in which log M moves, [..., DIRECTIONS, STATES, NODES].
    """

    log_rate: Tensor
    log_output: Tensor
    log_tax: Tensor
    moments: Tensor
    log_worth: Tensor
    expectations: Tensor
    mass: Tensor
    directions: Tensor


class AggregatesAtRest(NamedTuple):
    """Of `AtRest` what is not of single households."""

    log_rate: Tensor
    log_output: Tensor
    log_tax: Tensor
    moments: Tensor


class Tables:
    """The tables as polynomials."""

    def __init__(self, risk: ParameterRange, limit: ParameterRange) -> None:
        """`risk` and `limit` are the ranges over which they were computed."""
        self.ends = (np.log([risk.lower, risk.upper]), np.array([limit.lower, limit.upper]))
        with np.load(FILE) as tables:
            blocks = [tables[name] for name in ("rest", "log_worth", "expectations", "mass", "directions")]
            self.draws = torch.from_numpy(tables["parameters"])
            self.first_order, self.law = (torch.from_numpy(tables[name]) for name in ("first_order", "law"))
        values = np.concatenate([block.reshape(len(block), -1) for block in blocks], axis=1)
        factors = (_values_at_nodes(count) for count in (RISK_NODES, LIMIT_NODES))
        self.coefficients = torch.from_numpy(np.linalg.solve(np.kron(*factors), values))
        self.of_aggregates = self.coefficients[:, :SCALARS].clone()  # so that a graph has no more

    def at(self, risk: Tensor, limit: Tensor) -> AtRest:
        """All of it, at risk and limits [...]."""
        terms = self._terms(risk, limit)
        values = terms @ self.coefficients.to(terms)
        size = STATES * NODES
        scalars, worth, expectations, mass, directions = values.split(
            [SCALARS, size, MOMENTS * size, size, DIRECTIONS * size], -1
        )
        shape = (STATES, NODES)
        mass = mass.unflatten(-1, shape)
        return AtRest(
            scalars[..., 0],
            scalars[..., 1],
            scalars[..., 2],
            scalars[..., 3:],
            worth.unflatten(-1, shape),
            expectations.unflatten(-1, (MOMENTS, *shape)),
            mass / mass.sum((-1, -2), keepdim=True),
            directions.unflatten(-1, (DIRECTIONS, *shape)),
        )

    def aggregates_at(self, risk: Tensor, limit: Tensor) -> AggregatesAtRest:
        """What is not of single households, at risk and limits [...]."""
        terms = self._terms(risk, limit)
        scalars = terms @ self.of_aggregates.to(terms)
        return AggregatesAtRest(scalars[..., 0], scalars[..., 1], scalars[..., 2], scalars[..., 3:])

    def _terms(self, risk: Tensor, limit: Tensor) -> Tensor:
        (low, high), (lowest, highest) = self.ends
        first = _polynomials((2 * torch.log(risk) - low - high) / (high - low), RISK_NODES)
        second = _polynomials((2 * limit - lowest - highest) / (highest - lowest), LIMIT_NODES)
        return (first[..., :, None] * second[..., None, :]).flatten(-2)


@cache
def tables(risk: ParameterRange, limit: ParameterRange) -> Tables:
    """The tables, read once."""
    return Tables(risk, limit)


def first_order(parameters: tuple[ParameterRange, ...]) -> BoxPolynomial:
    """First-order coefficients [..., (4 + DIRECTIONS) (4 + MOMENTS)] over the box of `parameters`, the first
    two of which are risk and limit.
    """
    return _first_order_and_law(parameters)[0]


def law_of_moments(parameters: tuple[ParameterRange, ...]) -> BoxPolynomial:
    """First-order answers [..., MOMENTS (4 + MOMENTS)] of tomorrow's moments, over the same box."""
    return _first_order_and_law(parameters)[1]


@cache
def _first_order_and_law(parameters: tuple[ParameterRange, ...]) -> tuple[BoxPolynomial, BoxPolynomial]:
    """Both, fitted when the first is asked for: the other may be asked for within a derivative, whose tensors
    do not last.
    """
    known, matter = tables(*parameters[:2]), len(parameters) - SHOCKS
    of_first_order, law = (
        BoxPolynomial(parameters[:matter], known.draws[:, :matter], values.flatten(1), DEGREE)
        for values in (known.first_order, known.law)
    )
    return of_first_order, law


def _values_at_nodes(count: int) -> np.ndarray:
    nodes = np.cos(np.pi * (2 * np.arange(count) + 1) / (2 * count))
    return chebyshev.chebvander(nodes, count - 1)


def _polynomials(x: Tensor, count: int) -> Tensor:
    """T_0 ... T_(count-1) at [...], [..., count]."""
    values = [torch.ones_like(x), x]
    while len(values) < count:
        values.append(2 * x * values[-1] - values[-2])
    return torch.stack(values[:count], -1)


def rouwenhorst(states: int, persistence: float) -> list[list[float]]:
    """Probabilities of an AR(1) on evenly spaced states (Rouwenhorst 1995), by today's state."""
    stay = (1 + persistence) / 2
    matrix = [[stay, 1 - stay], [1 - stay, stay]]
    for count in range(3, states + 1):
        larger = [[0.0] * count for _ in range(count)]
        for row, chances in enumerate(matrix):
            for column, chance in enumerate(chances):
                larger[row][column] += stay * chance
                larger[row][column + 1] += (1 - stay) * chance
                larger[row + 1][column] += (1 - stay) * chance
                larger[row + 1][column + 1] += stay * chance
        matrix = [
            [chance / 2 for chance in row] if 0 < at < count - 1 else row for at, row in enumerate(larger)
        ]
    return matrix
