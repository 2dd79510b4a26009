"""Methods of solution for economies that maximise discounted reward.

*Bellman residuals*: the value function as one more output of the network, and the choices that maximise it.

    0 = V(s) - [ r(s, x) + beta E V(s') ]
    0 = d/dx [ r(s, x) + beta E V(s') ]

with the derivative taken through the network; the envelope condition is not used. Maliar, Maliar and Winant
(2021). Rewards are in units of the steady state's, and choices that cannot be negative count in logs.

*Lifetime reward*: the policy that earns most in simulation, by the gradient through the simulated paths. The
same authors truncate the sum at a horizon T. With discount factors near one that leaves out most of it; here
the last period's reward stands for all that follow,

    (1 - beta) sum_{t < T} beta^t r_t  +  beta^T r_T,

whose mean is that of the infinite sum once the economy has forgotten by T where it started.
"""

from __future__ import annotations

import copy
from itertools import takewhile

import torch
from torch import Tensor
from torch.func import grad

from ..errors import BadConfiguration
from ..models.interface import (
    Control,
    Markov,
    Model,
    Named,
    Pairs,
    Parameters,
    Period,
    Values,
    Variable,
    pack,
)
from ..policy import PolicyNetwork
from .by_equations import ByQuadrature, Method, constrained
from .residuals import look_ahead
from .settings import Settings

VALUE = Control("value", "constant reward worth as much as what is expected", "relative reward")
BELLMAN = Variable("bellman", "error of the Bellman equation", "relative reward")
EVALUATION = 0.2
"""Share of the steps in which the choices are held at the anchor and only their value is learnt. Without a
value there is no reason to save, and the choices that would follow are hard to return from.
"""


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
    if not economy.constraints:
        return economy
    smooth = copy.copy(economy)
    smooth.__class__ = type(f"{type(economy).__name__}WithoutRegimes", (type(economy),), {"constraints": ()})
    return smooth


def with_value(economy: Model) -> Model:
    """The same economy with a control `value` and the equation `bellman`.

    The value W is the constant relative reward that is worth as much as what is expected, of the same order
    in patient and impatient economies: W / (1 - beta) = r + beta / (1 - beta) E[W'].
    """
    extended = copy.copy(economy)
    extended.__class__ = type(
        f"{type(economy).__name__}WithValue",
        (_WithValue, type(economy)),
        {
            "controls": (*economy.controls, VALUE),
            "equations": (*economy.equations, BELLMAN),
            "written": economy.written,
        },
    )
    return extended


def lifetime(economy: Model, now: Period, expected: Named, p: Parameters) -> Tensor:
    """What today's choices earn now and later, r + beta / (1 - beta) E[W'], in an economy with a value W."""
    discount = economy.discount(p)
    return relative_reward(economy, now, p) + discount / (1 - discount) * expected.continuation


def worth(economy: Model, now: Period, p: Parameters) -> Tensor:
    """The value of today's state as a sum of one-period rewards, W / (1 - beta)."""
    return now.value / (1 - economy.discount(p))


