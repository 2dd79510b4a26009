"""Complementarities with multipliers as further choices of the network.

For a pair (a, b) with a >= 0, b >= 0, a b = 0 the network also chooses mu >= 0, and the equations are b = mu
and phi(a, mu) = 0. An expectation inside b then enters linearly (Maliar, Maliar and Winant 2021).
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

from torch import Tensor

from surrogate.errors import BadConfiguration
from surrogate.models.complementarity import fischer_burmeister
from surrogate.models.interface import Control, Model, Pairs, Parameters, Period, Variable

START = 0.01
"""Multipliers before training; one would be a choice that the constraint decides alone."""


def with_multipliers(economy: Model) -> Model:
    """The same economy with a control and an equation `NAME_multiplier` more for each complementarity `NAME`.

    Raises:
        BadConfiguration: if the economy has no complementarities.
    """
    names = constrained(economy)
    if not names:
        raise BadConfiguration(
            f"{economy.name} has no constraints to find multipliers for: leave out constraints=multipliers, "
            "or give the model a method `complementarities`."
        )
    equations = [equation for equation in economy.equations if equation.name in names]
    told = copy.copy(economy)
    told.__class__ = type(
        f"{type(economy).__name__}WithMultipliers",
        (_WithMultipliers, type(economy)),
        {
            "controls": (*economy.controls, *map(_multiplier, equations)),
            "equations": (*economy.equations, *map(_definition, equations)),
            "closed_form": (),
            "written": economy.written,
        },
    )
    return told


def constrained(economy: Model) -> set[str]:
    """Names of the equations that are complementarities."""
    p = economy.name_parameters(economy.default_parameters())
    return set(_pairs_at_rest(economy, economy.at_rest(p), p))


def _multiplier(equation: Variable) -> Control:
    text = f"multiplier of the constraint in {equation.name}"
    return Control(_named(equation.name), text, equation.unit, equation.size, lower=0.0)


def _definition(equation: Variable) -> Variable:
    text = f"error of the multiplier of {equation.name}"
    return Variable(_named(equation.name), text, equation.unit, equation.size)


def _named(equation: str) -> str:
    return f"{equation}_multiplier"


def _pairs_at_rest(economy: Model, now: Period, p: Parameters) -> Pairs:
    """The complementarities without shocks where the economy stays."""
    expected = SimpleNamespace(**economy.inside(now, now, p))
    return economy.complementarities(now, expected, p)


class _WithMultipliers(Model):
    """Comes before the economy's own class, which `super()` is."""

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        states, controls = super().steady_state(p)  # pyright: ignore[reportAbstractUsage]
        pairs = _pairs_at_rest(self, Period(self, p, states, controls), p)
        return states, controls | {_named(name): b.clamp(min=0.0) for name, (_, b) in pairs.items()}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The wrapped economy's anchor, and small multipliers [...]."""
        like = START + 0 * getattr(p, self.parameters[0].name)
        chosen = super().anchor(now, p)
        added = self.controls[len(super().controls) :]
        return chosen | {
            c.name: like if c.size == 1 else like[..., None].expand(*like.shape, c.size) for c in added
        }

    def complementary(self, pairs: Pairs, now: Period) -> dict[str, Tensor]:
        """For each complementarity phi(a, mu) and b - mu."""
        multipliers = {name: getattr(now, _named(name)) for name in pairs}
        return {
            **{name: fischer_burmeister(a, multipliers[name]) for name, (a, _) in pairs.items()},
            **{_named(name): b - multipliers[name] for name, (_, b) in pairs.items()},
        }
