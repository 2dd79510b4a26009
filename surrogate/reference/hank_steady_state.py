"""The steady state of Kase, Melosi and Rottner's economy with heterogeneous households.

    r = R / (Pibar abar),   W = (eps - 1) / eps,   Y = N = INT e^s h,   INT b' = D
    tau: W N - tau INT (W e^s h)^(1-gamma) = (r - 1) D

M solves the Euler equation at given prices by a Newton step that knows how much of a unit is saved: a change
of M at b' moves M today by beta db'/db of it. The histogram of bonds and productivity stays where it is. Then
three prices, r, N and tau, clear three markets. The central bank's R and output at rest depend on the
households' risk and limit alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, root
from scipy.sparse import csr_matrix, diags, identity, kron
from scipy.sparse.linalg import spsolve

from ..errors import NotSolved
from .hank_household import (
    BETA,
    BONDS,
    CHI,
    ELASTICITY,
    ETA,
    GAMMA,
    GROWTH,
    INFLATION_TARGET,
    Choices,
    Households,
    Prices,
)
from .lottery import WealthGrid, lottery

Array = NDArray[np.float64]

WAGE = (ELASTICITY - 1) / ELASTICITY
GRID = WealthGrid(50, 20.0, 2.5)
"""Bonds above the limit. With 1,000 nodes the interest rate differs by .0005 points a year at most."""
ITERATIONS, FIRST, CLOSE = 1_000, 5, 0.5
"""Of the Euler equation; the first few, and as long as M moves by more, without Newton's step."""
EULER, CLEARED = 1e-11, 1e-8


@dataclass(frozen=True)
class SteadyState:
    """Prices, choices and households at rest.

    Attributes
    ----------
    households : their risk, limit and grid.
    prices : r, W, tau and dividends.
    output : Y, equal to hours in efficiency units N.
    worth : M at the nodes of b', [states, nodes].
    choices : at the nodes of b, [states, nodes] each.
    mass : of households, [states, nodes].
    """

    households: Households
    prices: Prices
    output: float
    worth: Array
    choices: Choices
    mass: Array

    @property
    def gross_rate(self) -> float:
        """R, nominal and quarterly."""
        return self.prices.rate * INFLATION_TARGET * GROWTH

    @property
    def share_at_limit(self) -> float:
        """Households with bonds B."""
        return float(self.mass[:, 0].sum())

    @property
    def gini(self) -> float:
        """Gini coefficient of bonds; debts count as negative wealth."""
        mass = self.mass.sum(0)
        owned = mass * self.households.bonds
        below = np.cumsum(owned) - owned / 2
        return float(1 - 2 * (mass * below).sum() / owned.sum())

    @cached_property
    def movement(self) -> csr_matrix:
        """Where the mass at each node goes, [states nodes, states nodes]: rows are today's nodes."""
        return moves(self.households, self.choices.savings)


def moves(households: Households, savings: Array) -> csr_matrix:
    """The mass of each row [states nodes] over tomorrow's nodes and states, at savings [states, nodes]."""
    return (_saved(households, savings) @ _switches(households)).tocsr()


def moved(households: Households, savings: Array, mass: Array) -> Array:
    """Mass [states, nodes] a period later, at savings [states, nodes]."""
    states, nodes = mass.shape
    first, weights = lottery(households.grid, savings - households.limit)
    columns = first[..., None] + np.arange(4) + nodes * np.arange(states)[:, None, None]
    sent = np.bincount(columns.ravel(), (mass[..., None] * weights).ravel(), mass.size)
    return households.chain[0].T @ sent.reshape(mass.shape)


def solve_households(households: Households, prices: Prices, worth: Array) -> tuple[Array, Choices]:
    """M [states, nodes] and choices at prices that never change, from a first guess of M.

    Raises
    ------
    NotSolved : the Euler equation is not solved to `EULER`.
    """
    patience, smallest, safe = FIRST, np.inf, worth
    for _ in range(ITERATIONS):
        with np.errstate(invalid="ignore"):
            choices = households.choose(worth, prices)
            implied = BETA * households.worth_of_saving(choices.consumption, prices.rate)
            gap = np.log(implied / worth)
        size = np.abs(gap).max()
        if size < EULER:
            return worth, choices
        if not size < 2 * smallest:  # Newton's step went too far
            patience, worth, smallest = 4 * FIRST, safe, np.inf
            continue
        smallest, safe, patience = min(size, smallest), implied, patience - 1
        worth = implied
        if patience < 0 and size < CLOSE:
            worth = worth * np.exp(np.clip(_newton(households, choices, implied, gap) - gap, -1, 1))
    raise NotSolved(
        f"households with sigma {households.sigma:g} and limit {households.limit:g} do not settle at a real "
        f"rate of {prices.rate:g}: is beta times the rate below one?"
    )


