"""Euler residuals, expectations by quadrature: the default."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.policy import PolicyNetwork
from surrogate.training.methods.method import Method
from surrogate.training.quadrature import rule
from surrogate.training.residuals import euler_residuals
from surrogate.training.settings import Settings


class EulerResiduals(Method):
    """Residuals of the economy's equations."""

    description = "Euler residuals by quadrature"

    def __init__(self, policy: PolicyNetwork, settings: Settings, generator: torch.Generator) -> None:
        super().__init__(policy, settings, generator)
        self.points: Tensor
        self.weights: Tensor
        points, weights = rule(sum(shock.size for shock in policy.model.shocks), settings.nodes)
        self.register_buffer("points", points)
        self.register_buffer("weights", weights)

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Residuals at `states` [n, n_states] and `parameters` [n, n_parameters]."""
        return euler_residuals(self.policy, states, parameters, self.points, self.weights)
