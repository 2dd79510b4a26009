"""Deterministic growth at one calibration, by time iteration on endogenous grid points.

    C + K' = K^alpha + (1 - delta) K = M
    C^-gamma = beta C'^-gamma (alpha K'^(alpha-1) + 1 - delta)

Carroll (2006), Economics Letters 91. On a grid of K' the Euler equation gives C, the budget M = C + K', and a
cubic spline of log C in log M carries it back to the grid of K. At the steady state the policy has the
slope of the saddle path, which is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import NoConvergence, newton_krylov

from surrogate.errors import BadData, SurrogateError

Array = NDArray[np.float64]
POINTS = 161
WIDTH = 1.2
"""Half-width of the grid in log(capital / steady state), wider than where the solution is wanted."""
TOLERANCE = 1e-10
"""What one more iteration may change in log consumption."""


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
    p = parameters
    capital = (p["alpha"] / (1 / p["beta"] - 1 + p["delta"])) ** (1 / (1 - p["alpha"]))
    return capital, capital ** p["alpha"] - p["delta"] * capital


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
    log_capital = np.log(rest) + np.linspace(-WIDTH, WIDTH, POINTS)
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
            found = newton_krylov(lambda c: iterate(c) - c, guess, f_tol=TOLERANCE, maxiter=50)
    except (NoConvergence, ValueError) as error:  # a spline refuses what is no number
        raise SurrogateError(
            f"no consumption function was found at {dict(parameters)}: are these values sensible?"
        ) from error
    return RamseySolution(log_capital, np.asarray(found))
