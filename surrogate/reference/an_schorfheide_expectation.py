"""Expectations of next quarter in the economy of An and Schorfheide (2007), with their derivatives.

Without the bound all three shocks are integrated over by Gauss-Hermite rules. With it, tomorrow's policy has
a kink at the impulse where the rate reaches the bound. Below it the impulse does not matter, so that what
counts is the probability of being there; above it Gauss-Legendre points cover the rest of the normal.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import ndtr

from surrogate.reference.an_schorfheide_equations import LOG_GBAR, Calibration
from surrogate.reference.chebyshev import ChebyshevAxis

Array = NDArray[np.float64]

LARGEST_SHOCK = 5.0
"""Standard deviations beyond which shocks are left out: six in ten million."""
KINK_STEPS = 8
"""Newton steps to the kink, from the steady state."""
SMALLEST_RESPONSE = 0.02
"""Of the rate to the impulse, for a Newton step not to run away; it is a multiple of that in any solution."""


@dataclass(frozen=True)
class Shocks:
    """Points in each of tomorrow's shocks; government spending hardly matters."""

    monetary: int
    government: int
    growth: int


class Expected(NamedTuple):
    """E[h] [2, n_u, n_g, n_z] and its derivatives: in today's rate, of the same shape, and in all values of
    the policy, [2, n_u, n_g, n_z, 2, n_u, n_g, n_z].
    """

    value: Array
    by_rate: Array
    by_values: Array


