"""Overlapping generations with capital and bonds (Azinovic, Gaegauf and Scheidegger 2022), in NumPy.

Written apart from the economy that networks are trained on: what a policy is worth, whoever says it.

    c + p d + a + zeta/2 D^2 = l w + b + r k,   D = a - r k
    (1 + zeta D) u'(c) = beta E[ u'(c') r' (1 + zeta D') ] + lambda + mu,   lambda a = 0
    p u'(c) = beta E[ u'(c') ] + kappa mu,   mu (a + kappa d) = 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PARAMETERS = ("beta", "gamma", "zeta", "alpha")
KAPPA = 1 / 0.89
ETA, DELTA = np.array([0.978, 1.022]), np.array([0.08, 0.11])
ETA_MOVES = np.array([[0.905, 0.095], [0.095, 0.905]])
DELTA_MOVES = np.array([[0.972, 0.028], [0.300, 0.700]])
"""From today's (row) to tomorrow's value, the low one first."""
AT_LIMIT = 2e-6
"""So close to its limit a choice is at it."""

Policy = Callable[[Array, Array, Array, Array], tuple[Array, Array, Array]]
"""From capital and bonds [n, S] of ages 1 to S, productivity and depreciation [n] to capital saved and bonds
bought [n, S] at ages 0 to S - 1, and the price of a bond [n].
"""


def labor_by_age(generations: int) -> Array:
    """Labour of each age [generations]: rises and falls as a parabola up to two thirds of life, then falls in
    a straight line to a half by five sixths, and stays.
    """
    middle, turn, end = generations / 2, 2 * generations // 3, 5 * generations // 6

    def parabola(age: float) -> float:
        return 0.6 + 0.762 * (middle**2 - (age - middle) ** 2) / middle**2

    labor = np.empty(generations)
    for age in range(generations):
        if age < turn:
            labor[age] = parabola(age)
        elif age < end:
            labor[age] = parabola(turn) * (1 - 0.5 * (age - turn) / max(1, end - 1 - turn))
        else:
            labor[age] = parabola(turn) / 2
    return labor


def mean_depreciation() -> float:
    """Of the chain's stationary distribution."""
    leaves, returns = DELTA_MOVES[0, 1], DELTA_MOVES[1, 0]
    return float((returns * DELTA[0] + leaves * DELTA[1]) / (leaves + returns))


@dataclass(frozen=True)
class Household:
    """Parameters, and labour by age [S + 1]."""

    beta: float
    gamma: float
    zeta: float
    alpha: float
    labor: Array

    @classmethod
    def of(cls, parameters: Mapping[str, float], generations: int) -> Household:
        """From parameters by name."""
        values = {name: float(parameters[name]) for name in PARAMETERS}
        return cls(**values, labor=labor_by_age(generations))

    def prices(self, capital: Array, eta: Array | float, delta: Array | float) -> tuple[Array, Array]:
        """Gross return and wage at capital of all [...]."""
        per_labor = capital / self.labor.sum()
        output = eta * per_labor**self.alpha
        return self.alpha * output / per_labor + 1 - delta, (1 - self.alpha) * output

    def period(
        self, k: Array, b: Array, eta: Array, delta: Array, choice: tuple[Array, Array, Array]
    ) -> tuple[Array, Array, Array]:
        """Consumption and 1 + zeta D [n, S + 1], and the gross return [n, 1]."""
        r, w = (each[:, None] for each in self.prices(k.sum(1), eta, delta))
        a, d, p = choice
        nothing = np.zeros((len(k), 1))
        k, b = np.hstack([nothing, k]), np.hstack([nothing, b])
        a, d = np.hstack([a, nothing]), np.hstack([d, nothing])
        change = a - r * k
        c = self.labor * w + b + r * k - p[:, None] * d - a - self.zeta / 2 * change**2
        return c, 1 + self.zeta * change, r


def euler_errors(
    household: Household, policy: Policy, k: Array, b: Array, eta: Array, delta: Array
) -> tuple[Array, Array]:
    """Relative errors of consumption implied by the Euler equations of capital and of bonds, [n, S] each.

    At a limit a wish for less is no error: the multiplier is what the equations leave room for.
    """
    choice = policy(k, b, eta, delta)
    a, d, p = choice
    c, value, _ = household.period(k, b, eta, delta, choice)
    risky, safe = np.zeros_like(a), np.zeros_like(a)
    here = (eta > ETA.mean()).astype(int), (delta > DELTA.mean()).astype(int)
    for i, j in product(range(2), range(2)):
        chance = (ETA_MOVES[here[0], i] * DELTA_MOVES[here[1], j])[:, None]
        eta_then, delta_then = np.full(len(k), ETA[i]), np.full(len(k), DELTA[j])
        then = policy(a, d, eta_then, delta_then)
        c_then, value_then, r_then = household.period(a, d, eta_then, delta_then, then)
        weight = chance * household.beta * (c_then[:, 1:] / c[:, :-1]) ** -household.gamma
        safe += weight
        risky += weight * r_then * value_then[:, 1:]
    price, cost = p[:, None], value[:, :-1]
    mu = np.where(a + KAPPA * d < AT_LIMIT, np.maximum((price - safe) / KAPPA, 0.0), 0.0)
    multiplier = np.where(a < AT_LIMIT, np.maximum(cost - mu - risky, 0.0), 0.0)
    power = -1 / household.gamma
    return ((risky + multiplier + mu) / cost) ** power - 1, ((safe + KAPPA * mu) / price) ** power - 1
