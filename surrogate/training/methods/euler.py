"""Euler residuals, expectations by quadrature: the default."""

from __future__ import annotations

from torch import Tensor

from surrogate.training.methods.by_quadrature import ByQuadrature
from surrogate.training.residuals import euler_residuals


class EulerResiduals(ByQuadrature):
    """Residuals of the economy's equations."""

    description = "Euler residuals by quadrature"

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Residuals at `states` [n, n_states] and `parameters` [n, n_parameters]."""
        return euler_residuals(self.policy, states, parameters, self.points, self.weights)
