"""Aggregate risk in continuous time to first order: linear rational expectations on the grid of wealth.

Ahn, Kaplan, Moll, Winberry and Wolf (2018), NBER Macroeconomics Annual 32. Around the economy at rest, with
values v, masses g and z in deviations,

    E[dv]/dt = rho v - A v - u'(c) (y_K K + y_z z),   K = sum of a g
    dg/dt    = A' g + (dA)' g_ss,                     dz = -eta z dt + sig dB

A is the generator at rest, y income; what households choose to first order changes no value (the envelope
theorem), but moves masses by dA. The stable solution v = P (g, z) comes from an ordered Schur decomposition
of the system. It knows no risk premium and holds only near rest, but all of the distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm, schur, solve

from ..errors import BadData, NoEquilibrium
from .continuous_time import (
    ALPHA,
    DELTA,
    Economy,
    Grid,
    Rates,
    Stationary,
    StationaryEquilibrium,
    prices,
    solve_stationary,
    stationary_on,
)
from .continuous_time_transition import with_wealth_scaled

Array = NDArray[np.float64]
NODES = 80
"""Of the coarser of two grids."""
TOP_OF_SURROGATE, POWER_OF_SURROGATE = 7.0, 2.2
"""Of the nodes of the surrogate's histogram, the highest in units of K*."""


@dataclass(frozen=True)
class Linear:
    """The stable solution on one grid; columns of states are masses, (a_0, n1), (a_0, n2), ..., and z.

    value [2n, 2n + 1]: of households, by states. law [2n + 1, 2n + 1]: how states move a year.
    """

    rest: Stationary
    value: Array
    law: Array

    @cached_property
    def consumption(self) -> Array:
        """Of households [2n, 2n + 1] by states."""
        rest = self.rest
        by_value, by_income = consumption_slopes(rest)
        income = _income_by_states(rest)
        return by_value @ self.value + by_income[:, None] * income

    @cached_property
    def consumption_of_all(self) -> Array:
        """C [2n + 1] by states."""
        own = np.append(self.rest.consumption.ravel(), 0.0)
        return self.rest.masses.ravel() @ self.consumption + own

    @property
    def wealth(self) -> Array:
        """K [2n + 1] by states: what households own."""
        return np.append(np.repeat(self.rest.grid.nodes, 2), 0.0)

    def log_capital(self, years: ArrayLike, start: Array) -> Array:
        """log K - log K at rest, after `years` [k] of `start` [2n + 1]."""
        moved = [self.wealth @ (expm(self.law * year) @ start) for year in np.asarray(years, float)]
        return np.array(moved) / self.rest.capital

    def step(self, years: float) -> tuple[Array, float]:
        """How states [2n + 1] move in so many years, [2n + 1, 2n + 1], and the standard deviation of what is
        then added to z, whose effect on masses begins only then.
        """
        economy = self.rest.economy
        spread = np.sqrt(-np.expm1(-2 * economy.eta * years) / (2 * economy.eta))
        return np.asarray(expm(self.law * years), float), float(economy.sig * spread)

    def after_productivity(self, z: float) -> Array:
        """States [2n + 1] with log productivity `z` and masses at rest."""
        return np.append(np.zeros(2 * self.rest.grid.count), z)

    def after_masses(self, masses: Array) -> Array:
        """States [2n + 1] with `masses` [n, 2] and usual productivity."""
        return np.append((masses - self.rest.masses).ravel(), 0.0)

    @cached_property
    def sd_log_capital(self) -> float:
        """Standard deviation of log K in the ergodic distribution: sig^2 times the square of its response,
        integrated over time.
        """
        years = np.linspace(0, 150, 1501)
        step, state, response = expm(self.law * years[1]), self.after_productivity(1.0), []
        for _ in years:
            response.append(self.wealth @ state / self.rest.capital)
            state = step @ state
        squared = np.array(response) ** 2
        return float(self.rest.economy.sig * np.sqrt(years[1] * (squared.sum() - squared[0] / 2)))


def consumption_slopes(rest: Stationary) -> tuple[Array, Array]:
    """Of consumption: by values [2n, 2n], where households move, and by income [2n], where they stay."""
    grid, rates, gamma = rest.grid, rest.rates, rest.economy.gamma
    count = grid.count
    slopes, stays = np.zeros((2 * count, 2 * count)), np.zeros(2 * count)
    for node in range(count):
        for state in range(2):
            row, eaten = 2 * node + state, rates.consumption[node, state]
            if rates.up[node, state] > 0:
                low, high = node, node + 1
            elif rates.down[node, state] > 0:
                low, high = node - 1, node
            else:
                stays[row] = 1.0
                continue
            by_slope = -(eaten ** (1 + gamma)) / gamma / (grid.nodes[high] - grid.nodes[low])
            slopes[row, 2 * high + state], slopes[row, 2 * low + state] = by_slope, -by_slope
    return slopes, stays


