"""Economies that maximise discounted reward: its units, and its value as a further control."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.func import grad

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Control, Model, Named, Variable


def require_reward(economy: Model, method: str) -> None:
    """Refuse an economy that does not say what is maximised.

    Raises:
        BadConfiguration: naming the methods that are missing.
    """
    kind = type(economy)
    missing = [name for name in ("reward", "discount") if getattr(kind, name) is getattr(Model, name)]
    if missing:
        raise BadConfiguration(
            f"{economy.name} cannot be solved with method={method}: it does not say what is maximised; it "
            f"has no {' and no '.join(f'`{name}`' for name in missing)}. Take method=euler, or, if it is the "
            "problem of one household or planner, write them."
        )


def relative_reward(economy: Model, s: Named, x: Named, p: Named) -> Tensor:
    """Reward less the steady state's, free of units: r = (u - u_ss) / |x' u_xx x|, with x' u_xx x there too.

    To miss the best choices by a share d then costs d^2 / 2; with log utility, one unit is the consumption of
    a period.
    """
    steady_states, steady_choices = (SimpleNamespace(**values) for values in economy.steady_state(p))

    def slope(factor: Tensor) -> Tensor:
        return grad(scaled)(factor).sum()

    def scaled(factor: Tensor) -> Tensor:
        choices = {name: factor * value for name, value in vars(steady_choices).items()}
        return economy.reward(steady_states, SimpleNamespace(**choices), p).sum()

    level = economy.reward(steady_states, steady_choices, p)
    return (economy.reward(s, x, p) - level) / grad(slope)(torch.ones_like(level)).abs()


def without_regimes(economy: Model) -> Model:
    """The same economy with one set of choices: a value function knows no choice beyond a constraint."""
    if not economy.regimes:
        return economy
    told = copy.copy(economy)
    changes = {"regimes": (), "closed_form": ()}
    told.__class__ = type(f"{type(economy).__name__}WithoutRegimes", (type(economy),), changes)
    return told


def with_value(economy: Model) -> Model:
    """The same economy with a control `value` and the equation `bellman`.

    The value W is the constant relative reward that is worth as much as what is expected, of the same order
    in patient and impatient economies: W / (1 - beta) = r + beta / (1 - beta) E[W'].
    """
    told = copy.copy(economy)
    told.__class__ = type(
        f"{type(economy).__name__}WithValue",
        (_WithValue, type(economy)),
        {
            "controls": (*economy.controls, VALUE),
            "equations": (*economy.equations, BELLMAN),
            "written": economy.written,
        },
    )
    return told


VALUE = Control("value", "constant reward worth as much as what is expected", "relative reward")
BELLMAN = Variable("bellman", "error of the Bellman equation", "relative reward")


class _WithValue(Model):
    """Comes before the economy's own class, which `super()` is."""

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        states, choices = super().steady_state(p)  # pyright: ignore[reportAbstractUsage]
        return states, choices | {"value": torch.zeros_like(getattr(p, self.parameters[0].name))}

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        return super().anchor(s, p) | {"value": torch.zeros_like(getattr(p, self.parameters[0].name))}

    def expectation(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        inside = super().expectation(s, x, s_next, x_next, p)  # pyright: ignore[reportAbstractUsage]
        return inside | {"continuation": x_next.value}

    def conditions(self, s: Named, x: Named, expected: Named, p: Named) -> dict[str, Tensor]:
        """The economy's own, and value less what the choices of today earn."""
        own = super().conditions(s, x, expected, p)
        return own | {"bellman": worth(self, x, p) - lifetime(self, s, x, expected, p)}


def lifetime(economy: Model, s: Named, x: Named, expected: Named, p: Named) -> Tensor:
    """What the choices `x` earn now and later, r + beta / (1 - beta) E[W'], in an economy with a value W."""
    discount = economy.discount(p)
    return relative_reward(economy, s, x, p) + discount / (1 - discount) * expected.continuation


def worth(economy: Model, x: Named, p: Named) -> Tensor:
    """The value of today's state as a sum of one-period rewards, W / (1 - beta)."""
    return x.value / (1 - economy.discount(p))
