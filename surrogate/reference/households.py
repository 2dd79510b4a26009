"""Saving at one calibration: a household under a borrowing limit, and generations that overlap.

Consumption and saving under a borrowing limit, by endogenous grid points:

    C + A' = (1 + r) A + e^z = M,   A' >= 0,   z' = rho z + sigma e',   u'(C) = C^-gamma
    u'(C) >= beta (1 + r) E[ u'(C') ],  with equality where A' > 0

Carroll (2006), Economics Letters 91. Given consumption tomorrow, the Euler equation says how much is consumed
today by whoever carries A' over, and M = C + A' follows. With A' = 0 it gives the kink, exactly: whoever has
less consumes all. Written apart from the code that trains networks, so that the two can disagree.

Six overlapping generations with log utility, where only the newborn work, in closed form. Huffman (1987),
Journal of Political Economy 95; Krueger and Kubler (2004), Journal of Economic Dynamics and Control 28. A
generation of age h = 1..6 has one source of income, so it saves the same share of it whatever the prices of
today and tomorrow:

    a^h = beta_h income^h,   beta_h = beta (1 - beta^(6-h)) / (1 - beta^(7-h))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RectBivariateSpline

from ..artifact.region import Region
from ..errors import BadData, NoEquilibrium

Array = NDArray[np.float64]
SAVING_PARAMETERS = ("beta", "r", "gamma", "rho", "sigma")
CURVATURE = 3
"""Assets are an even spacing to this power, so that points are close together near the limit."""
BISECTIONS = 60

GENERATIONS = 6


@dataclass(frozen=True)
class SavingGrid:
    """Where consumption is kept: assets carried over by log income."""

    assets_points: int = 300
    income_points: int = 61
    assets_most: float = 2.0
    """In units of `typical_assets`; beyond, consumption goes on in a straight line."""
    income_width: float = 5.0
    """Half-width in standard deviations of log income; beyond it, nothing is expected to happen."""


@dataclass(frozen=True)
class SavingSolution:
    """What is consumed by whoever carries assets `carried` [n_a] over at log income `income` [n_z].

    log_consumption: [n_a, n_z]. Smooth in both, and from it follows the policy, kink included.
    """

    parameters: Mapping[str, float]
    carried: Array
    income: Array
    log_consumption: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption at `assets` and log `income` of any common shape.

        Raises
        ------
        BadData : a state outside the grid.
        """
        assets, income = np.broadcast_arrays(*(np.asarray(states[n], float) for n in ("assets", "income")))
        resources = (1 + self.parameters["r"]) * assets + np.exp(income)
        most = self.carried[-1] + self._consumed(np.full_like(income, self.carried[-1]), income)
        if np.any(resources > most) or np.any(assets < 0) or np.any(np.abs(income) > self.income[-1]):
            raise BadData(
                f"a state leaves the grid, which ends where {self.carried[-1]:g} is carried over and at log "
                f"incomes of {self.income[-1]:g} on either side: solve on a wider one."
            )
        binds = resources < self.kink(income)
        return {"consumption": np.where(binds, resources, self._free(resources, income))}

    def kink(self, income: ArrayLike) -> Array:
        """Cash on hand M below which all of it is consumed, at log incomes of any shape."""
        income = np.asarray(income, float)
        return self._consumed(np.zeros_like(income), income)

    def _free(self, resources: Array, income: Array) -> Array:
        """C where C(A', z) + A' = M, by bisection in A'."""
        low, high = np.zeros_like(resources), np.minimum(resources, self.carried[-1])
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            too_much = self._consumed(middle, income) + middle > resources
            low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
        return resources - low

    def _consumed(self, carried: Array, income: Array) -> Array:
        return np.exp(self._spline.ev((carried / self.carried[-1]) ** (1 / CURVATURE), income))

    @cached_property
    def _spline(self) -> RectBivariateSpline:
        place = np.linspace(0, 1, len(self.carried))
        return RectBivariateSpline(place, self.income, self.log_consumption)


def stationary_region(names: Sequence[str]) -> Region:
    """Where savings have an ergodic distribution, beta (1 + r) < 1 (Chamberlain and Wilson 2000), as a region
    over the parameters `names`.
    """
    linear, quadratic = np.zeros(len(names)), np.zeros((len(names), len(names)))
    beta, rate = names.index("beta"), names.index("r")
    linear[beta], quadratic[beta, rate] = 1.0, 1.0
    return Region(
        description="beta (1 + r) < 1: savings have an ergodic distribution",
        transforms=("identity",) * len(names),
        center=(0.0,) * len(names),
        scale=(1.0,) * len(names),
        constant=-1.0,
        linear=tuple(linear.tolist()),
        quadratic=tuple(tuple(row) for row in quadratic.tolist()),
    )


