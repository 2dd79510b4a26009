"""Aiyagari's economy in continuous time by finite differences: the stationary equilibrium, extrapolated.

Achdou, Han, Lasry, Lions and Moll (2022), Review of Economic Studies 89. Households own a >= 0 and earn the
wage times n, which switches between n1 and 2 - n1 at rate lam:

    rho v = u(c) + v_a (w n + r a - c) + lam (v' - v),   c^-gamma = v_a

Derivatives are taken forward where households save and backward where they dissave (upwind), so that the same
matrix moves values backward and masses forward in time. What that errs is of first order in the distance of
nodes: 400 of them overstate capital by .6 per cent. So everything is solved on two grids, one with every
second node of the other, and extrapolated.

Wealth may have risk of its own, + sigma_w a dW, independent between households: it adds
(sigma_w a)^2 v_aa / 2, which vanishes at the limit, by central differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_banded
from scipy.optimize import brentq

from ..errors import BadData, NoEquilibrium, UnknownName

Array = NDArray[np.float64]
PARAMETER_NAMES = ("gamma", "rho", "n1", "lam", "eta", "sig")
ALPHA, DELTA = 1 / 3, 0.1
NODES, TOP, POWER = 400, 12.0, 2.0
"""Of the coarser grid; wealth in units of the representative agent's capital."""
LARGE_STEP = 1e4
"""Years of an implicit step towards what does not depend on time."""
VALUE_STEPS, VALUE_TOLERANCE = 100, 1e-11
LEAST_SLOPE = 1e-12
CAPITAL = (1.0005, 2.6)
"""Where capital is looked for, in units of the representative agent's."""


@dataclass(frozen=True)
class Economy:
    """Parameters, natural units; a year is one.

    gamma: relative risk aversion. rho: discount rate. n1: labour in the low state. lam: rate of switching.
    eta, sig: dz = -eta z dt + sig dB. sigma_w: volatility of wealth, as a share of it.
    """

    gamma: float
    rho: float
    n1: float
    lam: float
    eta: float
    sig: float
    sigma_w: float = 0.0

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> Economy:
        """From parameters by name; without `sigma_w` wealth has no risk.

        Raises
        ------
        UnknownName : one is missing.
        BadData : one is not positive, sigma_w negative, or n1 not below one.
        """
        if missing := [name for name in PARAMETER_NAMES if name not in parameters]:
            raise UnknownName(f"The economy in continuous time needs {', '.join(missing)} as well.")
        risk = float(parameters.get("sigma_w", 0.0))
        economy = cls(*(float(parameters[name]) for name in PARAMETER_NAMES), sigma_w=risk)
        positive = all(getattr(economy, name) > 0 for name in PARAMETER_NAMES)
        if not positive or not economy.n1 < 1 or not risk >= 0:
            raise BadData(f"Parameters must be positive and n1 below one, not {economy}.")
        return economy

    @property
    def labour(self) -> Array:
        """n by state, [2]; the mean is one."""
        return np.array([self.n1, 2 - self.n1])

    @property
    def representative_capital(self) -> float:
        """K* of the economy without risk, where r = rho."""
        return (ALPHA / (self.rho + DELTA)) ** (1 / (1 - ALPHA))

    def income(self, wealth: Array, capital: ArrayLike, z: ArrayLike = 0.0) -> Array:
        """w n + r a [n, 2] of households who own `wealth` [n]."""
        r, w = prices(capital, z)
        return w * self.labour + r * wealth[:, None]


def prices(capital: ArrayLike, z: ArrayLike = 0.0) -> tuple[Array, Array]:
    """Net return r and wage w at capital K and log productivity z, of any common shape."""
    stock = np.asarray(capital, float)
    output = np.exp(np.asarray(z, float)) * stock**ALPHA
    return ALPHA * output / stock - DELTA, (1 - ALPHA) * output


class Rates(NamedTuple):
    """Consumption [n, 2], and at which rates a year households move up and down a node, each [n, 2]."""

    consumption: Array
    up: Array
    down: Array


