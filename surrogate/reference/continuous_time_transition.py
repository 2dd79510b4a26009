"""Perfect foresight in continuous time: the path after productivity or the distribution have been moved.

Nobody expected the move and everybody knows what follows. Given a path of capital, values are found backward
in time and masses forward, on the grid of the stationary equilibrium; the path is moved towards what
households then own (Anderson's acceleration). To first order it is what an economy with aggregate risk does
after a shock; dates and nodes are first-order approximations, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NoEquilibrium
from .continuous_time import Rates, Stationary, utility

Array = NDArray[np.float64]
SHORT, DATES, GROWTH, LONGEST = 0.05, 200, 1.02, 2.0
"""So many short steps of time, and then longer ones, each by so much, up to the longest; years."""
HORIZON = 160.0
ROUNDS, DAMPING, REMEMBERED = 80, 0.3, 6
TOLERANCE = 1e-8
"""Largest difference of capital and of what households own, as a share."""
REVERSION = 0.1
"""A year, of the first guess."""


class Transition(NamedTuple):
    """Dates [T + 1], z and K there, C [T] and what households eat at the first date [n, 2]."""

    dates: Array
    productivity: Array
    capital: Array
    consumption_of_all: Array
    consumption: Array

    def log_capital(self, years: Array, rest: float) -> Array:
        """log K - log `rest` after `years`."""
        return np.interp(years, self.dates, np.log(self.capital / rest))


def dates_of_transition(short: float = SHORT) -> Array:
    """Dates [T + 1] from zero on: `short` steps first."""
    steps = [short] * round(DATES * SHORT / short)
    while sum(steps) < HORIZON:
        steps.append(min(GROWTH * steps[-1], LONGEST))
    return np.concatenate([[0.0], np.cumsum(steps)])


def solve_transition(
    rest: Stationary,
    productivity: float = 0.0,
    masses: Array | None = None,
    dates: Array | None = None,
) -> Transition:
    """The path from log productivity `productivity` and `masses` [n, 2], those at rest by default.

    Raises
    ------
    NoEquilibrium : the path of capital does not settle.
    """
    dates = dates_of_transition() if dates is None else dates
    start = rest.masses if masses is None else masses
    z = productivity * np.exp(-rest.economy.eta * dates)
    away = rest.grid.nodes @ start.sum(1) - rest.capital
    capital = rest.capital + away * np.exp(-REVERSION * dates)
    paths: list[Array] = []
    errors: list[Array] = []
    for _ in range(ROUNDS):
        choices = _backward(rest, dates, z, capital)
        owned, eaten = _forward(rest, dates, choices, start)
        error = owned - capital
        if np.abs(error).max() < TOLERANCE * rest.capital:
            return Transition(dates, z, owned, eaten, choices[0].consumption)
        paths, errors = [*paths, capital][-REMEMBERED:], [*errors, error][-REMEMBERED:]
        capital = _accelerated(paths, errors)
    raise NoEquilibrium(f"the path of capital does not settle at {rest.economy}: move it by less.")


def with_wealth_scaled(rest: Stationary, factor: float) -> Array:
    """Masses [n, 2] after everybody's wealth is multiplied by `factor`; the mean is exact."""
    nodes = rest.grid.nodes
    places = np.minimum(factor * nodes, nodes[-1])
    cell = np.clip(np.searchsorted(nodes, places, side="right") - 1, 0, len(nodes) - 2)
    share = ((places - nodes[cell]) / (nodes[cell + 1] - nodes[cell]))[:, None]
    moved = np.zeros_like(rest.masses)
    np.add.at(moved, cell, (1 - share) * rest.masses)
    np.add.at(moved, cell + 1, share * rest.masses)
    return moved


def _backward(rest: Stationary, dates: Array, z: Array, capital: Array) -> list[Rates]:
    """What households choose at each date but the last, after which the economy is at rest."""
    economy, grid, value = rest.economy, rest.grid, rest.value
    choices = []
    for date in range(len(dates) - 2, -1, -1):
        step = dates[date + 1] - dates[date]
        rates = grid.rates(value, economy.income(grid.nodes, capital[date], z[date]), economy.gamma)
        flow = utility(rates.consumption, economy.gamma) + value / step
        value = grid.value_back(rates, economy.rho + 1 / step, flow)
        choices.append(rates)
    return choices[::-1]


def _forward(rest: Stationary, dates: Array, choices: list[Rates], masses: Array) -> tuple[Array, Array]:
    """What households own at each date [T + 1], and eat [T]."""
    owned, eaten = [rest.grid.nodes @ masses.sum(1)], []
    for step, rates in zip(np.diff(dates), choices, strict=True):
        eaten.append((masses * rates.consumption).sum())
        masses = rest.grid.mass_forward(rates, 1 / step, masses / step)
        owned.append(rest.grid.nodes @ masses.sum(1))
    return np.array(owned), np.array(eaten)


def _accelerated(paths: list[Array], errors: list[Array]) -> Array:
    """The next path: the combination of earlier ones whose error is smallest, moved by `DAMPING` of that."""
    path, error = paths[-1], errors[-1]
    if len(paths) == 1:
        return path + DAMPING * error
    changes = np.stack([error - before for before in errors[:-1]], 1)
    moves = np.stack([path - before for before in paths[:-1]], 1)
    weights = np.linalg.lstsq(changes, error, rcond=1e-10)[0]
    return path + DAMPING * error - (moves + DAMPING * changes) @ weights
