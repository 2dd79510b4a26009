"""A household of Kase, Melosi and Rottner's economy with heterogeneous households, by endogenous grid points.

    c^-1 >= M(b', s),   equality where b' > B,   M(b', s) = beta E[ e^(zeta'-zeta) r' c'(b', s')^-1 ]
    h = [ c^-1 tau (1-gamma) (e^s W)^(1-gamma) / chi ]^(1/(eta+gamma))
    c + b' = tau (W e^s h)^(1-gamma) + r b + Div e^s / E[e^s],   b' >= B

Carroll (2006), Economics Letters 91. What is kept is M, the marginal utility that a unit saved is worth: with
the prices of a period it gives the bonds b of those who carry b' over, without a root to be found. Whoever
has less than b(B) is at the limit, and one equation in one unknown says what is consumed. Between the points
that are found so consumption is a cubic.

Productivity s is an AR(1) with persistence .9 on five states (Rouwenhorst 1995): the interest rate is within
.003 points a year of that with seven.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lottery import WealthGrid

Array = NDArray[np.float64]

BETA = 0.9975  # discount factor
ETA = 0.72  # inverse labor supply elasticity
CHI = 0.74  # weight of labor
GAMMA = 0.18  # progressivity of the income tax
ELASTICITY = 11.0  # between varieties
BONDS = 1.0  # issued by the government
INFLATION_TARGET = 1.00625  # gross, a quarter
GROWTH = 1.0033  # of productivity, gross, a quarter
PERSISTENCE = 0.9  # of idiosyncratic productivity
STATES = 5  # of idiosyncratic productivity

NEWTON_STEPS = 30


class Prices(NamedTuple):
    """What a household takes as given in a period: the gross real return r, the wage W, the level of the tax
    tau, and dividends of all households.
    """

    rate: float
    wage: float
    tax: float
    dividends: float


class Choices(NamedTuple):
    """Consumption, bonds carried over, hours, and labor income before taxes to the power 1 - gamma, each
    [states, nodes].
    """

    consumption: Array
    savings: Array
    hours: Array
    taxed: Array


@dataclass(frozen=True)
class Households:
    """Productivity and the grid of bonds.

    Attributes
    ----------
    sigma : standard deviation of the shocks to log productivity.
    limit : lowest bonds B.
    grid : bonds above the limit.
    states : of productivity.
    """

    sigma: float
    limit: float
    grid: WealthGrid
    states: int = STATES

    @cached_property
    def bonds(self) -> Array:
        """At the nodes, [nodes]."""
        return self.limit + self.grid.nodes

    @cached_property
    def chain(self) -> tuple[Array, Array]:
        """Probabilities [states, states] from a state to the next, and those of the long run [states]."""
        matrix = rouwenhorst(self.states, PERSISTENCE)
        shares = np.array([comb(self.states - 1, k) for k in range(self.states)]) / 2.0 ** (self.states - 1)
        return matrix, shares

    @cached_property
    def productivity(self) -> Array:
        """e^s in each state, [states]."""
        spread = self.sigma * np.sqrt((self.states - 1) / (1 - PERSISTENCE**2))
        return np.exp(spread * np.linspace(-1, 1, self.states))

    @cached_property
    def dividend_shares(self) -> Array:
        """e^s / E[e^s], [states]."""
        return self.productivity / (self.chain[1] @ self.productivity)

    def hours(self, consumption: Array, prices: Prices) -> Array:
        """h of households in each state who consume so much, [states, ...]."""
        wage = np.expand_dims(self.productivity * prices.wage, tuple(range(1, np.asarray(consumption).ndim)))
        marginal = prices.tax * (1 - GAMMA) * wage ** (1 - GAMMA) / consumption
        return (marginal / CHI) ** (1 / (ETA + GAMMA))

    def taxed(self, consumption: Array, prices: Prices) -> Array:
        """(W e^s h)^(1-gamma), [states, ...]."""
        wage = np.expand_dims(self.productivity * prices.wage, tuple(range(1, np.asarray(consumption).ndim)))
        return (wage * self.hours(consumption, prices)) ** (1 - GAMMA)

    def choose(self, worth: Array, prices: Prices) -> Choices:
        """Choices at the nodes, of households to whom a unit saved is `worth` M [states, nodes]."""
        today = 1 / worth
        fixed = self.dividend_shares[:, None] * prices.dividends
        income = prices.tax * self.taxed(today, prices) + fixed
        held = (today + self.bonds - income) / prices.rate
        consumption = np.stack([_cubic(xs, ys, self.bonds) for xs, ys in zip(held, today, strict=True)])
        at_limit = self.bonds < held[:, :1]
        cash = prices.rate * self.bonds + fixed - self.limit
        consumption = np.where(at_limit, self._at_limit(cash, today[:, :1], prices), consumption)
        taxed = self.taxed(consumption, prices)
        savings = prices.rate * self.bonds + fixed + prices.tax * taxed - consumption
        savings = np.where(at_limit, self.limit, savings)
        return Choices(consumption, savings, self.hours(consumption, prices), taxed)

    def _at_limit(self, cash: Array, guess: Array, prices: Prices) -> Array:
        """Consumption c = tau (W e^s h(c))^(1-gamma) + `cash` [states, nodes], by Newton's method."""
        c = np.broadcast_to(guess, cash.shape)
        power = (1 - GAMMA) / (ETA + GAMMA)
        for _ in range(NEWTON_STEPS):
            income = prices.tax * self.taxed(c, prices)
            c = np.maximum(c - (c - income - cash) / (1 + power * income / c), 0.1 * c)
        return c

    def worth_of_saving(self, consumption: Array, rate: float) -> Array:
        """E[r' / c'(b', s')] at the nodes of b', [states, nodes], from tomorrow's consumption there."""
        return rate * self.chain[0] @ (1 / consumption)


def rouwenhorst(states: int, persistence: float) -> Array:
    """Probabilities [states, states] of an AR(1) on evenly spaced states (Rouwenhorst 1995)."""
    stay = (1 + persistence) / 2
    matrix = np.array([[stay, 1 - stay], [1 - stay, stay]])
    for count in range(3, states + 1):
        larger = np.zeros((count, count))
        for row, column, chance in ((0, 0, stay), (0, 1, 1 - stay), (1, 0, 1 - stay), (1, 1, stay)):
            larger[row : row + count - 1, column : column + count - 1] += chance * matrix
        larger[1:-1] /= 2
        matrix = larger
    return matrix


def _cubic(places: Array, values: Array, at: ArrayLike) -> Array:
    """Lagrange's cubic through the four `places` [n] (rising) around each point `at` [m], [m]; through the
    last four beyond them.
    """
    cell = np.searchsorted(places, at, side="right") - 1
    first = np.clip(cell - 1, 0, len(places) - 4)
    around = [places[first + step] for step in range(4)]
    total = np.zeros_like(at, dtype=float)
    for i, place in enumerate(around):
        weight = np.ones_like(total)
        for other in around[:i] + around[i + 1 :]:
            weight = weight * (at - other) / (place - other)
        total = total + weight * values[first + i]
    return total
