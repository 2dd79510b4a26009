"""A period of an economy, and its parameters, as its author reads them: by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .variables import Regime, Values, columns_of

if TYPE_CHECKING:
    from .interface import Model


class Parameters:
    """Structural parameters: `p.beta` is one of them [...], `p.adjustment` what the model's method
    `adjustment(p)` makes of them, computed once and kept.

    `vector` [..., n_parameters] has them in the order in which the economy declares them, perhaps with those
    definitions that are known `beforehand`, side by side.
    """

    def __init__(self, economy: Model, vector: Tensor) -> None:
        self._economy, self.vector = economy, vector
        known = economy.beforehand() if vector.shape[-1] > len(economy.parameters) else ()
        vars(self).update(columns_of(vector, (*economy.parameters, *known)))

    def __getattr__(self, name: str) -> Any:
        definition = _definition(self._economy, name, "parameter")
        return vars(self).setdefault(name, definition(self))


class Period:
    """One period: `now.capital` is a state and `now.consumption` a choice, [...] or, of a group, [..., size];
    `now.output` is what the model's method `output(now, p)` says, computed once and kept.

    Before the choices are made only what the states decide is known.
    """

    def __init__(self, economy: Model, p: Parameters, states: Values, choices: Values | None = None) -> None:
        self._economy, self._p = economy, p
        vars(self).update(states, **(choices or {}))

    def __getattr__(self, name: str) -> Any:
        definition = _definition(self._economy, name, "state, choice")
        return vars(self).setdefault(name, definition(self, self._p))

    def told(self, constraint: str) -> bool | Tensor | None:
        """Whether the period is told that a constraint binds or that it does not, [size] of a group; None
        leaves it, or some of the group, to the model's `slack`, or means that there is no such constraint.
        """
        told, size = self._told_of(constraint)
        if size == 1:
            return told[0] if told else None
        return torch.tensor(told) if told and len(told) == size else None

    def binds(self, constraint: str) -> bool | Tensor:
        """Whether a constraint binds: what the period is told, or else where there is no slack, [...] or, of
        a group, [..., size].
        """
        told = self.told(constraint)
        if told is not None:
            return told
        first, _ = self._told_of(constraint)
        without_slack = self.slack[constraint] < 0
        if not first:
            return without_slack
        known = torch.tensor(first).expand(*without_slack.shape[:-1], len(first))
        return torch.cat([known, without_slack[..., len(first) :]], -1)

    def _told_of(self, constraint: str) -> tuple[Regime, int]:
        """What of a constraint is told, of a group the first elements, and its size."""
        start = 0
        for each in self._economy.constraints:
            if each.name == constraint:
                return self._economy.told[start : start + each.size], each.size
            start += each.size
        return (), 1


def where(condition: bool | Tensor, one: Tensor, other: Tensor) -> Tensor:
    """`one` where the condition holds and the `other` elsewhere; it may be known for all places at once."""
    if isinstance(condition, bool):
        return one if condition else other
    return torch.where(condition, one, other)


def _definition(economy: Model, name: str, kind: str) -> Any:
    """The economy's method for a name that is not there; raises AttributeError if it has none."""
    if name.startswith("_") or not callable(definition := getattr(economy, name, None)):
        raise AttributeError(f"{economy.name} has no {kind} or definition called {name!r} here")
    return definition
