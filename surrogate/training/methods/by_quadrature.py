"""What the methods that take expectations by quadrature have in common."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.policy import PolicyNetwork
from surrogate.training.methods.method import Method
from surrogate.training.quadrature import rule_for
from surrogate.training.settings import Settings


class ByQuadrature(Method):
    """A method with a rule over tomorrow's shocks: `points` [q, n_shocks] and `weights` [q]."""

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        self.points: Tensor
        self.weights: Tensor
        points, weights = rule_for(policy.model.shocks, settings.nodes)
        self.register_buffer("points", points)
        self.register_buffer("weights", weights)

    def begin(self, step: int) -> None:
        """Move the points where the settings say so."""
        if self.settings.quadrature == "shifted":
            moved = rule_for(self.policy.model.shocks, self.settings.nodes, self.generator)
            self.points, self.weights = (values.to(self.points.device) for values in moved)
