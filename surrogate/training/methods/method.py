"""What the methods of solution have in common."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from surrogate.models.interface import Model
from surrogate.policy import PolicyNetwork
from surrogate.training.settings import Settings


class Method(nn.Module):
    """A way to solve an economy: what training sees of a network and a batch of (states, parameters).

    `forward(states, parameters, *drawn)`, with what `draw` gave, returns [n, m]: residuals to be driven to
    zero where `sum_of_squares`, and otherwise terms whose mean is to be as small as possible.
    """

    description: ClassVar[str]
    sum_of_squares: ClassVar[bool] = True

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

    def begin(self, step: int) -> None:
        """Called before each step of the run, for methods that go in stages or change their rule."""

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """Random numbers of a step, each [n, ...] for `states` [n, n_states]; by default none."""
        return ()

    def shocks(self, states: Tensor, periods: int) -> Tensor:
        """Standard normal shocks [n, periods, n_shocks] for `states` [n, n_states]."""
        columns = sum(shock.size for shock in self.policy.model.shocks)
        drawn = torch.randn(len(states), periods, columns, generator=self.generator, dtype=torch.float64)
        return drawn.to(states.device)
