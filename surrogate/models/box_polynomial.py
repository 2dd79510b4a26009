"""What is known at draws of the parameters, as a polynomial that a graph can hold.

The helpers of authors solve an economy numerically at some thousand parameter vectors, once, and need the
answer at any other, inside the graph that is exported: a polynomial in the straightened parameters, fitted
by least squares.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..artifact.card import ParameterRange
from .aid import STRAIGHTEN
from .interface import Model
from .period import Parameters

Answer = TypeVar("Answer")

DRAWS = 4000
EVEN = DRAWS // 2
"""Of the draws, the first: uniform on the box, so that their failures say how much of it fails."""
MOST_FAILURES = 0.1
RIDGE = 1e-10
"""Relative to the number of draws; features are of order one."""
DEGREES = ((6, 4), (13, 3), (1000, 2))
"""Up to so many parameters, a polynomial of such a degree: at most 560 terms with 13 parameters."""
_BACK: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda value: value,
    "log": torch.exp,
    "log_one_minus": lambda value: -torch.expm1(value),
}
"""Inverses of `STRAIGHTEN`."""


def once_per_class(compute: Callable[[Model], Answer]) -> Callable[[Model], Answer]:
    """Compute at the first use of an economy's class and remember: the same for all of its instances."""
    answers: WeakKeyDictionary[type[Model], Answer] = WeakKeyDictionary()

    @functools.wraps(compute)
    def remembered(model: Model) -> Answer:
        if type(model) not in answers:
            with torch.no_grad():
                answers[type(model)] = compute(model)
        return answers[type(model)]

    return remembered


def draws_of_box(model: Model) -> Tensor:
    """Parameters [DRAWS, n_parameters], the same at every call: uniform first, then as a polynomial wants
    them, close to the ends of the straightened ranges (the arcsine law, for which Chebyshev polynomials are
    orthogonal).
    """
    generator = torch.Generator().manual_seed(0)
    u = torch.rand(DRAWS, len(model.parameters), generator=generator, dtype=torch.float64)
    lower, upper = model.parameter_box()
    columns = []
    for column, each in enumerate(model.parameters):
        low, high = _straight_ends(each)
        arcsine = torch.sin(torch.pi / 2 * u[EVEN:, column]) ** 2
        columns.append(_BACK[each.transform](low + (high - low) * arcsine))
    uniform = lower + (upper - lower) * u[:EVEN]
    return torch.cat([uniform, torch.stack(columns, -1).clamp(lower, upper)])


class BoxPolynomial:
    """A polynomial in the parameters, each straightened and brought to [-1, 1]."""

    def __init__(
        self,
        parameters: Sequence[ParameterRange],
        theta: Tensor,
        values: Tensor,
        degree: int | None = None,
    ) -> None:
        """Fit `values` [n, k], known at `theta` [n, n_parameters]; the degree is one of `DEGREES` unless
        it is given.
        """
        self.parameters, self.ends = parameters, [_straight_ends(each) for each in parameters]
        usual = next(degree for most, degree in DEGREES if len(parameters) <= most)
        degree = usual if degree is None else degree
        terms = combinations_with_replacement(range(len(parameters) + 1), degree)
        self.factors = torch.tensor(list(terms)).T.contiguous()
        """[degree, n_terms]: which numbers each term multiplies; the first of all numbers is one."""
        features = self._features(list(theta.unbind(-1)))
        normal = features.T @ features + RIDGE * len(theta) * torch.eye(features.shape[1])
        self.coefficients = torch.linalg.solve(normal, features.T @ values)

    def __call__(self, p: Parameters) -> Tensor:
        """Values [..., k]."""
        features = self._features([getattr(p, each.name) for each in self.parameters])
        return features @ self.coefficients.to(features)

    def _features(self, columns: list[Tensor]) -> Tensor:
        """The terms [..., n_terms] at parameters [...]."""
        numbers = [torch.ones_like(columns[0])]
        for each, (low, high), value in zip(self.parameters, self.ends, columns, strict=True):
            width = high - low if high != low else 1.0
            numbers.append((2 * STRAIGHTEN[each.transform](value) - low - high) / width)
        stacked = torch.stack(numbers, -1)
        factors = [stacked[..., rows] for rows in self.factors.to(stacked.device)]
        return functools.reduce(torch.mul, factors)


def whereabouts(model: Model, theta: Tensor, failed: Tensor) -> str:
    """How often, where and for example at which of the parameters `theta` [n, n_parameters] something
    `failed`, bool [n], as the end of a sentence.
    """
    if bool(failed.all()):
        return "everywhere on the box"
    lower, upper = model.parameter_box()
    place = (theta - lower) / (upper - lower).clamp(min=1e-300)
    column = int((place[failed].mean(0) - place.mean(0)).abs().argmax())
    name, there = model.parameters[column].name, theta[failed, column]
    low_end = bool(place[failed, column].mean() < place[:, column].mean())
    side = f"below {float(there.quantile(0.9)):.3g}" if low_end else f"above {float(there.quantile(0.1)):.3g}"
    example = theta[failed][0].tolist()
    values = ", ".join(
        f"{each.name} = {value:.3g}" for each, value in zip(model.parameters, example, strict=True)
    )
    share = float(failed.double().mean())
    return f"on {share:.0%} of the box, nine times in ten where {name} is {side}; for example at {values}"


def _straight_ends(each: ParameterRange) -> tuple[float, float]:
    """Ends of the straightened range, the image of the lower end first."""
    ends = torch.tensor([each.lower, each.upper], dtype=torch.float64)
    low, high = STRAIGHTEN[each.transform](ends).tolist()
    return low, high
