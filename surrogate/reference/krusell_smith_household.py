"""A household of Krusell and Smith's economy that believes in a law of capital, by endogenous grid points.

    log K' = a_z + b_z log K
    c^-gamma >= beta sum_{z', e'} Q(z', e' | z, e) R(z', K') c(k', e', z', K')^-gamma,  equality where k' > 0
    c + k' = R(z, K) k + income(e, z, K),   k' >= 0

Carroll (2006), Economics Letters 91. What is kept is consumption of whoever carries k' over, at nodes of k'
and K. It is smooth in both, so that between nodes of K a cubic serves. From it and the prices at any K
follows wealth today, k = (c + k' - income) / R, with the kink where it is: whoever has less than k(k' = 0)
consumes all there is, which is a straight line in k.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BadConfiguration
from .krusell_smith_economy import Economy
from .krusell_smith_law import Law
from .lottery import WealthGrid, even_cubic

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
FAR = 1e6
"""How far beyond the last point, in wealth, the straight line is drawn on which consumption goes on."""


@dataclass(frozen=True)
class CapitalGrid:
    """Even nodes of log K around log K_ss: `points` of them, `reach` to each side.

    Raises
    ------
    BadConfiguration : fewer than four points, or a reach that is not positive.
    """

    centre: float
    points: int
    reach: float

    def __post_init__(self) -> None:
        if self.points < 4 or not 0 < self.reach < np.inf:
            raise BadConfiguration(
                f"{self.points} nodes of log capital within {self.reach:g}: give four or more and a positive "
                "reach."
            )

    @property
    def low(self) -> float:
        """The lowest node of log K."""
        return self.centre - self.reach

    @property
    def step(self) -> float:
        """From one node of log K to the next."""
        return 2 * self.reach / (self.points - 1)

    @property
    def nodes(self) -> Array:
        """log K at the nodes, [points]."""
        return self.low + self.step * np.arange(float(self.points))

    def weights(self, log_capital: Array) -> Array:
        """Weights [..., points] of a cubic through the four nodes around each of `log_capital` [...]."""
        place = (log_capital - self.low) / self.step
        first = np.clip(place.astype(np.int64) - 1, 0, self.points - 4)
        dense = np.zeros((*place.shape, self.points))
        four = np.stack(even_cubic(place - first), axis=-1)
        np.put_along_axis(dense, first[..., None] + np.arange(4), four, axis=-1)
        return dense


@dataclass(frozen=True)
class Household:
    """Consumption `consumed` [z, K, e, k'] of whoever carries k' over, at the nodes of the two grids."""

    economy: Economy
    wealth: WealthGrid
    capital: CapitalGrid
    consumed: Array

    def consumption(self, wealth: Array, state: Integers, log_capital: Array) -> Array:
        """Consumption [..., 2, n] of the unemployed and the employed who own `wealth` [n] at states z and log
        K of a common shape [...].
        """
        flat = np.asarray(state).ravel()
        points, consumed = self._curves(flat, np.asarray(log_capital, float).ravel())
        return _interpolated(wealth, points, consumed).reshape(*np.shape(state), 2, len(wealth))

    def saving(self, wealth: Array, state: Integers, log_capital: Array) -> Array:
        """k' [..., 2, n] of those of `consumption`; exactly zero at the limit."""
        gross, wage = self.economy.prices(state, np.exp(log_capital))
        income = self.economy.incomes(state, wage)
        resources = gross[..., None, None] * wealth + income[..., None]
        saved = resources - self.consumption(wealth, state, log_capital)
        return np.where(saved > 1e-12 * resources, saved, 0.0)

    def consumption_at(self, wealth: Array, employed: Integers, state: Integers, log_capital: Array) -> Array:
        """Consumption [m] at wealth, employment e, state z and log K, all [m], each its own point."""
        curve = np.stack([state, log_capital, employed])
        order = np.lexsort(curve)
        new = np.any(np.diff(curve[:, order], axis=1) != 0, axis=0)
        consumption = np.empty(len(wealth))
        for rows in np.split(order, np.flatnonzero(new) + 1) if len(order) else []:
            one, e = rows[:1], employed[rows[0]]
            points, consumed = self._curves(state[one], log_capital[one])
            consumption[rows] = np.interp(wealth[rows], points[0, e], consumed[0, e])
        return consumption

    def _curves(self, state: Integers, log_capital: Array) -> tuple[Array, Array]:
        """Wealth and consumption along the policies at states z [m] and log K [m]: both [m, 2, points + 2].

        The first point is at c = 0, where the budget line begins; the last one far away on a straight line.
        """
        weights = self.capital.weights(log_capital)[:, None]
        tables = self.consumed.reshape(2, self.capital.points, -1)[state]
        consumed = (weights @ tables).reshape(len(state), 2, -1)
        gross, wage = self.economy.prices(state, np.exp(log_capital))
        return curves(consumed, self.wealth.nodes, gross, self.economy.incomes(state, wage))


def curves(consumed: Array, carried: Array, gross: Array, income: Array) -> tuple[Array, Array]:
    """Wealth k and consumption along policies, [..., 2, n + 2], of those who consume `consumed` [..., 2, n]
    where they carry over `carried` [n], at returns [...] and incomes [..., 2].
    """
    wealth, consumption = (np.empty((*consumed.shape[:-1], consumed.shape[-1] + 2)) for _ in range(2))
    consumption[..., 1:-1] = consumed
    wealth[..., 1:-1] = consumed
    wealth[..., 1:-1] += carried
    wealth[..., 0], consumption[..., 0] = 0.0, 0.0
    wealth[..., :-1] -= income[..., None]
    wealth[..., :-1] /= gross[..., None, None]
    rise = consumption[..., -2] - consumption[..., -3]
    slope = rise / (wealth[..., -2] - wealth[..., -3])
    wealth[..., -1] = wealth[..., -2] + FAR
    consumption[..., -1] = consumption[..., -2] + FAR * slope
    return wealth, consumption


def _interpolated(wealth: Array, points: Array, consumption: Array) -> Array:
    """Consumption [..., n] at `wealth` [n] along curves [..., m]."""
    rows = zip(points.reshape(-1, points.shape[-1]), consumption.reshape(-1, points.shape[-1]), strict=True)
    values = [np.interp(wealth, *row) for row in rows]
    return np.array(values).reshape(*points.shape[:-1], len(wealth))


class EulerStep:
    """Consumption today from consumption tomorrow, [z, K, e, k'], under one law of capital."""

    def __init__(self, economy: Economy, wealth: WealthGrid, capital: CapitalGrid, law: Law) -> None:
        self.carried, self.gamma = wealth.nodes, economy.parameters["gamma"]
        today = np.arange(2)[:, None], capital.nodes
        tomorrow = law.tomorrow(*today)  # [z, K]
        self.weights = capital.weights(tomorrow).reshape(-1, capital.points)
        later = np.broadcast_to(np.arange(2), (*tomorrow.shape, 2))  # z' of [z, K, z']
        self.gross, wage = economy.prices(later, np.exp(tomorrow)[..., None])
        self.incomes = economy.incomes(later, wage)
        chances = economy.chain.joint[:, None] * self.gross[:, :, None, :, None]  # [z, K, e, z', e']
        self.kernel = economy.parameters["beta"] * chances.reshape(*tomorrow.shape, 2, 4)

    def __call__(self, consumed: Array) -> Array:
        """One step of the Euler equation, `consumed` and the result [z, K, e, k']."""
        states, capital, employment, points = consumed.shape
        tables = consumed.transpose(1, 0, 2, 3).reshape(capital, -1)
        later = (self.weights @ tables).reshape(states, capital, 2, employment, points)
        policy = _interpolated(self.carried, *curves(later, self.carried, self.gross, self.incomes))
        marginal = _power(policy, -self.gamma).reshape(states, capital, 4, points)
        return _power(self.kernel @ marginal, -1 / self.gamma)


def _power(base: Array, exponent: float) -> Array:
    """Powers of positive numbers, four times as fast as `**` unless the exponent is minus one."""
    return 1 / base if exponent == -1 else np.exp(exponent * np.log(base))
