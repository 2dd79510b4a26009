"""The classical solution of Krusell and Smith's economy where the surrogate has its households: at nodes.

The surrogate's state is the mass of households at each node of wealth, the unemployed first, and whether
times are good. All that the classical household takes from it is K.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadData
from .krusell_smith import KrusellSmithSolution, solve_krusell_smith
from .lottery import WealthGrid

Array = NDArray[np.float64]
POINTS, MOST, POWER = 60, 9.0, 2.2
"""Nodes of wealth by employment, the highest in units of K_ss."""


@dataclass(frozen=True)
class PopulationSolution:
    """The classical solution `of_household`, in the terms of a histogram of households."""

    of_household: KrusellSmithSolution

    @property
    def nodes(self) -> Array:
        """Wealth at the nodes, [60]."""
        return WealthGrid(POINTS, MOST * self.of_household.household.economy.steady_capital, POWER).nodes

    def capital(self, masses: Array) -> Array:
        """K [n] of masses [n, 120]."""
        return masses @ np.tile(self.nodes, 2)

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """What households eat at each node, `consumption` [n, 120], at masses `wealth` [n, 120] and
        `productivity` [n], which is above one in good times.

        A surrogate may choose more than there is, which is as good as all of it; these never do.

        Raises
        ------
        BadData : capital beyond the grid on which the economy was solved.
        """
        masses = np.atleast_2d(np.asarray(states["wealth"], float))
        good = (np.atleast_1d(np.asarray(states["productivity"], float)) > 1).astype(int)
        household, log_capital = self.of_household.household, np.log(self.capital(masses))
        low, high = household.capital.nodes[[0, -1]]
        if not (log_capital.min() >= low and log_capital.max() <= high):
            raise BadData(
                f"capital from {np.exp(log_capital.min()):g} to {np.exp(log_capital.max()):g} leaves the "
                f"range from {np.exp(low):g} to {np.exp(high):g}: ask within."
            )
        return {"consumption": household.consumption(self.nodes, good, log_capital).reshape(len(masses), -1)}

    def resources(self, masses: Array, good: NDArray[np.integer]) -> Array:
        """What households have at each node, [n, 120], at masses [n, 120] in good times (1) or bad (0)."""
        economy = self.of_household.household.economy
        gross, wage = economy.prices(good, self.capital(masses))
        income = economy.incomes(good, wage)
        return (gross[:, None, None] * self.nodes + income[..., None]).reshape(len(masses), -1)


def solve_population(parameters: Mapping[str, float]) -> PopulationSolution:
    """Solve the economy at `parameters` (beta, gamma, alpha, delta, mu, dz); raises as
    `solve_krusell_smith` does.
    """
    return PopulationSolution(solve_krusell_smith(parameters))
