"""Economies that maximise discounted reward: its units, and its value as a further control."""

from __future__ import annotations

import copy

import torch
from torch import Tensor
from torch.func import grad

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Control, Model, Named, Parameters, Period, Values, Variable


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


def relative_reward(economy: Model, now: Period, p: Parameters) -> Tensor:
    """Reward less the steady state's, free of units: r = (u - u_ss) / |x' u_xx x|, with x' u_xx x there too.

    To miss the best choices by a share d then costs d^2 / 2; with log utility, one unit is the consumption of
    a period.
    """
    states, choices = economy.steady_state(p)

    def slope(factor: Tensor) -> Tensor:
        return grad(scaled)(factor).sum()

    def scaled(factor: Tensor) -> Tensor:
        scaled_choices = {name: factor * value for name, value in choices.items()}
        return economy.reward(Period(economy, p, states, scaled_choices), p).sum()

    level = economy.reward(Period(economy, p, states, choices), p)
    return (economy.reward(now, p) - level) / grad(slope)(torch.ones_like(level)).abs()


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

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        states, choices = super().steady_state(p)  # pyright: ignore[reportAbstractUsage]
        return states, choices | {"value": torch.zeros_like(getattr(p, self.parameters[0].name))}

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        return super().anchor(now, p) | {"value": torch.zeros_like(getattr(p, self.parameters[0].name))}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        inside = super().inside(now, then, p)  # pyright: ignore[reportAbstractUsage]
        return {**inside, "continuation": then.value}

    def conditions(self, now: Period, expected: Named, p: Parameters) -> dict[str, Tensor]:
        """The economy's own, and value less what the choices of today earn."""
        own = super().conditions(now, expected, p)
        return own | {"bellman": worth(self, now, p) - lifetime(self, now, expected, p)}


def lifetime(economy: Model, now: Period, expected: Named, p: Parameters) -> Tensor:
    """What today's choices earn now and later, r + beta / (1 - beta) E[W'], in an economy with a value W."""
    discount = economy.discount(p)
    return relative_reward(economy, now, p) + discount / (1 - discount) * expected.continuation


def worth(economy: Model, now: Period, p: Parameters) -> Tensor:
    """The value of today's state as a sum of one-period rewards, W / (1 - beta)."""
    return now.value / (1 - economy.discount(p))
