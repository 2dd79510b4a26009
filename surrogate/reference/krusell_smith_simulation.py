"""Krusell and Smith's economy over time, without sampling of households: a histogram of wealth.

    lambda'(e', k_j) = sum_{e, i} Q(e' | z, z', e) w_j(k'(e, k_i, z, K)) lambda(e, k_i),   K = sum lambda k

Young (2010), Journal of Economic Dynamics and Control 34, with the lottery of four nodes w. At given z and K
a period is a sparse matrix. It is kept at nodes of log K, and at other K the cubic through the four nodes
around it serves: that is exact for the mean, because k' is interpolated alike, and as good as the
interpolation of k'^2 and k'^3 for the second and third moments.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from ..errors import BadData, NoEquilibrium
from .krusell_smith_household import Household
from .lottery import WealthGrid, even_cubic, lottery
from .wealth_distribution import Lorenz, lorenz

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
MASS_AT_THE_TOP = 1e-7
"""More than this at the highest node means that wealth would go on beyond the grid."""


@dataclass(frozen=True)
class Path:
    """An economy over T periods.

    state: z [T], 0 bad and 1 good.
    capital, output, consumption: aggregates [T], per household and quarter.
    histogram: masses [T, 2, n] at the start of a period by employment (unemployed first) and wealth `nodes`
        [n]; some are slightly negative (see `surrogate.reference.lottery`).
    """

    state: Integers
    capital: Array
    output: Array
    consumption: Array
    nodes: Array
    histogram: Array

    @cached_property
    def at_limit(self) -> Array:
        """Share of households [T] who start the period with nothing."""
        return self.histogram[:, :, 0].sum(axis=1)

    @cached_property
    def lorenz(self) -> Lorenz:
        """Lorenz curves of wealth at the start of each period, [T, n + 1]."""
        return lorenz(self.nodes, self.histogram.sum(axis=1))

    @cached_property
    def gini(self) -> Array:
        """Gini coefficient of wealth at the start of each period, [T]."""
        return self.lorenz.gini()

    def wealth_share(self, low: float, high: float) -> Array:
        """Share of wealth [T] of the people between two quantiles; .9 and 1 are the richest tenth.

        Raises
        ------
        BadData : quantiles that are not between zero and one, in this order.
        """
        return self.lorenz.share(low, high)

    def refuse_wealth_beyond_the_grid(self) -> None:
        """Raise NoEquilibrium if there are households at the highest node."""
        most = float(np.abs(self.histogram[:, :, -1].sum(axis=1)).max())
        if not most < MASS_AT_THE_TOP:
            raise NoEquilibrium(
                f"a share of {most:.1e} of the households owns {self.nodes[-1]:g}, where the grid of wealth "
                "ends: choose one that goes further."
            )

    def after(self, periods: int) -> "Path":
        """The path without its first `periods`."""
        rows = {
            name: getattr(self, name)[periods:]
            for name in ("state", "capital", "output", "consumption", "histogram")
        }
        return replace(self, **rows)


class Simulator:
    """Pushes the histogram on the grid `wealth` through time under the policy of a household."""

    def __init__(self, household: Household, wealth: WealthGrid) -> None:
        capital = household.capital
        self.economy, self.wealth, self.capital = household.economy, wealth, capital
        state = np.repeat(np.arange(2)[:, None], capital.points, axis=1)
        saved = household.saving(wealth.nodes, state, np.broadcast_to(capital.nodes, state.shape))
        saved = np.minimum(saved, wealth.most)
        windows = [slice(j, j + 4) for j in range(capital.points - 3)]
        self.matrices = [[_matrix(wealth, saved[z, four]) for four in windows] for z in range(2)]

    def start(self) -> Array:
        """Everybody owns K_ss: masses [2, n], to be divided into unemployed and employed by `run`."""
        first, weights = lottery(self.wealth, self.economy.steady_capital)
        masses = np.zeros((2, self.wealth.points))
        masses[:, first : first + 4] = weights
        return masses

    def run(self, state: Integers, start: Array) -> Path:
        """The economy under states z [T] from masses `start` [2, n], of which the unemployed and the employed
        are scaled to their numbers in the first state.

        Raises
        ------
        BadData : masses of another shape, not finite, or none.
        NoEquilibrium : capital leaves its grid.
        """
        histogram = np.empty((len(state), 2, self.wealth.points))
        saving = np.empty(len(state))
        histogram[0] = self._divided(start, int(state[0]))
        owned = np.tile(self.wealth.nodes, 2)
        chances = self.economy.chain.employment.transpose(0, 1, 3, 2).copy()  # z, z', e', e
        states = state.tolist()
        for t, z in enumerate(states):
            masses = histogram[t].ravel()
            after, saving[t] = self._period(z, masses, float(owned @ masses))
            if t + 1 < len(states):
                np.matmul(chances[z, states[t + 1]], after, out=histogram[t + 1])
        return self._path(state, histogram, saving)

    def _period(self, state: int, masses: Array, capital: float) -> tuple[Array, float]:
        """Masses [2, n] by this period's employment and tomorrow's wealth, and what is saved in all."""
        place = (math.log(capital) - self.capital.low) / self.capital.step if capital > 0 else math.nan
        if not 0 <= place <= self.capital.points - 1:
            raise NoEquilibrium(
                f"capital of {capital:g} leaves its grid, {math.exp(self.capital.low):g} to "
                f"{math.exp(self.capital.nodes[-1]):g}: choose a larger reach of log capital."
            )
        first = min(max(int(place) - 1, 0), self.capital.points - 4)
        stacked = self.matrices[state][first] @ masses
        weights = np.array(even_cubic(place - first))
        after = weights @ stacked[:-4].reshape(4, -1)
        return after.reshape(2, -1), float(weights @ stacked[-4:])

    def _divided(self, start: Array, state: int) -> Array:
        masses = np.asarray(start, float)
        fits = masses.shape == (2, self.wealth.points) and np.isfinite(masses).all()
        if not fits or not np.all(masses.sum(axis=1) > 0):
            raise BadData(
                f"masses of shape {masses.shape} to start from: give finite ones, [2, {self.wealth.points}], "
                "some of them positive."
            )
        unemployed = self.economy.chain.unemployment[state]
        numbers = np.array([[unemployed], [1 - unemployed]])
        return masses / masses.sum(axis=1, keepdims=True) * numbers

    def _path(self, state: Integers, histogram: Array, saving: Array) -> Path:
        """Aggregates; consumption is what households have and do not save."""
        capital = histogram.sum(axis=1) @ self.wealth.nodes
        gross, wage = self.economy.prices(state, capital)
        income = (self.economy.incomes(state, wage) * histogram.sum(axis=2)).sum(axis=1)
        consumption = gross * capital + income - saving
        output = self.economy.output(state, capital)
        return Path(state, capital, output, consumption, self.wealth.nodes, histogram)


def _matrix(wealth: WealthGrid, saved: Array) -> csc_array:
    """One period, z given, at four nodes of K where households save `saved` [4, 2, n]: rows [4, 2, n] of
    tomorrow's masses and then [4] of what is saved, columns [2, n] of today's masses.
    """
    first, weights = lottery(wealth, saved)
    block = wealth.points * np.arange(8).reshape(4, 2, 1)
    targets = (block + first)[..., None] + np.arange(4)  # [4, 2, n, 4]
    households = 2 * wealth.points
    totals = np.repeat(4 * households + np.arange(4)[:, None], households, axis=1)
    rows = np.concatenate([_by_household(targets), totals.T], axis=1)
    data = np.concatenate([_by_household(weights), saved.reshape(4, -1).T], axis=1)
    starts = rows.shape[1] * np.arange(households + 1)
    shape = (4 * households + 4, households)
    return csc_array((data.ravel(), rows.ravel().astype(np.int32), starts.astype(np.int32)), shape=shape)


def _by_household(values: NDArray[Any]) -> NDArray[Any]:
    """[4, 2, n, 4] as [2 n, 16]."""
    return values.transpose(1, 2, 0, 3).reshape(-1, 16)
