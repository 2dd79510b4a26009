"""Methods of solution that drive the economy's equations to zero, and what all methods have in common.

*Euler residuals*, the default, take expectations by quadrature.

The *all-in-one operator* takes two draws of the shocks in place of a quadrature. Maliar, Maliar and Winant
(2021), "Deep learning for solving dynamic economic models", Journal of Monetary Economics 122. For
independent e and e' the product F(e) F(e') has the mean (E F)^2, so its average over states can be minimised
with two draws for each, whatever the number of shocks. That holds for residuals that are linear in the
expectation. The economies here are written as F(s, x, E[g]) in units of consumption, which is not linear; so
F is linearised in its last argument, at g without shocks:

    F(g0) + F_g (g(e) - g0),   g0 = g(s, x, s'(0), x'(0)).

What that misses is of second order in E[g] - g0, itself of second order in the size of the shocks.

*Multipliers* of complementarities may be further choices of the network. For a pair (a, b) with a >= 0,
b >= 0, a b = 0 it also chooses mu >= 0, and the equations are b = mu and phi(a, mu) = 0. An expectation
inside b then enters linearly (the same paper).
"""

from __future__ import annotations

import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import jvp

from ..errors import BadConfiguration
from ..models.interface import Control, Markov, Model, Pairs, Parameters, Period, Regime, Variable, pack
from ..models.utility import fischer_burmeister
from ..policy import PolicyNetwork
from .bank import BankSampler
from .quadrature import rule_for
from .residuals import LookAhead, euler_residuals, in_each_regime, look_ahead
from .sampling import Sampler
from .settings import Settings

ALIKE = 2
"""Of units that are alike, so many of each state are looked at: more states say more than more of them."""
START = 0.01
"""Multipliers before training; one would be a choice that the constraint decides alone."""


class Method(nn.Module):
    """A way to solve an economy: what training sees of a network and a batch of (states, parameters).

    `forward(states, parameters, *drawn)`, with what `draw` gave, returns [n, m]: residuals to be driven to
    zero where `sum_of_squares`, and otherwise terms whose mean is to be as small as possible.
    """

    description: ClassVar[str]
    sum_of_squares: ClassVar[bool] = True
    differentiated: int | None = None
    """The first so many residuals of a state are enough for a step, if not all are needed."""

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__()
        self.policy, self.settings, self.generator = policy, settings, generator

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy as the method solves it, perhaps with further controls.

        Raises:
            BadConfiguration: if the method cannot solve it; says what the economy lacks.
        """
        return economy

    @classmethod
    def sampler(cls, economy: Model, settings: Settings, generator: torch.Generator) -> Sampler | BankSampler:
        """Where its batches come from, for the economy as `formulate` gave it."""
        return Sampler(economy, settings, generator)

    def begin(self, step: int) -> bool:
        """Called before each step of the run, for methods that go in stages or change their rule; whether the
        problem has become another one, of which earlier batches say nothing.
        """
        return False

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps of it."""
        return {}

    def restore(self, state: dict[str, float]) -> None:
        """Take over what `state` gave."""

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """Random numbers of a step, each [n, ...] for `states` [n, n_states]; by default none."""
        return ()

    def shocks(self, states: Tensor, periods: int) -> Tensor:
        """Standard normal shocks [n, periods, n_shocks] for `states` [n, n_states]."""
        columns = sum(shock.size for shock in self.policy.model.shocks)
        drawn = torch.randn(len(states), periods, columns, generator=self.generator, dtype=torch.float64)
        return drawn.to(states.device)


class ByQuadrature(Method):
    """A method with a rule over tomorrow's shocks: `points` [q, n_shocks] and `weights` [q]."""

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        self.points: Tensor
        self.weights: Tensor
        points, weights = rule_for(policy.model.shocks, settings.nodes)
        self.register_buffer("points", points)
        self.register_buffer("weights", weights)

    def begin(self, step: int) -> bool:
        """Move the points where the settings say so."""
        if self.settings.quadrature == "shifted":
            moved = rule_for(self.policy.model.shocks, self.settings.nodes, self.generator)
            self.points, self.weights = (values.to(self.points.device) for values in moved)
        return False


class EulerResiduals(ByQuadrature):
    """Residuals of the economy's equations, those that add up by `adding_up_weight` of the settings."""

    description = "Euler residuals by quadrature"

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        if policy.model.units > 1:
            self.differentiated = ALIKE
        self.emphasis: Tensor
        self.register_buffer("emphasis", _emphasis(policy.model, settings.adding_up_weight))

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Residuals at `states` [n, n_states] and `parameters` [n, n_parameters]."""
        return self.emphasised(self.unweighted(states, parameters))

    def unweighted(self, states: Tensor, parameters: Tensor) -> Tensor:
        """The economy's own residuals, there."""
        return euler_residuals(self.policy, states, parameters, self.points, self.weights)

    def emphasised(self, residuals: Tensor) -> Tensor:
        """Residuals [n, m] of one regime after the other times the weights of their equations."""
        return (residuals.unflatten(-1, (-1, len(self.emphasis))) * self.emphasis).flatten(-2)

    def parts(self) -> list[nn.Module]:
        """The residuals of one regime after the other, with the same weights."""
        model = self.policy.model
        regimes = [regime for regime in model.regimes() if not model.in_closed_form(regime)]
        return [_InRegime(self, regime) for regime in regimes] if len(regimes) > 1 else [self]


