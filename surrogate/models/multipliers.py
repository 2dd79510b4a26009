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
from surrogate.models.interface import Control, Model, Named, Pairs, Values, Variable

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
    return set(_pairs_at(economy, *economy.steady_state(p), p))


def _multiplier(equation: Variable) -> Control:
    text = f"multiplier of the constraint in {equation.name}"
    return Control(_named(equation.name), text, equation.unit, equation.size, lower=0.0)


def _definition(equation: Variable) -> Variable:
    text = f"error of the multiplier of {equation.name}"
    return Variable(_named(equation.name), text, equation.unit, equation.size)


def _named(equation: str) -> str:
    return f"{equation}_multiplier"


def _pairs_at(economy: Model, states: Values, controls: Values, p: Named) -> Pairs:
    """The complementarities without shocks where the economy stays."""
    s, x = SimpleNamespace(**states), SimpleNamespace(**controls)
    expected = SimpleNamespace(**economy.expectation(s, x, s, x, p))
    return economy.complementarities(s, x, expected, p)


class _WithMultipliers(Model):
    """Comes before the economy's own class, which `super()` is."""

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        states, controls = super().steady_state(p)  # pyright: ignore[reportAbstractUsage]
        pairs = _pairs_at(self, states, controls, p)
        return states, controls | {_named(name): b.clamp(min=0.0) for name, (_, b) in pairs.items()}

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The wrapped economy's anchor, and small multipliers [...]."""
        like = START + 0 * getattr(p, self.parameters[0].name)
        chosen = super().anchor(s, p)
        added = self.controls[len(super().controls) :]
        return chosen | {
            c.name: like if c.size == 1 else like[..., None].expand(*like.shape, c.size) for c in added
        }

    def complementary(self, pairs: Pairs, x: Named) -> dict[str, Tensor]:
        """For each complementarity phi(a, mu) and b - mu."""
        multipliers = {name: getattr(x, _named(name)) for name in pairs}
        return {
            **{name: fischer_burmeister(a, multipliers[name]) for name, (a, _) in pairs.items()},
            **{_named(name): b - multipliers[name] for name, (_, b) in pairs.items()},
        }
