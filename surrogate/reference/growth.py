"""Growth at one calibration: a closed form, and endogenous grid points without shocks and with them.

Brock and Mirman (1972), Journal of Economic Theory 4: with log utility and full depreciation saving is the
share alpha beta of output, whatever the shocks,

    C = (1 - alpha beta) e^z K^alpha

Else, with z = 0 in the deterministic economy,

    C + K' = e^z K^alpha + (1 - delta) K = M,    z' = rho z + sigma e'
    C^-gamma = beta E[ C'^-gamma (alpha e^z' K'^(alpha-1) + 1 - delta) ]

Carroll (2006), "The method of endogenous gridpoints for solving dynamic stochastic optimization problems",
Economics Letters 91; Barillas and Fernandez-Villaverde (2007), Journal of Economic Dynamics and Control 31.
One iteration takes the consumption function that is expected tomorrow and returns today's. On a grid of K'
the Euler equation gives C, the budget M = C + K', and a cubic spline of log C in log M carries it back to
the grid of K. At the steady state of the deterministic economy the policy has the slope of the saddle path,
which is known. Written apart from the code that trains networks, so that the two can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, RectBivariateSpline
from scipy.optimize import NoConvergence, newton_krylov

from ..errors import BadData, SurrogateError

Array = NDArray[np.float64]
RAMSEY_POINTS = 161
RAMSEY_WIDTH = 1.2
"""Half-width of the grid in log(capital / steady state), wider than where the solution is wanted."""
RAMSEY_TOLERANCE = 1e-10
"""What one more iteration may change in log consumption."""

RBC_PARAMETERS = ("alpha", "beta", "delta", "gamma", "rho", "sigma")


@dataclass(frozen=True)
class BrockMirmanSolution:
    """The consumption function at one calibration; exact everywhere."""

    alpha: float
    beta: float

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption in goods at `capital` and `productivity` of any common shape."""
        capital, z = np.asarray(states["capital"], float), np.asarray(states["productivity"], float)
        return {"consumption": (1 - self.alpha * self.beta) * np.exp(z) * capital**self.alpha}


def solve_brock_mirman(parameters: Mapping[str, float]) -> BrockMirmanSolution:
    """The closed form at `parameters`, of which only alpha and beta matter for the policy."""
    return BrockMirmanSolution(parameters["alpha"], parameters["beta"])


@dataclass(frozen=True)
class RamseySolution:
    """log_consumption [n] on the grid log_capital [n], and in between by a cubic spline."""

    log_capital: Array
    log_consumption: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption in goods at `capital` of any shape.

        Raises
        ------
        BadData : capital outside the grid.
        """
        x, (low, high) = np.log(np.asarray(states["capital"], float)), self.log_capital[[0, -1]]
        if x.size and not (x.min() >= low and x.max() <= high):
            raise BadData(
                f"log capital from {x.min():g} to {x.max():g} leaves the grid from {low:g} to {high:g}."
            )
        return {"consumption": np.exp(self._spline(x))}

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.log_capital, self.log_consumption)


def steady_state(parameters: Mapping[str, float]) -> tuple[float, float]:
    """Capital and consumption at rest, in goods."""
    capital = steady_capital(parameters)
    return capital, capital ** parameters["alpha"] - parameters["delta"] * capital


def saddle_path_slope(parameters: Mapping[str, float]) -> float:
    """dC/dK at the steady state.

    In deviations K' = K / beta - C and C' - C = a K' with a = beta C* f''(K*) / gamma < 0; along the path
    of the smaller eigenvalue v, C = (1 / beta - v) K.
    """
    p, (capital, consumption) = parameters, steady_state(parameters)
    curvature = p["alpha"] * (p["alpha"] - 1) * capital ** (p["alpha"] - 2)
    trace = 1 / p["beta"] + 1 - p["beta"] * consumption * curvature / p["gamma"]
    return 1 / p["beta"] - (trace - np.sqrt(trace**2 - 4 / p["beta"])) / 2


def solve_ramsey(parameters: Mapping[str, float]) -> RamseySolution:
    """Solve the model at `parameters` (alpha, beta, delta, gamma), in a fraction of a second.

    Raises
    ------
    SurrogateError : no fixed point was found.
    """
    alpha, beta, delta, gamma = (float(parameters[name]) for name in ("alpha", "beta", "delta", "gamma"))
    rest, consumption = steady_state(parameters)
    log_capital = np.log(rest) + np.linspace(-RAMSEY_WIDTH, RAMSEY_WIDTH, RAMSEY_POINTS)
    capital = np.exp(log_capital)
    log_resources = np.log(capital**alpha + (1 - delta) * capital)
    log_return = np.log(beta * (alpha * capital ** (alpha - 1) + 1 - delta))

    def iterate(log_next: Array) -> Array:
        """Today's log consumption on the grid from tomorrow's."""
        log_today = log_next - log_return / gamma
        return CubicSpline(np.log(np.exp(log_today) + capital), log_today)(log_resources)

    slope = saddle_path_slope(parameters) * rest / consumption
    guess = np.log(consumption) + slope * (log_capital - np.log(rest))
    try:
        with np.errstate(invalid="ignore"):  # a guess that solves the model, as with full depreciation: 0 / 0
            found = newton_krylov(lambda c: iterate(c) - c, guess, f_tol=RAMSEY_TOLERANCE, maxiter=50)
    except (NoConvergence, ValueError) as error:  # a spline refuses what is no number
        raise SurrogateError(
            f"no consumption function was found at {dict(parameters)}: are these values sensible?"
        ) from error
    return RamseySolution(log_capital, np.asarray(found))


@dataclass(frozen=True)
class RbcGrid:
    """Where the consumption function is kept: cubic splines over log capital and productivity.

    Both grids are wider than where the solution is wanted, because an edge is only as good as what is
    assumed beyond it.
    """

    capital_points: int = 61
    productivity_points: int = 17
    shock_points: int = 9
    """Gauss–Hermite nodes for tomorrow's productivity."""
    capital_width: float = 1.2
    """Half-width in log(capital / steady state)."""
    productivity_width: float = 4.5
    """Half-width in standard deviations of productivity."""


