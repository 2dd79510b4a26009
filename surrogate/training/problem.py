"""An economy and its network as a least-squares problem."""

from __future__ import annotations

from torch import Tensor, nn

from surrogate.policy import PolicyNetwork
from surrogate.training.quadrature import rule
from surrogate.training.residuals import euler_residuals


class EulerProblem(nn.Module):
    """Residuals [n, n_residuals] of (states, parameters) for a network, expectations by quadrature."""

    def __init__(self, policy: PolicyNetwork, nodes: int | tuple[int, ...]) -> None:
        super().__init__()
        self.points: Tensor
        self.weights: Tensor
        self.policy = policy
        points, weights = rule(sum(shock.size for shock in policy.model.shocks), nodes)
        self.register_buffer("points", points)
        self.register_buffer("weights", weights)

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Residuals at `states` [n, n_states] and `parameters` [n, n_parameters]."""
        return euler_residuals(self.policy, states, parameters, self.points, self.weights)