@dataclass(frozen=True)
class Grid:
    """Nodes a_i = top (i / (n - 1))^POWER of wealth, closest together at the limit, and the two incomes,
    which switch at rate `lam`; `risk` is sigma_w.
    """

    count: int
    top: float
    lam: float
    risk: float = 0.0

    @cached_property
    def nodes(self) -> Array:
        """Wealth [n]."""
        return self.top * np.linspace(0, 1, self.count) ** POWER

    @cached_property
    def gaps(self) -> Array:
        """Distances [n - 1, 1] of nodes."""
        return np.diff(self.nodes)[:, None]

    @cached_property
    def moved_by_risk(self) -> tuple[Array, Array]:
        """At which rates a year [n, 1] risk moves households up and down a node: variance (sigma_w a)^2, and
        no change of the mean; at neither end does it move anybody.
        """
        up, down = np.zeros((self.count, 1)), np.zeros((self.count, 1))
        below, above = self.gaps[:-1], self.gaps[1:]
        variance = (self.risk * self.nodes[1:-1, None]) ** 2
        up[1:-1], down[1:-1] = variance / above / (above + below), variance / below / (above + below)
        return up, down

    def rates(self, value: Array, income: Array, gamma: float) -> Rates:
        """What households with the `value` [n, 2] and `income` [n, 2] choose, by the upwind rule."""
        slope = np.maximum(np.diff(value, axis=0) / self.gaps, LEAST_SLOPE) ** (-1 / gamma)
        forward, backward = np.vstack([slope, income[-1:]]), np.vstack([income[:1], slope])
        rises = income > forward
        falls = (income < backward) & ~rises
        consumption = np.where(rises, forward, np.where(falls, backward, income))
        up, down = np.where(rises, income - forward, 0.0), np.where(falls, backward - income, 0.0)
        up[:-1] /= self.gaps
        down[1:] /= self.gaps
        return Rates(consumption, up, down)

    def value_back(self, rates: Rates, rate: float, given: Array) -> Array:
        """(rate - A)^-1 `given` [n, 2], A the generator of wealth and income."""
        bands = self._bands(rates, rate)
        return solve_banded((2, 2), bands, given.ravel(), check_finite=False).reshape(-1, 2)

    def mass_forward(self, rates: Rates, rate: float, given: Array) -> Array:
        """(rate - A')^-1 `given` [n, 2], A' the adjoint, which moves masses."""
        bands, turned = self._bands(rates, rate), np.zeros((5, 2 * self.count))
        for offset in range(-2, 3):  # row 2 - k of the bands has the entries (j - k, j)
            turned[2 - offset] = np.roll(bands[2 + offset], offset)
        return solve_banded((2, 2), turned, given.ravel(), check_finite=False).reshape(-1, 2)

    def stationary_masses(self, rates: Rates) -> Array:
        """Masses [n, 2] at rest, that add up to one."""
        masses = np.full((self.count, 2), 0.5 / self.count)
        for _ in range(3):
            masses = self.mass_forward(rates, 1 / LARGE_STEP**2, masses / LARGE_STEP**2)
            masses /= masses.sum()
        return masses

    def moved(self, rates: Rates, masses: Array) -> Array:
        """A' masses [n, 2]: how masses change a year."""
        by_risk = self.moved_by_risk
        up, down = (rates.up + by_risk[0]) * masses, (rates.down + by_risk[1]) * masses
        change = self.lam * (masses[:, ::-1] - masses) - up - down
        change[1:] += up[:-1]
        change[:-1] += down[1:]
        return change

    def _bands(self, rates: Rates, rate: float) -> Array:
        """rate - A [5, 2n] for `solve_banded`, households in the order (a_0, n1), (a_0, n2), (a_1, n1) ..."""
        bands, by_risk = np.zeros((5, 2 * self.count)), self.moved_by_risk
        up, down = rates.up + by_risk[0], rates.down + by_risk[1]
        bands[2] = (rate + self.lam + up + down).ravel()
        bands[0, 2:], bands[4, :-2] = -up[:-1].ravel(), -down[1:].ravel()
        bands[1, 1::2] = bands[3, 0::2] = -self.lam
        return bands


@dataclass(frozen=True)
class Stationary:
    """The economy at rest on one grid: K, values of households [n, 2], their choices and masses [n, 2]."""

    economy: Economy
    grid: Grid
    capital: float
    value: Array
    rates: Rates
    masses: Array

    @property
    def consumption(self) -> Array:
        """c [n, 2]."""
        return self.rates.consumption

    @property
    def consumption_of_all(self) -> float:
        """C."""
        return float((self.masses * self.consumption).sum())


