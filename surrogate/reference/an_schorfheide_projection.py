"""The nonlinear economy of An and Schorfheide (2007) at one calibration, by collocation.

The equations hold exactly at the nodes of a grid. The policy (X, P) = (log c / c_ss, log pi / pibar) is a
tensor product of Chebyshev polynomials in the impulse u = rho_r r_-1 + eps_r, log g and z. The lower bound
leaves it smooth: what the polynomials describe is the policy of a quarter in which the rate follows the rule
even below the bound. u matters for nothing but that rate, so where the bound binds the policy is the one at
the kink, the impulse that puts the rate there.

Judd (1992), "Projection methods for solving aggregate growth models", Journal of Economic Theory 58. Newton's
method with exact derivatives starts from the linear solution. Where it does not arrive, the problem is made
easier, by smaller shocks or a lower bound, and solutions are followed from there; where that path ends, no
equilibrium was found. Written apart from the code that trains networks, so that the two can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_discrete_lyapunov

from ..errors import SurrogateError
from .an_schorfheide_equations import LOG_GBAR, Calibration, Expectation, Shocks, kink
from .an_schorfheide_linear import solve_policy
from .numerics import ChebyshevAxis, NoConvergence, follow, newton

Array = NDArray[np.float64]
BEYOND_KINK = 1.2
"""How much further than the kink of the linear economy the grid reaches."""
TOLERANCE = 1e-10
SHOCKS = ("sigma_r", "sigma_g", "sigma_z")


@dataclass(frozen=True)
class Grid:
    """Nodes of each state, and points at which tomorrow's shocks are integrated over."""

    impulse_points: int
    government_points: int
    growth_points: int
    shocks: Shocks
    width: float
    """Half-width of the impulse and log g in standard deviations, the impulse's in the linear economy."""
    growth_width: float
    """Half-width of z in ergodic standard deviations."""


class Collocation:
    """The equations at the nodes as one system in the values of the policy there.

    Values are X and P, [2, n_u, n_g, n_z], where the rate follows the rule even below `bound`, the lowest r.
    The policy below the kink is the one at the kink.
    """

    def __init__(self, parameters: Mapping[str, float], grid: Grid, bound: float | None = None) -> None:
        self.calibration, self.linear, self.bound = Calibration(parameters), LinearPolicy(parameters), bound
        self.axes = self.impulse, self.government, self.growth = self._axes(grid)
        self.shape = (2, *(axis.count for axis in self.axes))
        self.expectation = Expectation(self.calibration, self.axes, grid.shocks, bound)

    def _axes(self, grid: Grid) -> tuple[ChebyshevAxis, ChebyshevAxis, ChebyshevAxis]:
        """Of u, log g and z; with the bound, u reaches as far as the kink does where z is lowest."""
        c, width = self.calibration, grid.width
        growth = grid.growth_width * self.linear.sd_growth
        government = width * c.sigma_g / np.sqrt(1 - c.rho_g**2)
        upper = lower = width * self.linear.sd_impulse
        if self.bound is not None:
            by_impulse, by_growth = self.linear.rate_slopes
            upper = max(upper, BEYOND_KINK * (by_growth * growth - c.log_rate) / by_impulse)
        return (
            ChebyshevAxis(-lower, upper, grid.impulse_points),
            ChebyshevAxis(LOG_GBAR - government, LOG_GBAR + government, grid.government_points),
            ChebyshevAxis(-growth, growth, grid.growth_points),
        )

    def start(self) -> Array:
        """The linear policy at the nodes."""
        values = self.linear.values(self.impulse.nodes[:, None, None], self.growth.nodes)
        return np.broadcast_to(values, self.shape).copy()

    def system(self, unknowns: Array) -> tuple[Array, Array]:
        """Residuals [n] and Jacobian [n, n] at the values of the policy, flattened [n]."""
        values = unknowns.reshape(self.shape)
        with np.errstate(all="ignore"):  # where the economy is undefined, residuals are NaN
            impulse, log_government = self.impulse.nodes[:, None, None], self.government.nodes[:, None]
            rate, rate_slopes = self.calibration.rule(impulse, values, log_government)
            expected = self.expectation(values, rate)
            today = self.calibration.today(values, rate, log_government, expected.value)
            by_rate = today.by_rate + today.by_expectation * expected.by_rate
            own = today.by_policy + by_rate[:, None] * rate_slopes
            jacobian = today.by_expectation[..., None, None, None, None] * expected.by_values
        return today.value.ravel(), _with_own(jacobian, own)

    def policy(
        self, values: Array, impulse: Array, log_government: Array, growth: Array, bound: float | None
    ) -> Array:
        """X and P [2, ...] at states of one shape, in a quarter with this bound or without one."""
        along_impulse = np.einsum(
            "...g,...z,cugz->c...u",
            self.government.interpolation(log_government),
            self.growth.interpolation(growth),
            values,
            optimize=True,
        )
        if bound is not None:
            nodes = self.impulse.nodes
            rate, _ = self.calibration.rule(nodes, along_impulse, log_government[..., None])
            impulse = np.maximum(impulse, kink(self.impulse, rate, bound))
        return (along_impulse * self.impulse.interpolation(impulse)).sum(axis=-1)


