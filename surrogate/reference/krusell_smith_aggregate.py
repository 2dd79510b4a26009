"""The classical law of capital as a policy of the whole economy, where no more is known than K and z.

    C = R K + W L - K',   log K' = a_z + b_z log K

The law is what households believe in, and what their choices make of capital up to its own forecast errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadData
from .krusell_smith import solve_krusell_smith
from .krusell_smith_economy import Economy
from .krusell_smith_law import Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AggregatePolicy:
    """What all households consume together.

    ends: log K on which the law was found.
    """

    economy: Economy
    law: Law
    ends: tuple[float, float]

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption at `log_capital` and `productivity`, above one in good times, of any common shape.

        Raises
        ------
        BadData : capital outside the grid.
        """
        log_capital, productivity = np.broadcast_arrays(
            *(np.asarray(states[name], float) for name in ("log_capital", "productivity"))
        )
        if np.any((log_capital < self.ends[0]) | (log_capital > self.ends[1])):
            raise BadData(f"log_capital leaves the range from {self.ends[0]:g} to {self.ends[1]:g}.")
        state, capital = (productivity > 1).astype(int), np.exp(log_capital)
        gross, wage = self.economy.prices(state, capital)
        resources = gross * capital + wage * self.economy.labour[state]
        return {"consumption": resources - np.exp(self.law.tomorrow(state, log_capital))}


def solve_krusell_smith_law(parameters: Mapping[str, float]) -> AggregatePolicy:
    """Solve the economy at `parameters` (beta, gamma, alpha, delta, mu, dz) and keep its law; takes about
    four seconds.

    Raises
    ------
    UnknownName, BadData, NoEquilibrium : see `surrogate.reference.krusell_smith.solve_krusell_smith`.
    """
    solution = solve_krusell_smith(parameters)
    low, high = solution.household.capital.nodes[[0, -1]]
    return AggregatePolicy(Economy(parameters), solution.law, (float(low), float(high)))
