"""Collocation of An and Schorfheide (2007): the equations hold exactly at the nodes of a grid.

The policy (X, P) = (log c / c_ss, log pi / pibar) is a tensor product of Chebyshev polynomials in the impulse
u = rho_r r_-1 + eps_r, log g and z. The lower bound leaves it smooth: what the polynomials describe is the
policy of a quarter in which the rate follows the rule even below the bound. u matters for nothing but that
rate, so where the bound binds the policy is the one at the kink, the impulse that puts the rate there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from surrogate.reference.an_schorfheide_equations import LOG_GBAR, Calibration
from surrogate.reference.an_schorfheide_expectation import Expectation, Shocks, kink
from surrogate.reference.an_schorfheide_linear import solve_policy
from surrogate.reference.chebyshev import ChebyshevAxis

Array = NDArray[np.float64]

BEYOND_KINK = 1.2
"""How much further than the kink of the linear economy the grid reaches."""


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