@dataclass(frozen=True)
class RbcSolution:
    """Consumption on a grid, and in between by cubic splines.

    log_capital [n_k], productivity [n_z], log_consumption [n_k, n_z]; capital in goods, productivity in logs.
    """

    log_capital: Array
    productivity: Array
    log_consumption: Array

    def consumption(self, capital: ArrayLike, productivity: ArrayLike) -> Array:
        """Consumption in goods at states of any common shape.

        Raises
        ------
        BadData : a state outside the grid.
        """
        log_capital, z = np.broadcast_arrays(np.log(np.asarray(capital, float)), productivity)
        _require_on(self.log_capital, log_capital, "log capital")
        _require_on(self.productivity, z, "productivity")
        return np.exp(self._spline.ev(log_capital, z))

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption at `capital` and `productivity`, by name; raises BadData outside the grid."""
        return {"consumption": self.consumption(states["capital"], states["productivity"])}

    @cached_property
    def _spline(self) -> RectBivariateSpline:
        return RectBivariateSpline(self.log_capital, self.productivity, self.log_consumption)


def steady_capital(parameters: Mapping[str, float]) -> float:
    """Capital without shocks, in goods."""
    p = parameters
    return (p["alpha"] / (1 / p["beta"] - 1 + p["delta"])) ** (1 / (1 - p["alpha"]))


def solve_rbc(
    parameters: Mapping[str, float], grid: RbcGrid | None = None, tolerance: float = 1e-9
) -> RbcSolution:
    """Solve the model at `parameters` (alpha, beta, delta, gamma, rho, sigma).

    The fixed point of the iteration is found by Newton's method with Krylov steps, which takes a half to a
    third of the iterations of simple repetition; `tolerance` bounds what one more iteration changes in log
    consumption. Takes about a second.

    Raises
    ------
    SurrogateError : no fixed point was found.
    """
    iteration = _RbcIteration(parameters, grid or RbcGrid())
    guess = np.log(iteration.resources) + np.log1p(-iteration.steady_saving_rate)
    try:
        with np.errstate(invalid="ignore"):  # a guess that solves the model, as with full depreciation: 0 / 0
            found = newton_krylov(lambda c: iteration(c) - c, guess, f_tol=tolerance, maxiter=50)
    except (NoConvergence, ValueError) as error:  # a spline refuses what is no number
        raise SurrogateError(
            f"time iteration found no consumption function at {dict(parameters)}: are these values sensible?"
        ) from error
    return RbcSolution(iteration.log_capital, iteration.productivity, np.asarray(found))


class _RbcIteration:
    """Today's log consumption [n_k, n_z] on the grid from tomorrow's."""

    def __init__(self, parameters: Mapping[str, float], grid: RbcGrid) -> None:
        alpha, beta, delta, self.gamma, rho, sigma = (float(parameters[name]) for name in RBC_PARAMETERS)
        steady = steady_capital(parameters)
        half, edge = grid.capital_width, grid.productivity_width * sigma / np.sqrt(1 - rho**2)
        self.log_capital = np.log(steady) + np.linspace(-half, half, grid.capital_points)
        self.productivity = np.linspace(-edge, edge, grid.productivity_points)
        self.capital = np.exp(self.log_capital)[:, None]
        output = np.exp(self.productivity) * self.capital**alpha
        self.resources = output + (1 - delta) * self.capital
        self.steady_saving_rate = steady / (steady**alpha + (1 - delta) * steady)
        shocks, weights = hermegauss(grid.shock_points)
        tomorrow = rho * self.productivity[:, None] + sigma * shocks
        self.to_tomorrow = CubicSpline(self.productivity, np.eye(len(self.productivity)))(tomorrow.ravel()).T
        marginal_product = alpha * np.exp(tomorrow) * self.capital[:, :, None] ** (alpha - 1)
        self.weighted_return = beta * (marginal_product + 1 - delta) * weights / weights.sum()

    def __call__(self, log_consumption: Array) -> Array:
        log_next = (log_consumption @ self.to_tomorrow).reshape(self.weighted_return.shape)
        marginal_value = (np.exp(-self.gamma * log_next) * self.weighted_return).sum(-1)
        log_today = -np.log(marginal_value) / self.gamma
        log_resources = np.log(np.exp(log_today) + self.capital)  # today's, that lead to each K'
        wanted = np.log(self.resources)
        columns = zip(log_resources.T, log_today.T, wanted.T, strict=True)
        return np.stack([CubicSpline(x, y)(at) for x, y, at in columns], axis=1)


def _require_on(grid: Array, values: Array, name: str) -> None:
    slack = 1e-9
    if values.size and not (values.min() >= grid[0] - slack and values.max() <= grid[-1] + slack):
        raise BadData(
            f"{name} from {values.min():g} to {values.max():g} leaves the grid from {grid[0]:g} to "
            f"{grid[-1]:g}: solve on a wider grid."
        )