class Bellman(ByQuadrature):
    """The Bellman equation's residual, and one for each choice; expectations by quadrature.

    A complementarity (a, b) of the model keeps its a; b is what a little more of the choice would earn.
    """

    description = "Bellman and first-order residuals by quadrature"

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        self.positive: Tensor
        self.evaluating = False
        self.constrained = bool(constrained(policy.model))
        before_value = takewhile(lambda control: control.name != "value", policy.model.controls)
        self.n_choices = sum(control.size for control in before_value)
        positive = [control.lower == 0 for control in policy.model.controls for _ in range(control.size)]
        self.register_buffer("positive", torch.tensor(positive))

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy with its value as a control.

        Raises:
            BadConfiguration: without a reward, or with several choices under a constraint.
        """
        require_reward(economy, "bellman")
        if constrained(economy) and sum(c.size for c in economy.controls) > 1:
            raise BadConfiguration(
                "method=bellman solves one choice under one constraint, or any number of choices without; "
                f"{economy.name} has more: take method=euler."
            )
        return with_value(without_regimes(economy))

    def begin(self, step: int) -> bool:
        """Evaluate the anchor in the first steps, improve on it later."""
        self.evaluating = step < EVALUATION * (self.settings.adam_steps + self.settings.steps)
        return super().begin(step)

    def controls(self, states: Tensor, p: Parameters) -> Tensor:
        """What the policy chooses, or the anchor while that is evaluated, and the value [..., n_controls]."""
        x, model = self.policy(states, p), self.policy.model
        if not self.evaluating:
            return x
        anchor = model.anchor(model.period(p, states), p)
        fixed = pack(anchor, model.controls)[..., : self.n_choices]
        return torch.cat([fixed.expand(*x.shape[:-1], -1), x[..., self.n_choices :]], dim=-1)

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Errors of the Bellman equation and of its first-order conditions, [n, n_residuals]."""
        model = self.policy.model
        p, ahead_p = (model.name_parameters(rows) for rows in (parameters, parameters.unsqueeze(-2)))
        x = self.controls(states, p)
        now = model.period(p, states, x)
        value = worth(model, now, p)
        slope, earned = grad(self._lifetime, has_aux=True)(x, states, ahead_p)
        gains = (slope * torch.where(self.positive, x, 1.0))[..., : self.n_choices]
        if not self.constrained:
            return torch.cat([(value - earned)[..., None], gains], dim=-1)
        conditions = model.complementary(self._pairs(x, states, ahead_p, gains[..., 0]), now)
        return torch.stack([value - earned, *conditions.values()], dim=-1)

    def _lifetime(self, x: Tensor, states: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """r + beta E V' at the controls `x`, summed for its derivative, and itself [...]."""
        ahead = look_ahead(self.controls, self.policy.model, states, x, p, self.points, self.weights)
        earned = lifetime(self.policy.model, ahead.now, ahead.expected, p)
        return earned.sum(), earned.squeeze(-1)

    def _pairs(self, x: Tensor, states: Tensor, p: Parameters, gain: Tensor) -> Pairs:
        """The constraint's room, and the gain [...] from going on where it runs out."""
        slope, room = grad(self._room, has_aux=True)(x, states, p)
        return {name: (a, -torch.sign(slope[..., 0]) * gain) for name, a in room.items()}

    def _room(self, x: Tensor, states: Tensor, p: Parameters) -> tuple[Tensor, dict[str, Tensor]]:
        """The first of the complementary pair, summed for its derivative, and itself [...]."""
        model = self.policy.model
        ahead = look_ahead(self.controls, model, states, x, p, self.points, self.weights)
        pairs = model.complementarities(ahead.now, ahead.expected, p)
        rooms = {name: a.squeeze(-1) for name, (a, _) in pairs.items()}
        return torch.stack(list(rooms.values())).sum(), rooms


class LifetimeReward(Method):
    """Minus the discounted reward of one simulated path from each state.

    Constraints must be bounds of the controls; complementarities, which say no more than that the choice is
    best, are not used.
    """

    description = "lifetime reward along simulated paths"
    sum_of_squares = False

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy itself.

        Raises:
            BadConfiguration: without a reward, with multipliers, or with shocks whose chances no gradient
                knows of.
        """
        require_reward(economy, "lifetime_reward")
        if markov := [shock.name for shock in economy.shocks if isinstance(shock, Markov)]:
            raise BadConfiguration(
                f"method=lifetime_reward takes normal shocks, which {', '.join(markov)} is not: "
                "take method=euler."
            )
        if settings.constraints == "multipliers":
            raise BadConfiguration(
                "method=lifetime_reward has no multipliers: leave out constraints=multipliers."
            )
        return economy

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """The shocks of a path [n, horizon, n_shocks]."""
        return (self.shocks(states, self.settings.horizon),)

    def forward(self, states: Tensor, parameters: Tensor, shocks: Tensor) -> Tensor:
        """Minus the discounted rewards along a simulated path from each state, [n, 1]."""
        model = self.policy.model
        p = model.name_parameters(parameters)
        discount, total = model.discount(p), torch.zeros_like(states[:, 0])
        weight = torch.ones_like(total)
        for shocks_then in shocks.unbind(1):
            now = model.period(p, states, self.policy(states, p))
            total = total + (1 - discount) * weight * relative_reward(model, now, p)
            weight = discount * weight
            states = model.tomorrow(now, shocks_then, p)
        now = model.period(p, states, self.policy(states, p))
        return -(total + weight * relative_reward(model, now, p))[:, None]


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
