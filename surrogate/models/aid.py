"""What helps the network to solve an economy: where to look, what to see, where to start.

None of it changes what the solution is. An economy that needs help keeps it in a file of its own, a class
that the economy's inherits from, so that the economy's file reads as the paper.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ..artifact.card import ParameterRange
from .period import Parameters, Period
from .variables import Column, Named

STRAIGHTEN: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda value: value,
    "log": torch.log,
    "log_one_minus": lambda value: torch.log1p(-value),
}
"""By the names of `ParameterRange.transform`."""


class Aid(ABC):
    """Boxes, anchors, and the network's inputs, by default from the steady state and the state's bounds."""

    parameters: ClassVar[tuple[ParameterRange, ...]]
    inputs: ClassVar[tuple[Column, ...]] = ()
    """What the policy network sees of the state; the states themselves unless declared otherwise."""
    recipe: ClassVar[Mapping[str, float]] = {}
    """Settings of training that differ from the usual ones, unless the user says otherwise."""

    def beforehand(self) -> tuple[Column, ...]:
        """Definitions `name(p)` of parameters alone, [..., size] each, that cost much: training computes them
        once for each vector of parameters.
        """
        return ()

    @abstractmethod
    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """States and controls without shocks, each [...]."""

    @abstractmethod
    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Lower and upper end of every state on which the economy is solved, natural units."""

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """States at numbers `u` between zero and one, evenly on the box.

        Override it where a box is no place to draw from: a distribution has to add up.
        """
        bounds = self.state_bounds(p)
        return {name: low + (high - low) * getattr(u, name) for name, (low, high) in bounds.items()}

    def place(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """States at numbers `u` between zero and one, as training draws them: `somewhere` by default.

        Override it to look more often where the policy bends, or a little beyond the box if economies go
        there; certificates stay with the even law.
        """
        return self.somewhere(u, p)

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Inputs of the policy network by the names of `inputs`, of order one: by default each state
        between its bounds.

        Override both where fewer numbers than states decide the policy, or where logs are straighter than
        levels.
        """
        bounds = self.state_bounds(p)
        return {
            name: 2 * (getattr(now, name) - low) / (high - low) - 1 for name, (low, high) in bounds.items()
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """What the network sees of the parameters, by name and in any units (the network standardises
        them): by default each parameter, in logs where its range suggests it.

        Add what decides the shape of the policy where the linear solution is known: its elasticities.
        """
        return {q.name: STRAIGHTEN[q.transform](getattr(p, q.name)) for q in self.parameters}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Controls at which the network's output is zero: the steady state, or a closed-form first
        approximation.
        """
        return self.steady_state(p)[1]
