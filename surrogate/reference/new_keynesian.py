"""New Keynesian economies at one calibration: a closed form, and time iteration with the zero lower bound.

The three linear equations of Kase, Melosi and Rottner (2025), appendix B. Both controls are proportional to
the natural rate R*, by undetermined coefficients:

    X = (1 - beta rho_a) / D R*,   Pi = kappa / D R*
    D = (sigma (1 - rho_a) + theta_y)(1 - beta rho_a) + kappa (theta_pi - rho_a)

The model with the bound, appendix C there:

    1 = beta R E[ exp(zeta' - zeta) (Y/Y')^sigma / Pi' ]
    phi (Pi/Pibar - 1) Pi/Pibar = 1 - eps + eps chi Y^(eta+sigma)
                                  + phi E[ (Pi'/R) (Pi'/Pibar - 1) (Pi'/Pibar) Y'/Y ]
    R = max[ 1, R_ss (Pi/Pibar)^theta_pi (Y/Y_ss)^theta_y ]

Coleman (1991), Econometrica 59; Richter, Throckmorton and Walker (2014), Computational Economics 44. One
iteration takes the policy that is expected tomorrow and returns today's. The bound is exact: both regimes
are solved at every point, and the kink sits where the rule asks for R = 1. Only what is expected, which
shocks make smooth, is kept on a grid. Written apart from the code that trains networks, so that the two can
disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from ..errors import BadData, NoEquilibrium

Array = NDArray[np.float64]
NK_ZLB_PARAMETERS = ("theta_pi", "theta_y", "phi", "rho_zeta", "sigma_zeta")
BETA, SIGMA, ETA, EPSILON, CHI, LOG_TARGET = 0.9975, 1.0, 1.0, 11.0, 0.91, 0.02 / 4
LOG_STEADY_OUTPUT = np.log((EPSILON - 1) / (EPSILON * CHI)) / (ETA + SIGMA)
LOG_STEADY_RATE = LOG_TARGET - np.log(BETA)

ITERATIONS = 20_000
NEWTON_STEPS = 50
NEWTON_TOLERANCE = 1e-9
"""Of a step, after which the error is its square."""
LONGEST_STEP = 0.05
"""Of Newton's method, in log inflation: far from the solution a longer one could leave the economy."""
SIDE_BY_SIDE = 100
"""Parameter vectors of which time iteration asks whether there is an equilibrium at the same time."""


@dataclass(frozen=True)
class NkLinearSolution:
    """The two slopes at one calibration; exact everywhere."""

    output_gap: float
    inflation: float

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Output gap (log) and inflation (quarterly) at `natural_rate` of any shape, all in deviations."""
        natural_rate = np.asarray(states["natural_rate"], float)
        return {"output_gap": self.output_gap * natural_rate, "inflation": self.inflation * natural_rate}


def solve_nk_linear(parameters: Mapping[str, float]) -> NkLinearSolution:
    """The slopes at `parameters`; sigma_a does not matter for them."""
    p = parameters
    kappa = (1 - p["phi"]) * (1 - p["phi"] * p["beta"]) * (p["sigma"] + p["eta"]) / p["phi"]
    left = 1 - p["beta"] * p["rho_a"]
    demand = p["sigma"] * (1 - p["rho_a"]) + p["theta_y"]
    scale = demand * left + kappa * (p["theta_pi"] - p["rho_a"])
    return NkLinearSolution(left / scale, kappa / scale)


@dataclass(frozen=True)
class PreferenceGrid:
    """Where the expectations are kept: evenly spaced values of the preference state."""

    points: int = 401
    width: float = 6.0
    """Half-width in standard deviations of the state; beyond it, nothing is expected to happen."""


COARSE, COARSE_TOLERANCE = PreferenceGrid(points=81), 1e-7


@dataclass(frozen=True)
class Regime:
    """Log output, log inflation over target and the log interest rate, each [...]."""

    output: Array
    inflation: Array
    rate: Array
    unbound: Array
    """Log inflation over target if there were no bound today: where Newton's method starts next time."""

    def of(self, rows: NDArray[np.bool_]) -> Regime:
        """Some of the rows."""
        return Regime(self.output[rows], self.inflation[rows], self.rate[rows], self.unbound[rows])