def slowest_direction(rest: Stationary) -> Array:
    """Masses [n, 2], which add up to zero, of what returns to rest most slowly where prices never change: the
    eigenvector of the Kolmogorov forward equation after that of the stationary distribution.
    """
    roots, vectors = np.linalg.eig(_generator(rest).T)
    slow = np.argsort(-np.real(roots))[1]
    return np.real(vectors[:, slow]).reshape(-1, 2)


def solve_linear(rest: Stationary) -> Linear:
    """The stable first-order solution around `rest`.

    Raises
    ------
    NoEquilibrium : there is none, or more than one.
    """
    economy, count = rest.economy, 2 * rest.grid.count
    generator = _generator(rest)
    by_value, by_income = consumption_slopes(rest)
    income, marginal = _income_by_states(rest), rest.consumption.ravel() ** -economy.gamma
    spread = _spread(rest)
    system = np.zeros((2 * count + 1, 2 * count + 1))
    values, states = slice(count), slice(count, None)
    system[values, values] = economy.rho * np.eye(count) - generator
    system[values, states] = -marginal[:, None] * income
    system[count:-1, values] = -spread @ by_value
    system[count:-1, states] = spread @ ((1 - by_income)[:, None] * income)
    system[count:-1, count:-1] += generator.T
    system[-1, -1] = -economy.eta
    triangular, basis, stable = cast(
        tuple[Array, Array, int], schur(system, sort=lambda real, _: real < economy.rho / 2)
    )
    if stable != count + 1:
        raise NoEquilibrium(f"{stable} stable roots for {count + 1} states at {economy}: no unique solution.")
    below, above = basis[states, : count + 1], basis[values, : count + 1]
    policy = solve(below.T, above.T).T
    law = solve(below.T, (below @ triangular[: count + 1, : count + 1]).T).T
    return Linear(rest, policy, law)