def solve_steady_state(
    sigma: float, limit: float, grid: WealthGrid = GRID, guess: SteadyState | None = None, states: int = 5
) -> SteadyState:
    """The steady state where shocks to log productivity have standard deviation `sigma` and no household has
    fewer bonds than `limit`; `guess` is one nearby.

    Raises
    ------
    NotSolved : markets do not clear.
    """
    households = Households(sigma, limit, grid, states)
    latest: dict[str, Array] = {"worth": _first_guess(households)}

    def solved(unknown: Array) -> SteadyState:
        impatience, output, tax = unknown
        rate = 1 / BETA - np.exp(impatience)
        prices = Prices(rate, WAGE, tax, output * (1 - WAGE))
        latest["worth"], choices = solve_households(households, prices, latest["worth"])
        mass = _stationary(households, choices.savings)
        return SteadyState(households, prices, output, latest["worth"], choices, mass)

    start = [np.log(0.0003 + 0.3 * sigma**2), 1.0, 0.985]
    if guess is not None:
        start = [np.log(1 / BETA - guess.prices.rate), guess.output, guess.prices.tax]
    options = {"xtol": 1e-12, "eps": 1e-7}
    found = root(lambda unknown: _excess(solved(unknown)), start, method="hybr", options=options)
    if np.abs(found.fun).max() > CLEARED:
        raise NotSolved(f"markets do not clear at sigma {sigma:g} and limit {limit:g}: {found.message}")
    return solved(found.x)


def _excess(at: SteadyState) -> Array:
    """Savings, hours and taxes that are too many, [3]; the first is bounded, as savings explode with r."""
    savings, hours, taxed = (
        float((at.mass * each).sum()) for each in (at.choices.savings, _efficient(at), at.choices.taxed)
    )
    revenue = at.prices.wage * hours - at.prices.tax * taxed - (at.prices.rate - 1) * BONDS
    return np.array([np.arctan((savings - BONDS) / 2), 10 * (hours - at.output), 10 * revenue])


def _efficient(at: SteadyState) -> Array:
    return at.households.productivity[:, None] * at.choices.hours


def _first_guess(households: Households) -> Array:
    return np.tile(1 / (0.9 + 0.02 * households.grid.nodes), (households.states, 1))


def _newton(households: Households, choices: Choices, worth: Array, gap: Array) -> Array:
    """The step in log M [states, nodes] that closes the `gap`: M moves by beta E[db''/db' dM(b'')]."""
    slope = np.clip(np.gradient(choices.savings, axis=1) / np.gradient(households.bonds), 0.0, 1.01)
    scaled = diags(BETA * slope.ravel()) @ _saved(households, choices.savings)
    effect = _switches(households) @ scaled
    relative = diags(1 / worth.ravel()) @ effect @ diags(worth.ravel())
    return spsolve((identity(worth.size) - relative).tocsc(), gap.ravel()).reshape(worth.shape)


def _stationary(households: Households, savings: Array) -> Array:
    """Mass [states, nodes] that stays where it is."""
    movement = moves(households, savings)
    system = (identity(savings.size, format="csc") - movement.T.tocsc())[1:, 1:]
    others = spsolve(system.tocsc(), movement[0, 1:].toarray().ravel())
    mass = np.concatenate([[1.0], others])
    return (mass / mass.sum()).reshape(savings.shape)


def _saved(households: Households, savings: Array) -> csr_matrix:
    """From today's nodes to those of b', productivity unchanged."""
    states, nodes = savings.shape
    first, weights = lottery(households.grid, savings - households.limit)
    block = nodes * np.arange(states)[:, None, None]
    columns = (first[..., None] + np.arange(4) + block).ravel()
    rows = np.repeat(np.arange(savings.size), 4)
    return csr_matrix((weights.ravel(), (rows, columns)), shape=(savings.size, savings.size))


def _switches(households: Households) -> csr_matrix:
    """From today's productivity to tomorrow's, bonds unchanged."""
    return csr_matrix(kron(csr_matrix(households.chain[0]), identity(households.grid.points)))


def representative_rate() -> float:
    """R without idiosyncratic risk: Pibar abar / beta."""
    return INFLATION_TARGET * GROWTH / BETA


def representative_output() -> float:
    """Y without idiosyncratic risk, where c = Y and tau (W N)^(1-gamma) = W N - (r - 1) D:

    chi N^eta Y = tau (1 - gamma) W (W N)^(-gamma), so that chi N^(eta+1) Y = (1 - gamma) (W N - (r - 1) D).
    """
    interest = (1 / BETA - 1) * BONDS
    return brentq(
        lambda y: CHI * y ** (2 + ETA) - (1 - GAMMA) * (WAGE * y - interest), 0.5, 2.0, full_output=False
    )
