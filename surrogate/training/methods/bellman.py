"""Bellman residuals: the value function as one more output of the network, and the choices that maximise it.

    0 = V(s) - [ r(s, x) + beta E V(s') ]
    0 = d/dx [ r(s, x) + beta E V(s') ]

with the derivative taken through the network; the envelope condition is not used. Maliar, Maliar and Winant
(2021). Rewards are in units of the steady state's, and choices that cannot be negative count in logs.
"""

from __future__ import annotations

from itertools import takewhile

import torch
from torch import Tensor
from torch.func import grad

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Model, Pairs, Parameters, pack
from surrogate.models.lifetime import lifetime, require_reward, with_value, without_regimes, worth
from surrogate.models.multipliers import constrained
from surrogate.policy import PolicyNetwork
from surrogate.training.methods.by_quadrature import ByQuadrature
from surrogate.training.residuals import look_ahead
from surrogate.training.settings import Settings

EVALUATION = 0.2
"""Share of the steps in which the choices are held at the anchor and only their value is learnt. Without a
value there is no reason to save, and the choices that would follow are hard to return from.
"""


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

    def begin(self, step: int) -> None:
        """Evaluate the anchor in the first steps, improve on it later."""
        super().begin(step)
        self.evaluating = step < EVALUATION * (self.settings.adam_steps + self.settings.steps)

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
        ahead = look_ahead(self.controls, self.policy.model, states, x, p, self.points)
        earned = lifetime(self.policy.model, ahead.now, ahead.expected(self.weights), p)
        return earned.sum(), earned.squeeze(-1)

    def _pairs(self, x: Tensor, states: Tensor, p: Parameters, gain: Tensor) -> Pairs:
        """The constraint's room, and the gain [...] from going on where it runs out."""
        slope, room = grad(self._room, has_aux=True)(x, states, p)
        return {name: (a, -torch.sign(slope[..., 0]) * gain) for name, a in room.items()}

    def _room(self, x: Tensor, states: Tensor, p: Parameters) -> tuple[Tensor, dict[str, Tensor]]:
        """The first of the complementary pair, summed for its derivative, and itself [...]."""
        model = self.policy.model
        ahead = look_ahead(self.controls, model, states, x, p, self.points)
        pairs = model.complementarities(ahead.now, ahead.expected(self.weights), p)
        rooms = {name: a.squeeze(-1) for name, (a, _) in pairs.items()}
        return torch.stack(list(rooms.values())).sum(), rooms
