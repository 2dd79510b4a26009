"""The closed form of the three-equation New Keynesian model of Kase, Melosi and Rottner (2025), appendix B.

Both controls are proportional to the natural rate R*, by undetermined coefficients:

    X = (1 - beta rho_a) / D R*,   Pi = kappa / D R*
    D = (sigma (1 - rho_a) + theta_y)(1 - beta rho_a) + kappa (theta_pi - rho_a)
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NkLinearSolution:
    """The two slopes at one calibration; exact everywhere."""

    output_gap: float
    inflation: float

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Output gap (log) and inflation (quarterly) at `natural_rate` of any shape, all in deviations."""
        natural_rate = np.asarray(states["natural_rate"], float)
        return {"output_gap": self.output_gap * natural_rate, "inflation": self.inflation * natural_rate}


def solve_nk_linear(parameters: Mapping[str, float]) -> NkLinearSolution:
    """The slopes at `parameters`; sigma_a does not matter for them."""
    p = parameters
    kappa = (1 - p["phi"]) * (1 - p["phi"] * p["beta"]) * (p["sigma"] + p["eta"]) / p["phi"]
    left = 1 - p["beta"] * p["rho_a"]
    demand = p["sigma"] * (1 - p["rho_a"]) + p["theta_y"]
    scale = demand * left + kappa * (p["theta_pi"] - p["rho_a"])
    return NkLinearSolution(left / scale, kappa / scale)
