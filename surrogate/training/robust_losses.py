"""What a large residual counts in least squares: a loss rho(r) that knows a size c."""

from __future__ import annotations

import torch
from torch import Tensor

SETTLED = 1e-3
"""Size c below which no point is given up, if so asked."""


class GemanMcClure:
    """rho(r) = r^2 / (1 + (r/c)^2): quadratic for residuals small against c and never above c^2, so a point
    without an equilibrium costs the same whatever is done about it (Geman and McClure 1987).
    """

    @staticmethod
    def value(residuals: Tensor, scale: float) -> Tensor:
        """rho, [...]."""
        squared = residuals**2
        return (squared / (1 + squared / scale**2)).nan_to_num(scale**2)

    @staticmethod
    def root_weight(residuals: Tensor, scale: float) -> Tensor:
        """Square root of the weight that a residual has in least squares, [...]."""
        return 1 / (1 + (residuals / scale) ** 2)


class Huber:
    """rho(r) = r^2 up to c and 2 c |r| - c^2 beyond: no residual is given up, and none decides alone."""

    @staticmethod
    def value(residuals: Tensor, scale: float) -> Tensor:
        """rho, [...]; one where a residual is no number."""
        size = residuals.abs()
        return torch.where(size < scale, size**2, 2 * scale * size - scale**2).nan_to_num(1.0)

    @staticmethod
    def root_weight(residuals: Tensor, scale: float) -> Tensor:
        """Square root of the weight that a residual has in least squares, [...]."""
        return (residuals.abs() / scale).clamp_min(1.0) ** -0.5


class GemanMcClureThenHuber:
    """The one until c is `SETTLED`, and then the other: points without an equilibrium have errors far above,
    and in an economy whose errors are small what is given up for the moment is only hard.
    """

    @classmethod
    def value(cls, residuals: Tensor, scale: float) -> Tensor:
        """rho, [...]."""
        return cls._at(scale).value(residuals, scale)

    @classmethod
    def root_weight(cls, residuals: Tensor, scale: float) -> Tensor:
        """Square root of the weight that a residual has in least squares, [...]."""
        return cls._at(scale).root_weight(residuals, scale)

    @staticmethod
    def _at(scale: float) -> type[GemanMcClure] | type[Huber]:
        return Huber if scale < SETTLED else GemanMcClure


RobustLoss = type[GemanMcClure] | type[Huber] | type[GemanMcClureThenHuber]
LOSSES: dict[str, RobustLoss] = {
    "geman_mcclure": GemanMcClure,
    "huber": Huber,
    "geman_mcclure_then_huber": GemanMcClureThenHuber,
}
"""By their names in the settings of a run."""