@dataclass(frozen=True)
class LinearEconomy:
    """First-order solutions on two grids, extrapolated where a number is asked for, around the economy at
    rest, of which finer grids are known.
    """

    stationary: StationaryEquilibrium
    coarse: Linear
    fine: Linear

    @property
    def economy(self) -> Economy:
        """What was solved."""
        return self.coarse.rest.economy

    @property
    def capital(self) -> float:
        """K at rest."""
        return self.stationary.capital

    def consumption_by_productivity(self, wealth: ArrayLike) -> Array:
        """d log c / dz [..., 2] of households with `wealth` [...], everything else at rest."""
        at = np.asarray(wealth, float)

        def on(each: Linear) -> Array:
            change = each.consumption[:, -1].reshape(-1, 2) / each.rest.consumption
            return _between(each.rest.grid.nodes, change, at)

        return self._extrapolated(on)

    @property
    def consumption_of_all_by_productivity(self) -> float:
        """d log C / dz at rest."""
        return float(
            self._extrapolated(lambda each: each.consumption_of_all[-1] / each.rest.consumption_of_all)
        )

    @property
    def sd_log_capital(self) -> float:
        """Standard deviation of log K."""
        return float(self._extrapolated(lambda each: np.array(each.sd_log_capital)))

    def log_capital(self, years: ArrayLike, z: float) -> Array:
        """log K - log K at rest, `years` after log productivity has become `z`."""
        return self._extrapolated(lambda each: each.log_capital(years, each.after_productivity(z)))

    def log_capital_after_scaling(self, years: ArrayLike, factor: float) -> Array:
        """The same after everybody's wealth is multiplied by `factor`."""

        def on(each: Linear) -> Array:
            return each.log_capital(years, each.after_masses(with_wealth_scaled(each.rest, factor)))

        return self._extrapolated(on)

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """What households eat at each node of a surrogate's grid, `consumption` [k, 2m], at masses `wealth`
        [k, 2m], those with the low income first, and log productivity `productivity` [k].

        Masses count as what they make of K and where they are; nodes are those of `surrogate_nodes`.

        Raises
        ------
        BadData : masses for another number of nodes.
        """
        masses = np.atleast_2d(np.asarray(states["wealth"], float))
        z = np.atleast_1d(np.asarray(states["productivity"], float))
        if masses.shape[1] % 2 or masses.shape[0] != len(z):
            raise BadData("Masses [k, 2m] and productivity [k] are asked for, a row for each economy.")
        nodes = surrogate_nodes(self.economy, masses.shape[1] // 2)
        return {"consumption": self._extrapolated(lambda each: _eaten(each, nodes, masses, z))}

    def _extrapolated(self, of: Callable[[Linear], Array]) -> Array:
        return 2 * of(self.fine) - of(self.coarse)


def solve_linear_economy(parameters: Mapping[str, float], count: int = NODES) -> LinearEconomy:
    """The first-order solution at `parameters` by name, on grids of `count` and 2 `count` - 1 nodes.

    Raises
    ------
    UnknownName, BadData : a parameter is missing or cannot be.
    NoEquilibrium : none is found.
    """
    economy = Economy.of(parameters)
    coarse, fine = (solve_linear(stationary_on(economy, many)) for many in (count, 2 * count - 1))
    return LinearEconomy(solve_stationary(parameters), coarse, fine)


def _income_by_states(rest: Stationary) -> Array:
    """Of income w n + r a at each node: by masses, through K, and by z, [2n, 2n + 1]."""
    economy, nodes = rest.economy, rest.grid.nodes
    r, w = prices(rest.capital)
    by_capital = (
        ALPHA * w / rest.capital * economy.labour + (ALPHA - 1) * (r + DELTA) / rest.capital * nodes[:, None]
    )
    by_z = w * economy.labour + (r + DELTA) * nodes[:, None]
    through = np.outer(by_capital.ravel(), np.repeat(nodes, 2))
    return np.column_stack([through, by_z.ravel()])


def _generator(rest: Stationary) -> Array:
    """A [2n, 2n] at rest."""
    count = 2 * rest.grid.count
    columns = [rest.grid.moved(rest.rates, unit.reshape(-1, 2)).ravel() for unit in np.eye(count)]
    return np.array(columns)


def _spread(rest: Stationary) -> Array:
    """How masses at rest move [2n, 2n] by what households at each node save more: those who rise move up
    faster, those who fall move down slower.
    """
    grid, rates, count = rest.grid, rest.rates, 2 * rest.grid.count
    gaps = grid.gaps
    up, down = np.zeros_like(rates.up), np.zeros_like(rates.down)
    up[:-1] = (rates.up[:-1] > 0) / gaps
    down[1:] = -1.0 * (rates.down[1:] > 0) / gaps
    columns = []
    for unit in np.eye(count):
        faster = unit.reshape(-1, 2)
        without = Grid(grid.count, grid.top, 0.0)
        moves = Rates(rates.consumption, up * faster, down * faster)
        columns.append(without.moved(moves, rest.masses).ravel())
    return np.array(columns).T


def surrogate_nodes(economy: Economy, count: int) -> Array:
    """Wealth at the nodes of the surrogate's histogram, natural units."""
    return TOP_OF_SURROGATE * economy.representative_capital * np.linspace(0, 1, count) ** POWER_OF_SURROGATE


def _eaten(solution: Linear, nodes: Array, masses: Array, z: Array) -> Array:
    """c [k, 2m] at nodes [m] of another grid, whose masses [k, 2m] are put on this one."""
    rest, many = solution.rest, len(nodes)
    own = rest.grid.nodes
    places = np.minimum(nodes, own[-1])
    cell = np.clip(np.searchsorted(own, places, side="right") - 1, 0, len(own) - 2)
    share = (places - own[cell]) / (own[cell + 1] - own[cell])
    lottery = np.zeros((many, len(own)))
    lottery[np.arange(many), cell], lottery[np.arange(many), cell + 1] = 1 - share, share
    moved = np.einsum("kjm,mn->knj", masses.reshape(-1, 2, many), lottery)
    states = np.concatenate([(moved - rest.masses).reshape(len(moved), -1), z[:, None]], 1)
    change = (states @ solution.consumption.T).reshape(-1, len(own), 2) / rest.consumption
    eaten = rest.consumption * np.exp(change)
    return np.stack([_between(own, each, nodes).T.ravel() for each in eaten])


def _between(own: Array, values: Array, wealth: Array) -> Array:
    """`values` [n, 2] at the nodes `own` [n], at `wealth` [...]: straight lines in the root of wealth."""
    return np.stack([np.interp(np.sqrt(wealth), np.sqrt(own), column) for column in values.T], -1)