@dataclass(frozen=True)
class NkZlbSolution:
    """What is expected on a grid of the preference state; from it follows the rest, exactly.

    preference, log_bond, price: [n]; the logs of E[exp(zeta' - zeta) Y'^-sigma / Pi'] and E[Pi' (Pi'/Pibar -
    1) (Pi'/Pibar) Y'] themselves.
    """

    parameters: Mapping[str, float]
    preference: Array
    log_bond: Array
    price: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Labor and gross quarterly inflation at values of `preference` of any shape.

        Raises
        ------
        BadData : a state outside the grid.
        """
        today = self._today(np.asarray(states["preference"], dtype=float))
        return {"labor": np.exp(today.output), "inflation": np.exp(today.inflation + LOG_TARGET)}

    def interest_rate(self, states: Mapping[str, ArrayLike]) -> Array:
        """Gross quarterly interest rate at values of `preference` of any shape, at least one."""
        return np.exp(self._today(np.asarray(states["preference"], dtype=float)).rate)

    def _today(self, preference: Array) -> Regime:
        low, high = self.preference[[0, -1]]
        if preference.size and not (preference.min() >= low and preference.max() <= high):
            raise BadData(
                f"preference from {preference.min():g} to {preference.max():g} leaves the grid from {low:g} "
                f"to {high:g}: solve on a wider grid."
            )
        log_bond, price = self._splines
        return today(log_bond(preference), price(preference), self.parameters, np.zeros_like(preference))

    @cached_property
    def _splines(self) -> tuple[CubicSpline, CubicSpline]:
        return CubicSpline(self.preference, self.log_bond), CubicSpline(self.preference, self.price)


def solve_nk_zlb(
    parameters: Mapping[str, float],
    grid: PreferenceGrid | None = None,
    tolerance: float = 1e-10,
    iterations: int = ITERATIONS,
) -> NkZlbSolution:
    """Solve the model at `parameters` (theta_pi, theta_y, phi, rho_zeta, sigma_zeta).

    The iteration starts from an economy that always rests in its steady state and ends when a further one
    changes log output and log inflation by less than `tolerance`. Takes about a tenth of a second; more close
    to where the equilibrium ceases to exist.

    Raises
    ------
    NoEquilibrium : the iteration runs away, or has not settled after so many `iterations`.
    """
    grid = grid or PreferenceGrid()
    p = {name: float(parameters[name]) for name in NK_ZLB_PARAMETERS}
    preference = _grid(p, grid)
    weights, then = transition_weights(preference, p), _at_rest(preference)
    for _ in range(iterations):
        log_bond, price = _expected(preference, then, weights)
        with np.errstate(all="ignore"):  # a run that goes astray is told from what it returns
            now = today(log_bond, price, p, then.unbound)
        change = _change(now, then)
        if change < tolerance:
            return NkZlbSolution(p, preference, log_bond, price)
        if not np.isfinite(change):
            raise NoEquilibrium(_told(p, "runs away: deflation at the bound feeds on itself"))
        then = now
    raise NoEquilibrium(_told(p, f"still moves by {change:.1e} after {iterations} rounds"))


def equilibrium_exists(parameters: Mapping[str, ArrayLike]) -> NDArray[np.bool_]:
    """Whether time iteration, on a coarse grid, finds an equilibrium at each of `parameters` [n]: bool [n].

    All of them are solved side by side, ten times as fast as one after the other.
    """
    columns = np.broadcast_arrays(*(np.atleast_1d(parameters[name]) for name in NK_ZLB_PARAMETERS))
    theta = np.stack(columns).astype(float)
    blocks = np.array_split(np.arange(theta.shape[1]), -(-theta.shape[1] // SIDE_BY_SIDE))
    return np.concatenate([_settles(theta[:, block]) for block in blocks])


def transition_weights(preference: Array, p: Mapping[str, Any]) -> Array:
    """Weights [..., n, n] of tomorrow's state (columns) given today's (rows); the grids [..., n] are even.

    The trapezoidal rule: for the normal density its error is that of rounding, and where the policy has a
    kink, second order in the step.
    """
    today, tomorrow = preference[..., :, None], preference[..., None, :]
    rho, sigma = (np.asarray(p[name])[..., None] for name in ("rho_zeta", "sigma_zeta"))
    density = np.exp(-(((tomorrow - rho * today) / sigma) ** 2) / 2)
    return density / density.sum(axis=-1, keepdims=True)


def today(log_bond: Array, price: Array, p: Mapping[str, Any], guess: Array) -> Regime:
    """Today's economy given what it expects; `guess` is of log inflation over target off the bound."""
    free, bound = _free(log_bond, price, p, guess), _bound(log_bond, price, p)
    binds = free.rate < 0
    return Regime(
        np.where(binds, bound.output, free.output),
        np.where(binds, bound.inflation, free.inflation),
        np.where(binds, 0.0, free.rate),
        free.inflation,
    )


