"""Krusell and Smith's economy at one calibration: the law of capital that makes itself true.

Households believe in log K' = a_z + b_z log K. Their policy, pushed through time under given shocks, makes a
path of capital, to which the law is fitted. The believed law is moved towards the fitted one until the two
agree (Krusell and Smith 1998, Journal of Political Economy 106; Den Haan 2010, Journal of Economic Dynamics
and Control 34).

The law is moved by `DAMPING` of the difference. Where everybody believes that capital will be a per cent
higher, they save so much less that it becomes two per cent lower: the map from the believed to the fitted
mean has a slope of about -2. A step of .6 already ends in a two-cycle, in which the mean of K alternates
between 38.2 and 40.8, three per cent on either side of the solution, with R2 above .9999 all the time.

Every round starts from the histogram with which the one before has ended, because the shape of wealth moves
over thousands of quarters: what is left of any first guess is gone by the last round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadConfiguration, BadData, NoEquilibrium
from .krusell_smith_economy import PARAMETER_NAMES, Chain, Economy
from .krusell_smith_household import CapitalGrid, EulerStep, Household
from .krusell_smith_law import ForecastErrors, Law, fit_law, forecast_errors
from .krusell_smith_simulation import Path, Simulator
from .lottery import WealthGrid

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
PERIODS, DROPPED, SEED = 11_000, 1_000, 3
DAMPING = 0.32
ROUNDS = 100
EULER_STEPS = 20_000
POLICY_SHARE = 0.01
"""A policy is found up to this share of the law's last change: no better than the law deserves."""
GUESSED_SLOPE = 0.96


@dataclass(frozen=True)
class Grid:
    """Nodes of the household's policy and of the histogram; wealth in units of K_ss."""

    wealth_points: int = 1_000
    wealth_power: float = 3.5
    wealth_most: float = 14.0
    """Of both; households who would own more make the solution fail."""
    capital_points: int = 12
    capital_reach: float = 0.45
    """Half-width in log K, around log K_ss."""
    histogram_points: int = 150
    histogram_power: float = 2.8

    def wealth(self, unit: float) -> WealthGrid:
        """Where the policy is kept."""
        return WealthGrid(self.wealth_points, self.wealth_most * unit, self.wealth_power)

    def histogram(self, unit: float) -> WealthGrid:
        """Where the masses are."""
        return WealthGrid(self.histogram_points, self.wealth_most * unit, self.histogram_power)

    def capital(self, unit: float) -> CapitalGrid:
        """Where the policy and the moves of the histogram are kept."""
        return CapitalGrid(float(np.log(unit)), self.capital_points, self.capital_reach)


