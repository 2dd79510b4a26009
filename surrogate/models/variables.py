"""Names for the columns of tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

import torch
from torch import Tensor

from ..artifact.card import Variable


@dataclass(frozen=True)
class Control(Variable):
    """A choice. Its bounds pick the output activation, so an infeasible choice cannot be expressed.

    A bound is a number, or the name of what the model says of the period, as `now.<name>`, where it moves
    with the state.
    """

    lower: float | str = -math.inf
    upper: float | str = math.inf


@dataclass(frozen=True)
class Constraint:
    """A constraint that binds now and then, and replaces an equation where it does. `Model.slack` says where.

    It is elementwise: each state, and each household of a population, has its own side of it; so has each of
    the `size` elements where it is one of a group. A complementarity with its name is told on which side it
    is.
    """

    name: str
    description: str = ""
    closed_form: bool = False
    """Where it binds, all of a group, the anchor is the answer, so that nothing is left to solve."""
    size: int = 1


@dataclass(frozen=True)
class Markov(Variable):
    """A shock with a few outcomes: the economy reads the number of the one that is drawn, 0 to outcomes - 1,
    and says in `Model.chances` how likely each is.

    Where economies are simulated, a standard normal decides: outcome k is drawn where its distribution
    function lies between the chances of the outcomes before k, added up, and those up to k. Expectations are
    exact sums.
    """

    outcomes: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size != 1 or self.outcomes < 2:
            raise ValueError(f"the Markov shock {self.name!r} must be a scalar with two or more outcomes")


Named = Any
"""Something whose attributes are tensors, one for each name."""

Values = Mapping[str, Tensor]

Regime = tuple[bool, ...]
"""Whether each constraint, or of some only the first few, binds; of a group each element."""

Pairs = dict[str, tuple[Tensor, Tensor]]
"""Complementarities (a, b) by the names of their equations."""


class Column(Protocol):
    """Whatever has a name and takes `size` columns of a tensor."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def size(self) -> int:
        """How many columns it takes."""
        ...


def columns_of(values: Tensor, variables: Sequence[Column]) -> dict[str, Tensor]:
    """The columns of `values` [..., k] by name: scalars become [...], groups stay [..., size].

    Columns become rows before they are cut, because ONNX Runtime copies a row ten times faster than a column.
    """
    blocks = values.movedim(-1, 0).split([variable.size for variable in variables])
    return {
        v.name: block.squeeze(0) if v.size == 1 else block.movedim(0, -1)
        for v, block in zip(variables, blocks, strict=True)
    }


def unpack(values: Tensor, variables: Sequence[Column]) -> Named:
    """`columns_of` as attributes."""
    return SimpleNamespace(**columns_of(values, variables))


def pack(named: Values, variables: Sequence[Column]) -> Tensor:
    """Stack named tensors into [..., k] in the order of `variables`, broadcasting their leading shapes.

    Raises:
        ValueError: if a variable is missing or one is there that was not declared.
    """
    expected = {variable.name for variable in variables}
    if set(named) != expected:
        raise ValueError(f"the model returned {sorted(named)} where it declares {sorted(expected)}")
    return _stacked([named[v.name][None] if v.size == 1 else named[v.name].movedim(-1, 0) for v in variables])


def stack(named: Values) -> Tensor:
    """Stack scalars [...] into [..., k], broadcasting their leading shapes."""
    return _stacked([value[None] for value in named.values()])


def _stacked(rows: list[Tensor]) -> Tensor:
    """Rows [k, ...] of different leading shapes as columns [..., sum of k]."""
    leading = torch.broadcast_shapes(*(row.shape[1:] for row in rows))
    return torch.cat([_spread(row, leading) for row in rows]).movedim(0, -1)


def _spread(row: Tensor, leading: torch.Size) -> Tensor:
    """[k, ...] -> [k, *leading]; axes that are missing come after the first."""
    for _ in range(len(leading) - row.ndim + 1):
        row = row.unsqueeze(1)
    return row.expand(-1, *leading)
