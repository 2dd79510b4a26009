"""The deterministic steady state of overlapping generations, by another method than the surrogate's.

At given prices a household's problem is concave with linear limits, a logarithmic barrier makes it smooth,
and Newton's method climbs it from any feasible place; SciPy's root finder then looks for the prices at which
capital and bonds add up. O(S^3) a step, about two hundred steps a household, about twenty households.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import root

from ..errors import NoEquilibrium
from .olg_economy import KAPPA, Household, mean_depreciation

Array = NDArray[np.float64]
BARRIERS = 10.0 ** -np.arange(1.0, 14.0)
WARM = 10.0 ** -np.arange(4.0, 14.0)
STEPS, HALVINGS = 60, 40
STILL = 1e-11
"""Newton's decrement, squared, relative to the barrier."""
CLEARED = 1e-8
STARTS = (1.0, 2.0, 0.5, 4.0)
"""Times the capital where the search begins first."""
FIRST = 0.1
"""Capital per year that is left to live, in wages, where the search begins."""


@dataclass(frozen=True)
class OlgSteadyState:
    """What every age owns and eats without shocks, [S + 1], and prices.

    `capital` and `bonds` are held at the start of a period.
    """

    parameters: Mapping[str, float]
    capital: Array
    bonds: Array
    consumption: Array
    bond_price: float
    gross_return: float
    wage: float

    @property
    def capital_of_all(self) -> float:
        """K."""
        return float(self.capital.sum())


def steady_state(parameters: Mapping[str, float], generations: int = 56) -> OlgSteadyState:
    """Solve at `parameters` (by name, natural units).

    Raises
    ------
    NoEquilibrium : no prices are found at which capital and bonds add up.
    """
    household, delta = Household.of(parameters, generations), mean_depreciation()
    life = _Life(household)

    def prices(x: Array) -> tuple[float, float, float]:
        r, w = household.prices(np.exp(x[0]), 1.0, delta)
        return float(r), float(w), float(np.exp(x[1]))

    def excess(x: Array) -> Array:
        saved, bought = life.choices(*prices(x))
        return np.array([np.log(saved.sum()) - x[0], bought.sum() / np.exp(x[0])])

    best, least = np.empty(2), np.inf
    for scale in STARTS:
        start = np.log(scale * _capital_to_start(household))
        first_return = float(household.prices(np.exp(start), 1.0, delta)[0])
        try:
            found = root(excess, [start, -np.log(max(first_return, 1.01))], tol=1e-11)
        except (np.linalg.LinAlgError, ValueError):  # at some prices no household has a best choice
            continue
        if (miss := np.abs(found.fun).max()) < least:
            best, least = found.x, float(miss)
        if least < CLEARED:
            break
    if not least < CLEARED:
        values = ", ".join(f"{name} = {value:g}" for name, value in parameters.items())
        why = f"capital and bonds miss by {least:.1e} of capital at best"
        if not np.isfinite(least):
            why = "at no prices that were tried does a household have a best choice"
        raise NoEquilibrium(
            f"No steady state of {generations} generations is found at {values}: {why}. Take parameters "
            "nearer to the box."
        )
    r, w, p = prices(best)
    saved, bought = life.choices(r, w, p)
    return OlgSteadyState(
        dict(parameters),
        np.append(0.0, saved),
        np.append(0.0, bought),
        life.consumption(np.concatenate([saved, bought]), r, w, p)[0],
        p,
        r,
        w,
    )


def _capital_to_start(household: Household) -> float:
    generations = len(household.labor)
    many = FIRST / 2 * generations * (generations - 1)
    per_wage = (1 - household.alpha) * household.labor.sum() ** -household.alpha
    return float((many * per_wage) ** (1 / (1 - household.alpha)))


class _Life:
    """A household's choices at prices that stay; it remembers the last ones, where the next search begins."""

    def __init__(self, household: Household) -> None:
        self.household, self.n = household, len(household.labor) - 1
        self.discount = household.beta ** np.arange(self.n + 1)
        eye, nothing = np.eye(self.n), np.zeros((1, self.n))
        self.now, self.before = np.vstack([eye, nothing]), np.vstack([nothing, eye])
        self.slacks = np.block([[eye, 0 * eye], [eye, KAPPA * eye]])
        self.last: Array | None = None

    def consumption(self, x: Array, r: float, w: float, p: float) -> tuple[Array, Array, Array]:
        """c [S + 1], its derivatives [S + 1, 2 S] with respect to choices x (capital, then bonds), and those
        of the adjustment D.
        """
        zeta = self.household.zeta
        by_capital = self.now - r * self.before
        change = by_capital @ x[: self.n]
        linear = np.hstack([r * self.before - self.now, self.before - p * self.now])
        c = self.household.labor * w + linear @ x - zeta / 2 * change**2
        of_change = np.hstack([by_capital, 0 * by_capital])
        return c, linear - zeta * change[:, None] * of_change, of_change

    def choices(self, r: float, w: float, p: float) -> tuple[Array, Array]:
        """Capital saved and bonds bought [S] at ages 0 to S - 1."""
        x, barriers = self._start(r, w, p)
        for barrier in barriers:
            x = self._climb(x, barrier, (r, w, p))
        self.last = x
        return x[: self.n], x[self.n :]

    def _start(self, r: float, w: float, p: float) -> tuple[Array, Array]:
        """Where to begin: the last choices, a little inside, if they are feasible; else nearly nothing."""
        inside = np.concatenate([np.full(self.n, 1e-3 * w), np.zeros(self.n)])
        if self.last is not None:
            near = self.last + inside
            if self.consumption(near, r, w, p)[0].min() > 0.0:
                return near, WARM
        return inside, BARRIERS

    def _value(self, x: Array, barrier: float, prices: tuple[float, float, float]) -> float:
        c, slack = self.consumption(x, *prices)[0], self.slacks @ x
        if min(c.min(), slack.min()) <= 0.0:
            return -np.inf
        gamma = self.household.gamma
        utility = np.log(c) if gamma == 1.0 else (c ** (1 - gamma) - 1) / (1 - gamma)
        return float(self.discount @ utility + barrier * np.log(slack).sum())

    def _climb(self, x: Array, barrier: float, prices: tuple[float, float, float]) -> Array:
        """Newton's method on the discounted sum of utility with a barrier."""
        value, gamma = self._value(x, barrier, prices), self.household.gamma
        for _ in range(STEPS):
            c, by_x, of_change = self.consumption(x, *prices)
            marginal, slack = self.discount * c**-gamma, self.slacks @ x
            gradient = by_x.T @ marginal + self.slacks.T @ (barrier / slack)
            curvature = (by_x.T * (gamma * marginal / c)) @ by_x
            curvature += self.household.zeta * (of_change.T * marginal) @ of_change
            curvature += (self.slacks.T * (barrier / slack**2)) @ self.slacks
            step = cho_solve(cho_factor(curvature), gradient)
            if gradient @ step < STILL * barrier:
                break
            for length in 0.5 ** np.arange(HALVINGS):
                better = self._value(x + length * step, barrier, prices)
                if better > value:
                    x, value = x + length * step, better
                    break
            else:
                break
        return x