def typical_assets(parameters: Mapping[str, float]) -> float:
    """An amount of assets that is exceeded about once in a hundred years: mean income plus what prudence
    asks for, gamma var(z) for each unit of impatience.
    """
    p = parameters
    variance = p["sigma"] ** 2 / (1 - p["rho"] ** 2)
    impatience = max(-np.log(p["beta"] * (1 + p["r"])), 0.01)
    return float(np.exp(variance / 2) * (1 + p["gamma"] * variance / impatience))


def solve_consumption_saving(
    parameters: Mapping[str, float],
    grid: SavingGrid | None = None,
    tolerance: float = 1e-9,
    iterations: int = 5_000,
) -> SavingSolution:
    """Solve the model at `parameters` (beta, r, gamma, rho, sigma); takes about a second.

    The iteration starts from consuming half of what there is and ends when a further one changes log
    consumption by less than `tolerance`.

    Raises
    ------
    NoEquilibrium : beta (1 + r) is one or more, or the iteration has not settled after so many `iterations`.
    """
    p = {name: float(parameters[name]) for name in SAVING_PARAMETERS}
    if p["beta"] * (1 + p["r"]) >= 1:
        raise NoEquilibrium(
            f"savings grow without end where beta (1 + r) = {p['beta'] * (1 + p['r']):g}: make it less than "
            "one"
        )
    step = _SavingIteration(p, grid or SavingGrid())
    consumption = step.resources / 2
    for _ in range(iterations):
        endogenous = step.consumed(consumption)
        then, consumption = consumption, step.on_grid(endogenous)
        if np.abs(np.log(consumption / then)).max() < tolerance:
            return SavingSolution(p, step.carried, step.income, np.log(endogenous))
    raise NoEquilibrium(f"endogenous grid points have not settled after {iterations} rounds at {p}")


@dataclass(frozen=True)
class OlgSolution:
    """The saving rates [5] of generations 1 to 5."""

    saving_rate: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Saving rates [..., 5] at `assets` [..., 5], `productivity` [...] and `depreciation` [...]; exact
        everywhere.
        """
        leading = np.broadcast_shapes(
            np.shape(states["assets"])[:-1],
            np.shape(states["productivity"]),
            np.shape(states["depreciation"]),
        )
        return {"saving_rate": np.broadcast_to(self.saving_rate, (*leading, GENERATIONS - 1)).copy()}


def solve_olg_analytic(parameters: Mapping[str, float]) -> OlgSolution:
    """The saving rates at `parameters`, of which only beta matters."""
    beta, remaining = parameters["beta"], np.arange(GENERATIONS - 1, 0, -1)
    return OlgSolution(beta * (1 - beta**remaining) / (1 - beta ** (remaining + 1)))


class _SavingIteration:
    """Today's consumption on the grid from tomorrow's, [n_a, n_z]."""

    def __init__(self, p: Mapping[str, float], grid: SavingGrid) -> None:
        half_width = grid.income_width * p["sigma"] / np.sqrt(1 - p["rho"] ** 2)
        self.income = np.linspace(-half_width, half_width, grid.income_points)
        most = grid.assets_most * typical_assets(p)
        self.carried = most * np.linspace(0, 1, grid.assets_points) ** CURVATURE
        self.resources = (1 + p["r"]) * self.carried[:, None] + np.exp(self.income)
        self.log_resources = np.log(self.resources)
        self.discount, self.gamma = p["beta"] * (1 + p["r"]), p["gamma"]
        distance = (self.income - p["rho"] * self.income[:, None]) / p["sigma"]
        density = np.exp(-(distance**2) / 2)
        self.weights = density / density.sum(axis=1, keepdims=True)

    def consumed(self, tomorrow: Array) -> Array:
        """Consumption of whoever carries over each of `carried`, by the Euler equation."""
        marginal = tomorrow**-self.gamma @ self.weights.T
        return (self.discount * marginal) ** (-1 / self.gamma)

    def on_grid(self, consumed: Array) -> Array:
        """Consumption of whoever owns each of `carried` at the start of the period.

        Between grid points it is a straight line in logs, which is what it looks like.
        """
        points = np.log(consumed + self.carried[:, None])
        columns = zip(self.log_resources.T, points.T, np.log(consumed).T, strict=True)
        return np.exp(np.stack([_interpolate(*column) for column in columns], axis=1))


def _interpolate(resources: Array, points: Array, consumed: Array) -> Array:
    """Consumption at `resources` from `consumed` at `points`, all in logs: all below them, and above them a
    straight line.
    """
    slope = (consumed[-1] - consumed[-2]) / (points[-1] - points[-2])
    beyond = consumed[-1] + slope * (resources - points[-1])
    inside = np.interp(resources, points, consumed)
    return np.where(resources < points[0], resources, np.where(resources > points[-1], beyond, inside))
