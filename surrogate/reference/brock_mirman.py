"""The closed form of Brock and Mirman (1972): log utility and full depreciation.

Journal of Economic Theory 4. Saving is the share alpha beta of output, whatever the shocks:

    C = (1 - alpha beta) e^z K^alpha
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BrockMirmanSolution:
    """The consumption function at one calibration; exact everywhere."""

    alpha: float
    beta: float

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption in goods at `capital` and `productivity` of any common shape."""
        capital, z = np.asarray(states["capital"], float), np.asarray(states["productivity"], float)
        return {"consumption": (1 - self.alpha * self.beta) * np.exp(z) * capital**self.alpha}


def solve_brock_mirman(parameters: Mapping[str, float]) -> BrockMirmanSolution:
    """The closed form at `parameters`, of which only alpha and beta matter for the policy."""
    return BrockMirmanSolution(parameters["alpha"], parameters["beta"])
