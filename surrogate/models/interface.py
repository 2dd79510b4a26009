"""What an economy states, in named variables, and nothing about how it is solved.

A model is written once, as in the paper, for tensors of any leading shape. Time and expectations are split
in two stages:

    s' = m(s, x, e', theta)                  `transition`
    g  = g(s, x, s', x', theta)              `expectation`: what stands inside E[.]
    0  = F(s, x, E[g], theta)                `residuals`, free of units

because a complementarity of an expectation is not the expectation of a complementarity. Neither a network
nor an optimiser appears here.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from surrogate.card import ParameterRange, Variable
from surrogate.models.complementarity import fischer_burmeister


@dataclass(frozen=True)
class Control(Variable):
    """A choice. Its bounds pick the output activation, so an infeasible choice cannot be expressed.

    A bound is a number, or the name of a model method `(s, p) -> Tensor` where it moves with the state.
    """

    lower: float | str = -math.inf
    upper: float | str = math.inf


STRAIGHTEN: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda value: value,
    "log": torch.log,
    "log_one_minus": lambda value: torch.log1p(-value),
}
"""By the names of `ParameterRange.transform`."""

Named = Any  # a namespace whose attributes are tensors, one for each variable

Values = Mapping[str, Tensor]

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


def unpack(values: Tensor, variables: Sequence[Column]) -> Named:
    """Name the columns of `values` [..., k]: scalars become [...], groups stay [..., size].

    Columns become rows before they are cut, because ONNX Runtime copies a row ten times faster than a column.
    """
    blocks = values.movedim(-1, 0).split([variable.size for variable in variables])
    columns = {
        v.name: block.squeeze(0) if v.size == 1 else block.movedim(0, -1)
        for v, block in zip(variables, blocks, strict=True)
    }
    return SimpleNamespace(**columns)


def pack(named: Values, variables: Sequence[Column]) -> Tensor:
    """Stack named tensors into [..., k] in the order of `variables`, broadcasting their leading shapes.

    Raises:
        ValueError: if a variable is missing or one is there that was not declared.
    """
    expected = {variable.name for variable in variables}
    if set(named) != expected:
        raise ValueError(f"the model returned {sorted(named)} where it declares {sorted(expected)}")
    rows = [named[v.name][None] if v.size == 1 else named[v.name].movedim(-1, 0) for v in variables]
    leading = torch.broadcast_shapes(*(row.shape[1:] for row in rows))
    return torch.cat([_spread(row, leading) for row in rows]).movedim(0, -1)


def _spread(row: Tensor, leading: torch.Size) -> Tensor:
    """[k, ...] -> [k, *leading]; axes that are missing come after the first."""
    for _ in range(len(leading) - row.ndim + 1):
        row = row.unsqueeze(1)
    return row.expand(-1, *leading)


class Model(ABC):
    """An economy. Subclass it, declare the variables, and write the equations.

    Every method takes namespaces `s` (states), `x` (controls), `e` (standard normal shocks) and `p`
    (parameters) of tensors [...], or [..., size] for a group, and returns a dictionary by name.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    description: ClassVar[str] = ""
    parameters: ClassVar[tuple[ParameterRange, ...]]
    states: ClassVar[tuple[Variable, ...]]
    controls: ClassVar[tuple[Control, ...]]
    shocks: ClassVar[tuple[Variable, ...]]
    observables: ClassVar[tuple[Variable, ...]]
    equations: ClassVar[tuple[Variable, ...]]
    inputs: ClassVar[tuple[Column, ...]]
    """What the policy network sees of the state; the states themselves unless declared otherwise."""
    features: ClassVar[tuple[Column, ...]]
    """What the policy network sees of the parameters; the parameters themselves unless declared otherwise."""
    regimes: ClassVar[tuple[str, ...]] = ()
    """Two names, the slack one first, where an occasionally binding constraint splits today's equations in
    two.
    """
    closed_form: ClassVar[tuple[str, ...]] = ()
    """Those of `regimes` in which the anchor is the answer, so that nothing is left to solve."""
    written: ClassVar[type[Model]]
    """The class in which the economy was written, also where a method of solution has added controls to it.
    What is known of an economy beside its file is known of that class, not of another one with its name.
    """
    regime: str | None = None
    """The regime that today's equations are told to be in; None leaves it to `slack`, as in the economy
    itself.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "written" not in vars(cls):
            cls.written = cls
        if "states" in vars(cls) and "inputs" not in vars(cls):
            cls.inputs = cls.states
        if "parameters" in vars(cls) and "features" not in vars(cls):
            cls.features = cls.parameters

    @abstractmethod
    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """States and controls without shocks, each [...]."""

    @abstractmethod
    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Lower and upper end of every state on which the economy is solved, natural units."""

    @abstractmethod
    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """Tomorrow's states m(s, x, e', theta)."""

    @abstractmethod
    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """What stands inside the expectation, g(s, x, s', x', theta)."""

    @abstractmethod
    def residuals(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """F(s, x, E[g], theta), one value for each of `equations`, as a share (1e-4 is one hundredth of a
        percent).
        """

    def complementarities(self, s: Named, x: Named, expected: Named, p: Named) -> Pairs:
        """Pairs (a, b) with a >= 0, b >= 0, a b = 0, both as shares, for the `equations` that `residuals`
        leaves out.
        """
        return {}

    def conditions(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """All of `equations`: the residuals, and those of the complementarities."""
        pairs = self.complementarities(s, x, expected, p)
        return {**self.residuals(s, x, expected, p), **self.complementary(pairs, x)}

    def complementary(self, pairs: Pairs, x: Named) -> dict[str, Tensor]:
        """Residuals that are zero where the `pairs` are complementary."""
        return {name: fischer_burmeister(a, b) for name, (a, b) in pairs.items()}

    def reward(self, s: Named, x: Named, p: Named) -> Tensor:
        """What the household or planner gets in a period, [...], for methods that maximise its discounted
        sum.
        """
        raise NotImplementedError

    def discount(self, p: Named) -> Tensor:
        """What tomorrow's reward is worth today, [...]; for the same methods."""
        raise NotImplementedError

    @abstractmethod
    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Observables dated t+1; growth rates may look back at the states and controls dated t."""

    def derived(self, p: Named) -> dict[str, Tensor]:
        """Compound parameters, computed once for each use of `p` and then read beside the others as
        `p.<name>`.
        """
        return {}

    def name_parameters(self, parameters: Tensor) -> Named:
        """Parameters [..., n_parameters] by name, with the compound ones."""
        p = unpack(parameters, self.parameters)
        vars(p).update(self.derived(p))
        return p

    def place(self, u: Named, p: Named) -> dict[str, Tensor]:
        """States at numbers `u` between zero and one, as training draws them: evenly on the box by default.

        Override it to look more often where the policy bends, or a little beyond the box if economies go
        there; certificates stay with the even law.
        """
        bounds = self.state_bounds(p)
        return {name: low + (high - low) * getattr(u, name) for name, (low, high) in bounds.items()}

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """Inputs of the policy network by the names of `inputs`, of order one: by default each state
        between its bounds.

        Override both where fewer numbers than states decide the policy, or where logs are straighter than
        levels.
        """
        bounds = self.state_bounds(p)
        return {name: 2 * (getattr(s, name) - low) / (high - low) - 1 for name, (low, high) in bounds.items()}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """What the network sees of the parameters by the names of `features`, in any units (the network
        standardises them): by default each parameter, in logs where its range suggests it.

        Add what decides the shape of the policy where the linear solution is known: its elasticities.
        """
        return {q.name: STRAIGHTEN[q.transform](getattr(p, q.name)) for q in self.parameters}

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """Controls at which the network's output is zero: the steady state, or a closed-form first
        approximation.
        """
        return self.steady_state(p)[1]

    def slack(self, s: Named, x: Named, p: Named) -> Tensor:
        """How far the constraint is from binding at the controls `x` of the slack regime: negative where it
        binds, [...].

        In units in which one is far: training spends little on a regime where it is that far from applying.
        """
        raise NotImplementedError(
            f"{self.name} declares regimes, so it must say how far the constraint is from binding"
        )

    def given(self, regime: str | None) -> Model:
        """The same economy with today's equations told which regime they are in."""
        told = copy.copy(self)
        told.regime = regime
        return told

    def default_parameters(self) -> Tensor:
        """Default parameter vector [n_parameters], float64."""
        return torch.tensor([parameter.default for parameter in self.parameters], dtype=torch.float64)

    def parameter_box(self) -> tuple[Tensor, Tensor]:
        """Lower and upper ends of the parameter box, each [n_parameters], float64."""
        ends = ([p.lower for p in self.parameters], [p.upper for p in self.parameters])
        return torch.tensor(ends[0], dtype=torch.float64), torch.tensor(ends[1], dtype=torch.float64)

    def bound(self, limit: float | str, s: Named, p: Named) -> float | Tensor:
        """A control's bound as a number or as a tensor [...]."""
        return getattr(self, limit)(s, p) if isinstance(limit, str) else limit
