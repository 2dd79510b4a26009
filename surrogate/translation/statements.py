"""A graph at a batch of one as a list of statements on named arrays, which any language can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf

FOLDED: dict[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": np.add,
    "And": np.logical_and,
    "Ceil": np.ceil,
    "Div": np.divide,
    "Equal": np.equal,
    "Erf": erf,
    "Exp": np.exp,
    "Floor": np.floor,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Log": np.log,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Or": np.logical_or,
    "Pow": np.power,
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Tanh": np.tanh,
    "Trunc": np.trunc,
    "Where": np.where,
}
"""What is done entry by entry, and what computes it where the numbers are known beforehand."""
TRUTHS = {"And", "Equal", "Less", "LessOrEqual", "Not", "Or"}
EACH = frozenset(FOLDED)
SCALARS = {*EACH, "Sum", "Dot"}
"""What gives a number rather than an array of one entry."""


@dataclass(frozen=True)
class Element:
    """One entry of a named array, counted from zero."""

    array: str
    index: int


@dataclass(frozen=True)
class Run:
    """`count` consecutive entries of a named array from `start` on, or every `step`-th one."""

    array: str
    start: int
    step: int
    count: int


Operand = float | Element | Run


@dataclass(frozen=True)
class Statement:
    """`name`, a new array of `size` entries, a scalar if that is one.

    `operator` is one of `EACH`, entry by entry with scalars repeated, or

    Pack : its operands, which are scalars, one after the other; Join : arrays likewise;
    Repeat : a scalar, `size` times;
    Product : matrix [rows, k] times matrix [k, columns], each row after row; the third operand is k;
    Dot : two vectors, a scalar;
    Sum, a scalar, and CumSum : of one array;
    Pick : the entries of one array at the places that another one holds, from zero;
    Put, PutAdd : one array with the numbers of a third one written, or added, at the places in a second one.
    """

    name: str
    size: int
    operator: str
    operands: tuple[Operand, ...]

    @property
    def is_scalar(self) -> bool:
        """Whether `name` is a number, not an array."""
        return self.size == 1 and self.operator in SCALARS


@dataclass(frozen=True)
class Program:
    """A function of input arrays that leaves `outputs`, each a list of numbers and elements.

    `inputs` maps names to numbers of entries, `sizes` does the same for all arrays, constants included.
    """

    inputs: Mapping[str, int]
    statements: tuple[Statement, ...]
    outputs: Mapping[str, tuple[float | Element, ...]]
    sizes: Mapping[str, int]

    def uses(self) -> Counter[str]:
        """How many operands and outputs mention each array."""
        entries = [entry for output in self.outputs.values() for entry in output]
        return Counter(
            each.array for each in [*self._operands(), *entries] if isinstance(each, Element | Run)
        )

    def _operands(self) -> Iterator[Operand]:
        for statement in self.statements:
            yield from statement.operands