class _InRegime(nn.Module):
    """What `EulerResiduals` says of one regime."""

    def __init__(self, whole: EulerResiduals, regime: Regime) -> None:
        super().__init__()
        self.whole, self.regime = whole, regime

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Residuals [n, n_equations] of the regime, as shares of those of `EulerResiduals`."""
        whole = self.whole
        policy, rule = whole.policy, (whole.points, whole.weights)
        return whole.emphasised(euler_residuals(policy, states, parameters, *rule, only=self.regime))


def _emphasis(model: Model, weight: float) -> Tensor:
    """Of each residual of the economy's equations, [n_equations]."""
    weights = [weight if equation.name in model.adding_up else 1.0 for equation in model.equations]
    sizes = torch.tensor([equation.size for equation in model.equations])
    return torch.tensor(weights, dtype=torch.float64).repeat_interleave(sizes)


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
    multipliers = [
        Control(_named(e.name), f"multiplier of the constraint in {e.name}", e.unit, e.size, lower=0.0)
        for e in equations
    ]
    definitions = [
        Variable(_named(e.name), f"error of the multiplier of {e.name}", e.unit, e.size) for e in equations
    ]
    extended = copy.copy(economy)
    extended.__class__ = type(
        f"{type(economy).__name__}WithMultipliers",
        (_WithMultipliers, type(economy)),
        {
            "controls": (*economy.controls, *multipliers),
            "equations": (*economy.equations, *definitions),
            "constraints": tuple(replace(each, closed_form=False) for each in economy.constraints),
            "written": economy.written,
        },
    )
    return extended


def constrained(economy: Model) -> set[str]:
    """Names of the equations that are complementarities."""
    p = economy.name_parameters(economy.default_parameters())
    return set(_pairs_at_rest(economy, economy.at_rest(p), p))


class AllInOne(Method):
    """Products of the residuals at two independent draws of tomorrow's shocks: at the solution as often
    negative as not, so not a sum of squares.
    """

    description = "all-in-one operator, Euler residuals at two draws of the shocks"
    sum_of_squares = False

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy itself; complementarities must not hide the expectation in a nonlinear function.

        Raises:
            BadConfiguration: if they do, or if a shock has a few outcomes, whose differences are not small.
        """
        if markov := [shock.name for shock in economy.shocks if isinstance(shock, Markov)]:
            raise BadConfiguration(
                f"method=all_in_one takes normal shocks, which {', '.join(markov)} is not: take method=euler."
            )
        if settings.constraints != "multipliers" and constrained(economy):
            raise BadConfiguration(
                "method=all_in_one needs residuals linear in the expectation, and Fischer and Burmeister's "
                f"function in {', '.join(sorted(constrained(economy)))} is not: add constraints=multipliers."
            )
        return economy

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """Two draws of tomorrow's shocks [n, 2, n_shocks]."""
        return (self.shocks(states, 2),)

    def forward(self, states: Tensor, parameters: Tensor, shocks: Tensor) -> Tensor:
        """Products [n, n_residuals] of the residuals under the two draws of `shocks`."""
        nodes = torch.cat([torch.zeros_like(shocks[:, :1]), shocks], dim=1)

        p = self.policy.model.name_parameters(parameters.unsqueeze(-2))

        def product(today: Model, x: Tensor) -> Tensor:
            ahead = look_ahead(self.policy, today, states, x, p, nodes, nodes.new_ones(1))
            return linearised_residuals(today, ahead).prod(-2)

        return in_each_regime(self.policy, states, p, product)


def linearised_residuals(today: Model, ahead: LookAhead) -> Tensor:
    """F(g0) + F_g (g - g0) [n, q, n_equations], with g0 at the first of the q + 1 nodes of `ahead`."""
    dim = ahead.leading - 1
    names = list(ahead.inside)
    count = max(g.shape[dim] for g in ahead.inside.values())
    values = [g.expand(*g.shape[:dim], count, *g.shape[dim + 1 :]) for g in ahead.inside.values()]
    others = [g.narrow(dim, 1, count - 1) for g in values]
    centres = [g.narrow(dim, 0, 1).expand_as(other).clone() for g, other in zip(values, others, strict=True)]

    def residuals(*expected: Tensor) -> Tensor:
        named = SimpleNamespace(**dict(zip(names, expected, strict=True)))
        return pack(today.conditions(ahead.now, named, ahead.p), today.equations)

    moves = tuple(other - centre for other, centre in zip(others, centres, strict=True))
    centre, change, *_ = jvp(residuals, tuple(centres), moves)
    return centre + change


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