class LinearPolicy:
    """The solution to first order: where Newton's method starts, and how wide the grid is.

    X and P are `slopes` [2, 2] on (u, z), the rate r is `rate_slopes` [2].
    """

    def __init__(self, parameters: Mapping[str, float]) -> None:
        calibration = Calibration(parameters)
        transition, policy = solve_policy(parameters)
        self.slopes, self.rate_slopes = policy[:, [3, 2]], transition[0, [3, 2]]
        shocks = np.diag([0.0, calibration.sigma_g, calibration.sigma_z, calibration.sigma_r]) ** 2
        sd = np.sqrt(np.diag(solve_discrete_lyapunov(transition, shocks)))
        self.sd_growth = sd[2]
        self.sd_impulse = np.hypot(calibration.rho_r * sd[0], calibration.sigma_r)

    def values(self, impulse: Array, growth: Array) -> Array:
        """X and P [2, ...]."""
        return np.tensordot(self.slopes, np.stack(np.broadcast_arrays(impulse, growth)), axes=1)


SMOOTH = (Grid(9, 4, 9, Shocks(9, 3, 9), width=4.5, growth_width=4.5),)


KINKED = (
    Grid(9, 3, 11, Shocks(14, 2, 9), width=5.0, growth_width=3.0),
    Grid(19, 3, 23, Shocks(20, 2, 25), width=5.0, growth_width=3.0),
)
"""Grids of the economies without and with the bound, each solved from the one before. With the bound, many
economies have an equilibrium only as long as growth stays within two or three standard deviations.
"""


@dataclass(frozen=True)
class AnSchorfheideSolution:
    """Consumption and inflation as functions of the states, on the grid of `collocation`.

    values [2, n_u, n_g, n_z] are logs over the steady state at its nodes, as in `Collocation`.
    """

    collocation: Collocation
    values: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption and gross inflation at interest_rate_lag, government, growth and monetary (all logs),
        arrays of any common shape.

        Raises
        ------
        BadData : a state outside the grid.
        """
        c = self.collocation.calibration
        names = ("interest_rate_lag", "government", "growth", "monetary")
        lag, government, growth, monetary = np.broadcast_arrays(
            *(np.asarray(states[name], float) for name in names)
        )
        inputs = (c.rho_r * (lag - c.log_rate) + monetary, government, growth)
        for name, axis, values in zip(("impulse", *names[1:3]), self.collocation.axes, inputs, strict=True):
            axis.require_inside(values, name)
        consumption, inflation = self.collocation.policy(self.values, *inputs, self.collocation.bound)
        return {
            "consumption": c.steady_consumption * np.exp(consumption),
            "inflation": c.target * np.exp(inflation),
        }


def solve_an_schorfheide(
    parameters: Mapping[str, float], grids: Sequence[Grid] = SMOOTH
) -> AnSchorfheideSolution:
    """Solve the economy without a bound at `parameters` (by name, natural units); takes under a second.

    `grids` are solved one from another; the last is that of the answer.

    Raises
    ------
    SurrogateError : no equilibrium is found; the message says how large shocks may be.
    Indeterminate, NoStableSolution : no unique stable equilibrium without shocks.
    """

    def with_shocks(share: float, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
        scaled = {name: parameters[name] * (share if name in SHOCKS else 1.0) for name in parameters}
        return _on_grid(Collocation(scaled, grids[0]), start)

    try:
        found = follow(with_shocks)
        for grid in grids[1:]:
            found = _on_grid(Collocation(parameters, grid), found)
    except NoConvergence as error:
        raise SurrogateError(
            f"no equilibrium was found at {dict(parameters)}: making shocks larger, {error}."
        ) from error
    return found


def solve_an_schorfheide_zlb(
    parameters: Mapping[str, float], grids: Sequence[Grid] = KINKED
) -> AnSchorfheideSolution:
    """Solve the economy whose rate is never below zero, the rule remembering the actual rate.

    Takes about ten seconds. Growth is kept within its grid. The bound is raised to zero from where it
    never binds, so that an error says how close to it solutions exist. Otherwise as `solve_an_schorfheide`.
    """
    free = solve_an_schorfheide(parameters, grids[:1])
    lowest = -free.collocation.calibration.log_rate

    def with_bound(share: float, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
        return _on_grid(Collocation(parameters, grids[0], lowest / share), start or free)

    try:
        found = follow(with_bound)
        for grid in grids[1:]:
            found = _on_grid(Collocation(parameters, grid, lowest), found)
    except NoConvergence as error:
        raise SurrogateError(
            f"no equilibrium with the bound was found at {dict(parameters)}: raising it to zero, {error}."
        ) from error
    return found


def _with_own(jacobian: Array, own: Array) -> Array:
    """The Jacobian [n, n] from that by way of tomorrow [2, n_u, n_g, n_z, 2, n_u, n_g, n_z] and `own`
    [2, 2, n_u, n_g, n_z], that in the policy at the node itself; equations first.
    """
    size = jacobian[0, ..., 0, 0, 0, 0].size
    square = jacobian.reshape(2, size, 2, size)
    node = np.arange(size)
    for control in range(2):
        square[:, node, control, node] += own[:, control].reshape(2, size)
    return square.reshape(2 * size, 2 * size)


def _on_grid(collocation: Collocation, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
    """Solve on one grid, from the values of another solution at its nodes or else from the linear policy."""
    if start is None:
        guess = collocation.start()
    else:
        points = np.meshgrid(*(axis.nodes for axis in collocation.axes), indexing="ij")
        guess = start.collocation.policy(start.values, *points, bound=None)
    values = newton(collocation.system, guess.ravel(), TOLERANCE)
    return AnSchorfheideSolution(collocation, values.reshape(collocation.shape))