def _settles(theta: Array) -> NDArray[np.bool_]:
    """Whether time iteration settles at each column of theta [5, n]."""
    p = {name: row[:, None] for name, row in zip(NK_ZLB_PARAMETERS, theta, strict=True)}
    preference = _grid(p, COARSE)
    weights, then = transition_weights(preference, p), _at_rest(preference)
    settled, going = np.zeros(theta.shape[1], dtype=bool), np.arange(theta.shape[1])
    for _ in range(ITERATIONS):
        log_bond, price = _expected(preference, then, weights)
        with np.errstate(all="ignore"):
            now = today(log_bond, price, p, then.unbound)
        change = _change(now, then)
        settled[going[change < COARSE_TOLERANCE]] = True
        keep = change >= COARSE_TOLERANCE  # neither settled nor gone astray, which is no number
        going, preference, weights = going[keep], preference[keep], weights[keep]
        p, then = {name: row[keep] for name, row in p.items()}, now.of(keep)
        if not len(going):
            break
    return settled


def _grid(p: Mapping[str, Any], grid: PreferenceGrid) -> Array:
    """Values of the preference state, [n] or, for parameters [w, 1], [w, n]."""
    reach = grid.width * p["sigma_zeta"] / np.sqrt(1 - p["rho_zeta"] ** 2)
    return reach * np.linspace(-1, 1, grid.points)


def _at_rest(preference: Array) -> Regime:
    zero = np.zeros_like(preference)
    return Regime(zero + LOG_STEADY_OUTPUT, zero, zero + LOG_STEADY_RATE, zero)


def _change(now: Regime, then: Regime) -> Array:
    """Largest change of log output and log inflation over the grid."""
    output, inflation = np.abs(now.output - then.output), np.abs(now.inflation - then.inflation)
    return np.maximum(output, inflation).max(axis=-1)


def _expected(preference: Array, tomorrow: Regime, weights: Array) -> tuple[Array, Array]:
    gross = np.exp(tomorrow.inflation)
    bond = np.exp(preference - SIGMA * tomorrow.output - LOG_TARGET) / gross
    price = np.exp(LOG_TARGET + tomorrow.output) * gross**2 * (gross - 1)
    expected = weights @ np.stack([bond, price], axis=-1)
    return np.log(expected[..., 0]) - preference, expected[..., 1]


def _bound(log_bond: Array, price: Array, p: Mapping[str, Any]) -> Regime:
    """R = 1: the Euler equation gives output, the Phillips curve is a quadratic in inflation."""
    output = -(np.log(BETA) + log_bond) / SIGMA
    marginal_cost = EPSILON * CHI * np.exp((ETA + SIGMA) * output)
    cost = (1 - EPSILON + marginal_cost) / p["phi"] + price * np.exp(-output)
    inflation = np.log((1 + np.sqrt(1 + 4 * cost)) / 2)
    return Regime(output, inflation, np.zeros_like(output), inflation)


def _free(log_bond: Array, price: Array, p: Mapping[str, Any], guess: Array) -> Regime:
    """R as the rule asks: in logs the Euler equation is linear, so Newton's method finds one unknown."""
    output_slope = -p["theta_pi"] / (SIGMA + p["theta_y"])
    rate_slope = p["theta_pi"] + p["theta_y"] * output_slope
    intercept = (p["theta_y"] * LOG_STEADY_OUTPUT - LOG_TARGET - log_bond) / (SIGMA + p["theta_y"])
    at_target = LOG_STEADY_RATE + p["theta_y"] * (intercept - LOG_STEADY_OUTPUT)
    inflation = guess
    for _ in range(NEWTON_STEPS):
        output = intercept + output_slope * inflation
        rate = at_target + rate_slope * inflation
        marginal_cost = EPSILON * CHI * np.exp((ETA + SIGMA) * output)
        future, gross = p["phi"] * price * np.exp(-rate - output), np.exp(inflation)
        value = p["phi"] * (gross - 1) * gross - (1 - EPSILON) - marginal_cost - future
        slope = p["phi"] * (2 * gross - 1) * gross - marginal_cost * (ETA + SIGMA) * output_slope
        step = value / (slope + future * (rate_slope + output_slope))
        inflation = inflation - np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        if not np.abs(step).max() > NEWTON_TOLERANCE:
            break
    output = intercept + output_slope * inflation
    return Regime(output, inflation, at_target + rate_slope * inflation, inflation)


def _told(p: Mapping[str, float], what: str) -> str:
    where = ", ".join(f"{name} = {value:g}" for name, value in p.items())
    return (
        f"time iteration {what}, so there seems to be no equilibrium at {where}: try smaller, less "
        "persistent shocks"
    )