@dataclass(frozen=True)
class KrusellSmithSolution:
    """The law, the household who believes in it, and the economy that it makes.

    r_squared: of the law in bad and good times.
    path: the simulation that the law is fitted to, without the periods dropped.
    """

    household: Household
    law: Law
    r_squared: tuple[float, float]
    path: Path
    simulator: Simulator

    @cached_property
    def forecast_errors(self) -> ForecastErrors:
        """Den Haan's dynamic forecast errors along the path.

        They say how far from log-linear the true law is, as much as how good this solution is.
        """
        return forecast_errors(self.law, self.path.state, self.path.capital)

    @cached_property
    def moments(self) -> dict[str, float]:
        """Mean of K, mean and standard deviation of log K, and mean Gini coefficient along the path."""
        log_capital = np.log(self.path.capital)
        return {
            "mean_capital": float(self.path.capital.mean()),
            "mean_log_capital": float(log_capital.mean()),
            "sd_log_capital": float(log_capital.std()),
            "gini": float(self.path.gini.mean()),
        }

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption at `wealth`, `employed` (0, 1), `good` (z: 0, 1) and `capital` of any common shape.

        Raises
        ------
        BadData : a state outside the grid, or e or z that is neither 0 nor 1.
        """
        names = ("wealth", "employed", "good", "capital")
        wealth, employed, good, capital = np.broadcast_arrays(*(np.asarray(states[n], float) for n in names))
        for name, values, (low, high) in zip(
            names, (wealth, employed, good, capital), self._ends, strict=True
        ):
            if values.size and not (values.min() >= low and values.max() <= high):
                raise BadData(
                    f"{name} from {values.min():g} to {values.max():g} leaves the range from {low:g} to "
                    f"{high:g}: solve on a wider grid, or ask within."
                )
        if np.any(employed % 1) or np.any(good % 1):
            raise BadData("employed and good are 0 or 1.")
        consumption = self.household.consumption_at(
            wealth.ravel(), employed.ravel().astype(int), good.ravel().astype(int), np.log(capital.ravel())
        )
        return {"consumption": consumption.reshape(wealth.shape)}

    @property
    def _ends(self) -> list[tuple[float, float]]:
        capital = np.exp(self.household.capital.nodes[[0, -1]]) * np.array([1 - 1e-12, 1 + 1e-12])
        return [
            (0.0, self.household.wealth.most),
            (0.0, 1.0),
            (0.0, 1.0),
            (float(capital[0]), float(capital[1])),
        ]

    def simulate(self, shocks: ArrayLike, start: Array | None = None, before: int = 1) -> Path:
        """The economy under standard normal `shocks` [T]: z switches where one is below Phi^-1(.125).

        A period takes about 25 microseconds and, in memory, two numbers for each node of the histogram.

        Parameters
        ----------
        start : masses [2, n] of the unemployed and the employed in the first period, scaled to their numbers
            in that period's state; by default those with which `path` ends.
        before : state of the period before the first.

        Raises
        ------
        BadData : shocks or masses that cannot be used.
        NoEquilibrium : the economy leaves the grids.
        """
        state = self.household.economy.chain.states(shocks, before)
        path = self.simulator.run(state, self.path.histogram[-1] if start is None else start)
        path.refuse_wealth_beyond_the_grid()
        return path


def solve_krusell_smith(
    parameters: Mapping[str, float],
    grid: Grid | None = None,
    shocks: ArrayLike | None = None,
    dropped: int = DROPPED,
    tolerance: float = 1e-6,
    rounds: int = ROUNDS,
    chain: Chain | None = None,
    damping: float = DAMPING,
) -> KrusellSmithSolution:
    """Solve the economy at `parameters` (beta, gamma, alpha, delta, mu, dz); takes about four seconds.

    Parameters
    ----------
    shocks : standard normal draws [T] of the aggregate state, by default 11,000 of them from a fixed seed.
        Other draws give other coefficients: `tests/surrogate/reference/test_krusell_smith.py` measures it.
    dropped : periods at the beginning to which the law is not fitted.
    tolerance : the law has settled when log K' by the believed and by the fitted law differ by less, up to
        two standard deviations from the mean of log K.
    damping : share of the way to the fitted law, per round.

    Raises
    ------
    UnknownName, BadData : parameters or shocks that cannot be used.
    BadConfiguration : settings that make no sense.
    NoEquilibrium : the law has not settled after so many `rounds`, or the economy leaves the grids.
    """
    if not 0 < damping <= 1 or not tolerance > 0 or dropped < 0:
        raise BadConfiguration(
            f"damping {damping:g}, tolerance {tolerance:g}, {dropped} periods dropped: give a share up to "
            "one, a positive number, and none or more."
        )
    economy = Economy(
        {name: float(parameters[name]) for name in PARAMETER_NAMES if name in parameters}, chain or Chain()
    )
    draws = np.random.default_rng(SEED).standard_normal(PERIODS) if shocks is None else shocks
    return _Iteration(economy, grid or Grid(), economy.chain.states(draws), dropped).settle(
        tolerance, rounds, damping
    )


class _Iteration:
    """Rounds on the law, each of which begins with the policy and the histogram of the one before."""

    def __init__(self, economy: Economy, grid: Grid, state: Integers, dropped: int) -> None:
        unit = economy.steady_capital
        self.economy, self.state, self.dropped = economy, state, dropped
        self.wealth, self.histogram = grid.wealth(unit), grid.histogram(unit)
        self.capital = grid.capital(unit)
        self.consumed = self._guess(unit)
        self.masses: Array | None = None

    def settle(self, tolerance: float, rounds: int, damping: float) -> KrusellSmithSolution:
        """The solution, once the fitted law is the believed one."""
        intercept = (1 - GUESSED_SLOPE) * self.capital.centre
        law = Law((intercept, intercept), (GUESSED_SLOPE, GUESSED_SLOPE))
        change = 0.01
        for _ in range(rounds):
            household = self._household(law, POLICY_SHARE * change)
            simulator = Simulator(household, self.histogram)
            path = simulator.run(self.state, simulator.start() if self.masses is None else self.masses)
            self.masses = path.histogram[-1]
            path = path.after(self.dropped)
            fit = fit_law(path.state, path.capital)
            change = law.difference(fit.law, _around(np.log(path.capital)))
            if change < tolerance:
                path.refuse_wealth_beyond_the_grid()
                return KrusellSmithSolution(household, law, fit.r_squared, path, simulator)
            law = law.towards(fit.law, damping)
        raise NoEquilibrium(
            f"the law of capital still moves by {change:.1e} after {rounds} rounds at "
            f"{dict(self.economy.parameters)}: allow for more rounds, or move it by less (damping)."
        )

    def _household(self, law: Law, tolerance: float) -> Household:
        """The policy under a law, up to a relative change of `tolerance` in one more step."""
        step = EulerStep(self.economy, self.wealth, self.capital, law)
        for _ in range(EULER_STEPS):
            then, self.consumed = self.consumed, step(self.consumed)
            change = np.abs(self.consumed / then - 1).max()
            if change < max(tolerance, 1e-10):
                return Household(self.economy, self.wealth, self.capital, self.consumed)
            if not np.isfinite(change):
                break
        raise NoEquilibrium(
            f"the household's policy has not settled under {law} at {dict(self.economy.parameters)}: it "
            f"still moves by {change:.1e}."
        )

    def _guess(self, unit: float) -> Array:
        """Consumption that keeps wealth constant at the prices of K_ss, [z, K, e, k']."""
        state = np.arange(2)
        income = self.economy.incomes(state, self.economy.prices(state, np.full(2, unit))[1])
        interest = (1 / self.economy.parameters["beta"] - 1) * self.wealth.nodes
        consumed = income[:, None, :, None] + interest
        return np.repeat(consumed, self.capital.points, axis=1)


def _around(log_capital: Array) -> Array:
    """Two standard deviations below the mean, the mean, and two above."""
    return log_capital.mean() + log_capital.std() * np.array([-2.0, 0.0, 2.0])