class Expectation:
    """E[h_1'] and E[h_2'] at the nodes of a grid, from the policy's values there and today's rates.

    `axes` are those of the impulse, log g and z; rates cannot be below `bound`, where there is one. Then
    growth that would leave its axis stays at the end, because far out an equilibrium may not exist.

    In arrays, i and a count log g and its shock, j and b count z and its shock, k the impulse, m monetary
    shocks, n polynomials of the impulse, c X and P, e h_1 and h_2.
    """

    def __init__(
        self,
        calibration: Calibration,
        axes: tuple[ChebyshevAxis, ChebyshevAxis, ChebyshevAxis],
        shocks: Shocks,
        bound: float | None,
    ) -> None:
        self.calibration, self.bound, c = calibration, bound, calibration
        self.impulse, government, growth = axes
        points_g, weights_g = _normal(shocks.government)
        points_z, weights_z = _normal(shocks.growth)
        mean_g = (1 - c.rho_g) * LOG_GBAR + c.rho_g * government.nodes
        self.log_government = mean_g[:, None] + c.sigma_g * points_g
        free = c.rho_z * growth.nodes[:, None] + c.sigma_z * points_z
        self.growth = free if bound is None else np.clip(free, growth.lower, growth.upper)
        self.on_government = government.interpolation(self.log_government)
        self.on_growth = growth.interpolation(self.growth)
        self.weights = weights_g[:, None] * weights_z
        self.normal, self.legendre = _normal(shocks.monetary), leggauss(shocks.monetary)

    def __call__(self, values: Array, rate: Array) -> Expected:
        """From values [2, n_u, n_g, n_z] and rates [n_u, n_g, n_z]; memory is that of one n_z at a time."""
        coefficients = np.einsum("nk,ckgz->cngz", self.impulse.to_coefficients, values)
        parts = [self._at(growth, coefficients, rate[:, :, growth]) for growth in range(rate.shape[2])]
        value, by_rate, by_values = (np.stack(part, axis=3) for part in zip(*parts, strict=True))
        return Expected(value, by_rate, by_values)

    def _at(self, growth: int, coefficients: Array, rate: Array) -> tuple[Array, Array, Array]:
        """At one node of z: E[h] and its derivatives, with n_z missing from the shapes of `Expected`."""
        policy = np.einsum(
            "iag,bz,cngz->iabnc", self.on_government, self.on_growth[growth], coefficients, optimize=True
        )
        impulse, weights = self._monetary(self.calibration.rho_r * rate.T[:, None, None], policy)
        polynomials = self.impulse.polynomials(impulse)
        log_government = self.log_government[..., None, None, None]
        h = self.calibration.tomorrow(
            _first(polynomials @ policy[..., None, :, :]), log_government, self.growth[growth][:, None, None]
        )
        slopes = _first(self.impulse.slopes(impulse, policy[..., None, :, :]))
        by_policy, by_impulse = h.by_policy, (h.by_policy * slopes).sum(axis=1)
        if self.bound is not None:
            by_policy[..., -1] -= by_impulse[:, None, ..., -1] * self._kink_moves(polynomials, policy, slopes)
            by_impulse[..., -1] = 0.0
        weights = np.broadcast_to(weights * self.weights[..., None, None], by_impulse.shape[1:])
        value = np.einsum("iabkm,eiabkm->eki", weights, h.value)
        by_rate = self.calibration.rho_r * np.einsum("iabkm,eiabkm->eki", weights, by_impulse)
        return value, by_rate, self._by_values(growth, by_policy * weights, polynomials)

    def _monetary(self, mean: Array, policy: Array) -> tuple[Array, Array]:
        """Tomorrow's impulses [i, a, b, k, m] given their mean [i, 1, 1, k], and weights that sum to one.

        With the bound, the last point is the kink, where all lower impulses count. a and b are one where
        they do not matter.
        """
        sigma = self.calibration.sigma_r
        if self.bound is None:
            points, weights = self.normal
            return mean[..., None] + sigma * points, weights
        kinks = self._kink(policy, self.bound)[..., None]
        start = np.clip((kinks - mean) / sigma, -LARGEST_SHOCK, LARGEST_SHOCK)[..., None]
        points, weights = self.legendre
        shocks = start + (LARGEST_SHOCK - start) / 2 * (points + 1)
        density, below = weights * np.exp(-(shocks**2) / 2), ndtr(start)
        density *= (1 - below) / density.sum(axis=-1, keepdims=True)
        reach = (self.impulse.upper - self.impulse.lower) / 2
        near = np.clip(kinks, self.impulse.lower - reach, self.impulse.upper + reach)  # elsewhere improbable
        at_kink = np.broadcast_to(near[..., None], below.shape)
        return (
            np.concatenate([mean[..., None] + sigma * shocks, at_kink], axis=-1),
            np.concatenate([density, below], axis=-1),
        )

    def _kink(self, policy: Array, bound: float) -> Array:
        """Impulse [i, a, b] at which the policy [i, a, b, n, c] puts the rate at the bound."""
        at_nodes = _first(self.impulse.polynomials(self.impulse.nodes) @ policy)
        rate, _ = self.calibration.rule(self.impulse.nodes, at_nodes, self.log_government[..., None, None])
        return kink(self.impulse, rate, bound)

    def _kink_moves(self, polynomials: Array, policy: Array, slopes: Array) -> Array:
        """How far the kink falls with X and P there [c, i, a, b, k]."""
        at_kink = _first((polynomials[..., -1:, :] @ policy[..., None, :, :])[..., 0, :])
        _, by_policy = self.calibration.rule(np.zeros(()), at_kink, self.log_government[..., None, None])
        return by_policy / (1 + (by_policy * slopes[..., -1]).sum(axis=0))

    def _by_values(self, growth: int, by_policy: Array, polynomials: Array) -> Array:
        """Derivatives [e, k, i, c, n_u, n_g, n_z] in the values of the policy from those in X and P
        [e, c, i, a, b, k, m].
        """
        on_basis = np.moveaxis(by_policy, (0, 1), (4, 5)) @ polynomials[..., None, :, :]
        return np.einsum(
            "iabkecn,nu,iag,bz->ekicugz",
            on_basis,
            self.impulse.to_coefficients,
            self.on_government,
            self.on_growth[growth],
            optimize=True,
        )


def kink(axis: ChebyshevAxis, rate: Array, bound: float) -> Array:
    """Impulse [...] at which rates [..., n_u] at the nodes of its axis reach the bound.

    It is the root of the rate's own polynomial, which goes on straight where the policy is undefined.
    """
    coefficients = (rate @ axis.to_coefficients.T)[..., None]
    impulse = np.zeros((*rate.shape[:-1], 1))
    for _ in range(KINK_STEPS):
        excess = axis.polynomials(impulse) @ coefficients - bound
        slope = axis.slopes(impulse, coefficients)
        impulse = impulse - (excess / np.maximum(slope, SMALLEST_RESPONSE))[..., 0]
    return impulse[..., 0]


def _first(values: Array) -> Array:
    """[..., c] -> [c, ...]."""
    return np.moveaxis(values, -1, 0)


def _normal(count: int) -> tuple[Array, Array]:
    """Gauss-Hermite points [m] and weights [m] of the standard normal, without the improbable ones."""
    points, weights = hermegauss(count)
    kept = np.abs(points) < LARGEST_SHOCK
    return points[kept], weights[kept] / weights[kept].sum()