def value_of(economy: Economy, grid: Grid, income: Array, guess: Array | None = None) -> tuple[Array, Rates]:
    """Value [n, 2] and choices where `income` [n, 2] never changes.

    Raises
    ------
    NoEquilibrium : the implicit steps do not settle.
    """
    gamma, rho = economy.gamma, economy.rho
    value = utility(income, gamma) / rho if guess is None else guess
    for _ in range(VALUE_STEPS):
        rates = grid.rates(value, income, gamma)
        flow = utility(rates.consumption, gamma) + value / LARGE_STEP
        before, value = value, grid.value_back(rates, rho + 1 / LARGE_STEP, flow)
        if np.abs(value - before).max() < VALUE_TOLERANCE * np.abs(value).max():
            return value, grid.rates(value, income, gamma)
    raise NoEquilibrium(f"the value of households does not settle at {economy}: take a finer grid.")


def utility(consumption: Array, gamma: float) -> Array:
    """u(c), with logarithms where gamma is one."""
    return np.log(consumption) if gamma == 1 else consumption ** (1 - gamma) / (1 - gamma)


def stationary_on(economy: Economy, count: int = NODES, top: float = TOP) -> Stationary:
    """The equilibrium at rest on a grid of `count` nodes.

    Raises
    ------
    NoEquilibrium : households want more, or less, than any capital in sight.
    """
    unit = economy.representative_capital
    grid = Grid(count, top * unit, economy.lam, economy.sigma_w)
    value: Array | None = None

    def at(capital: float) -> Stationary:
        """Households who take for granted that capital stays at `capital`."""
        nonlocal value
        value, rates = value_of(economy, grid, economy.income(grid.nodes, capital), value)
        return Stationary(economy, grid, capital, value, rates, grid.stationary_masses(rates))

    def excess(capital: float) -> float:
        """What they own beyond it."""
        return float(grid.nodes @ at(capital).masses.sum(1)) - capital

    low, high = (share * unit for share in CAPITAL)
    if not excess(low) > 0 > excess(high):
        raise NoEquilibrium(f"no capital between {low:g} and {high:g} is what households want at {economy}.")
    return at(float(brentq(excess, low, high, xtol=1e-11 * unit)))  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class StationaryEquilibrium:
    """The economy at rest, on two grids of which one has every second node of the other."""

    coarse: Stationary
    fine: Stationary

    @property
    def capital(self) -> float:
        """K, extrapolated."""
        return 2 * self.fine.capital - self.coarse.capital

    @property
    def prices(self) -> tuple[float, float]:
        """r and w."""
        r, w = prices(self.capital)
        return float(r), float(w)

    @property
    def nodes(self) -> Array:
        """Wealth [n] of both grids."""
        return self.coarse.grid.nodes

    @property
    def consumption(self) -> Array:
        """c [n, 2] at the nodes, extrapolated."""
        return 2 * self.fine.consumption[::2] - self.coarse.consumption

    def consumption_at(self, wealth: ArrayLike) -> Array:
        """c [..., 2] at `wealth` [...], between nodes on straight lines in the root of wealth."""
        roots, at = np.sqrt(self.nodes), np.sqrt(np.asarray(wealth, float))
        return np.stack([np.interp(at, roots, column) for column in self.consumption.T], -1)

    @property
    def gini(self) -> float:
        """Of wealth, extrapolated."""
        return 2 * _gini(self.fine) - _gini(self.coarse)


def solve_stationary(parameters: Mapping[str, float], count: int = NODES) -> StationaryEquilibrium:
    """The stationary equilibrium at `parameters` by name (`PARAMETER_NAMES`), on grids of `count` and
    2 `count` - 1 nodes.

    Raises
    ------
    UnknownName, BadData : a parameter is missing or cannot be.
    NoEquilibrium : none is found.
    """
    economy = Economy.of(parameters)
    return StationaryEquilibrium(stationary_on(economy, count), stationary_on(economy, 2 * count - 1))


def _gini(solution: Stationary) -> float:
    masses = solution.masses.sum(1)
    owned = masses * solution.grid.nodes / (masses @ solution.grid.nodes)
    below = np.cumsum(owned) - owned
    return 1 - float(masses @ (2 * below + owned))
