"""Lifetime reward: the policy that earns most in simulation, by the gradient through the simulated paths.

Maliar, Maliar and Winant (2021) truncate the sum at a horizon T. With discount factors near one that leaves
out most of it; here the last period's reward stands for all that follow,

    (1 - beta) sum_{t < T} beta^t r_t  +  beta^T r_T,

whose mean is that of the infinite sum once the economy has forgotten by T where it started.
"""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Model
from surrogate.models.lifetime import relative_reward, require_reward
from surrogate.training.methods.method import Method
from surrogate.training.settings import Settings


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
            BadConfiguration: without a reward, or with multipliers.
        """
        require_reward(economy, "lifetime_reward")
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
