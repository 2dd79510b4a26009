"""The closed form of six overlapping generations with log utility, where only the newborn work.

Huffman (1987), Journal of Political Economy 95; Krueger and Kubler (2004), Journal of Economic Dynamics and
Control 28. A generation of age h = 1..6 has one source of income, so it saves the same share of it whatever
the prices of today and tomorrow:

    a^h = beta_h income^h,   beta_h = beta (1 - beta^(6-h)) / (1 - beta^(7-h))
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
GENERATIONS = 6


@dataclass(frozen=True)
class OlgSolution:
    """The saving rates [5] of generations 1 to 5."""

    saving_rate: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Saving rates [..., 5] at `assets` [..., 5], `productivity` [...] and `depreciation` [...]; exact
        everywhere.
        """
        leading = np.broadcast_shapes(
            np.shape(states["assets"])[:-1],
            np.shape(states["productivity"]),
            np.shape(states["depreciation"]),
        )
        return {"saving_rate": np.broadcast_to(self.saving_rate, (*leading, GENERATIONS - 1)).copy()}


def solve_olg_analytic(parameters: Mapping[str, float]) -> OlgSolution:
    """The saving rates at `parameters`, of which only beta matters."""
    beta, remaining = parameters["beta"], np.arange(GENERATIONS - 1, 0, -1)
    return OlgSolution(beta * (1 - beta**remaining) / (1 - beta ** (remaining + 1)))
