"""The equations of An and Schorfheide (2007) at one calibration, in logs, with their derivatives.

Written X = log(c / c_ss), P = log(pi / pibar), r = log(R / R_ss), u = rho_r r_-1 + eps_r and
D = 1 - g phi/2 (pi - pibar)^2, so that y = c g / D, the economy is

    0 = tau X + r + log E[h_1'],                       h_1 = exp(-tau X - z - P)
    0 = (1-nu)(1 - e^(tau X))/nu + phi (pi-pibar)[(1 - 1/(2 nu)) pi + pibar/(2 nu)]
        - phi beta e^((tau-1) X) D/g E[h_2'],          h_2 = e^((1-tau) X) g/D (pi-pibar) pi
    r = u + (1 - rho_r) [psi1 P + psi2 (X - log D)],   with the bound no lower than -log R_ss.

Only h_1 and h_2 look at tomorrow, and they see nothing of today.

Without the bound all three shocks are integrated over by Gauss-Hermite rules. With it, tomorrow's policy has
a kink at the impulse where the rate reaches the bound. Below it the impulse does not matter, so that what
counts is the probability of being there; above it Gauss-Legendre points cover the rest of the normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import ndtr

from .numerics import ChebyshevAxis

Array = NDArray[np.float64]
NU = 0.1
LOG_GBAR = -np.log(0.85)
LARGEST_SHOCK = 5.0
"""Standard deviations beyond which shocks are left out: six in ten million."""
KINK_STEPS = 8
"""Newton steps to the kink, from the steady state."""
SMALLEST_RESPONSE = 0.02
"""Of the rate to the impulse, for a Newton step not to run away; it is a multiple of that in any solution."""


class Tomorrow(NamedTuple):
    """h_1 and h_2 of next quarter [2, ...] and their derivatives [2, 2, ...] in the policy (X, P) there."""

    value: Array
    by_policy: Array


class Today(NamedTuple):
    """Both equations [2, ...], in units of log consumption and of gross inflation, and their derivatives.

    by_policy [2, 2, ...] are those in (X, P), by_rate [2, ...] in r, and by_expectation [2, ...] that of each
    equation in its own E[h].
    """

    value: Array
    by_policy: Array
    by_rate: Array
    by_expectation: Array


class Calibration:
    """Compound parameters, standard deviations in natural units, and the equations."""

    def __init__(self, parameters: Mapping[str, float]) -> None:
        p = {name: float(value) for name, value in parameters.items()}
        self.tau, self.psi1, self.psi2 = p["tau"], p["psi1"], p["psi2"]
        self.rho_r, self.rho_g, self.rho_z = p["rho_r"], p["rho_g"], p["rho_z"]
        self.sigma_r, self.sigma_g, self.sigma_z = (p[f"sigma_{name}"] / 100 for name in "rgz")
        self.beta = 1 / (1 + p["r_a"] / 400)
        self.target = np.exp(p["pi_a"] / 400)
        self.log_rate = p["gamma_q"] / 100 - np.log(self.beta) + p["pi_a"] / 400
        self.adjustment = self.tau * (1 - NU) / (NU * self.target**2 * p["kappa"])
        self.steady_consumption = (1 - NU) ** (1 / self.tau)

    def share(self, inflation: Array, log_government: Array) -> tuple[Array, Array]:
        """log D, NaN where adjustment eats all output, and its derivative in P."""
        pi = self.target * np.exp(inflation)
        cost = np.exp(log_government) * self.adjustment * (pi - self.target)
        share = 1 - cost * (pi - self.target) / 2
        return np.log(np.where(share > 0, share, np.nan)), -cost * pi / share

    def rule(self, impulse: Array, policy: Array, log_government: Array) -> tuple[Array, Array]:
        """The rate r [...] that the rule asks for given the policy (X, P) [2, ...], and its derivatives
        [2, ...] in that.
        """
        consumption, inflation = policy
        log_share, slope = self.share(inflation, log_government)
        response = self.psi1 * inflation + self.psi2 * (consumption - log_share)
        by_inflation = (1 - self.rho_r) * (self.psi1 - self.psi2 * slope)
        by_consumption = np.full_like(by_inflation, (1 - self.rho_r) * self.psi2)
        return impulse + (1 - self.rho_r) * response, np.stack([by_consumption, by_inflation])

    def tomorrow(self, policy: Array, log_government: Array, growth: Array) -> Tomorrow:
        """h_1 and h_2 at the policy (X, P) [2, ...]."""
        consumption, inflation = policy
        log_share, slope = self.share(inflation, log_government)
        pi = self.target * np.exp(inflation)
        gap = pi - self.target
        bond = np.exp(-self.tau * consumption - growth - inflation)
        weight = np.exp((1 - self.tau) * consumption - log_share + log_government)
        price = weight * gap * pi
        by_inflation = weight * pi * (pi + gap) - price * slope
        return Tomorrow(
            np.stack([bond, price]),
            np.stack([[-self.tau * bond, -bond], [(1 - self.tau) * price, by_inflation]]),
        )

    def today(self, policy: Array, rate: Array, log_government: Array, expected: Array) -> Today:
        """Both equations given E[h] [2, ...], with the policy (X, P) [2, ...] and r taken as independent."""
        euler = policy[0] + (rate + np.log(expected[0])) / self.tau
        one, zero = np.ones_like(euler), np.zeros_like(euler)
        price, by_policy, by_expectation = self._phillips(policy, log_government, expected[1])
        return Today(
            np.stack([euler, price]),
            np.stack([[one, zero], by_policy]),
            np.stack([one / self.tau, zero]),
            np.stack([1 / (self.tau * expected[0]), by_expectation]),
        )

    def _phillips(
        self, policy: Array, log_government: Array, expected: Array
    ) -> tuple[Array, list[Array], Array]:
        """The Phillips curve over phi pibar, and its derivatives in X and P, and in E[h_2]."""
        consumption, inflation = policy
        log_share, slope = self.share(inflation, log_government)
        pi, unit = self.target * np.exp(inflation), self.adjustment * self.target
        gap = pi - self.target
        marginal = (1 - NU) * np.exp(self.tau * consumption) / NU
        bracket = (1 - 1 / (2 * NU)) * pi + self.target / (2 * NU)
        discount = (
            -self.adjustment * self.beta * np.exp((self.tau - 1) * consumption + log_share - log_government)
        )
        value = (1 - NU) / NU - marginal + self.adjustment * gap * bracket + discount * expected
        by_consumption = -self.tau * marginal + (self.tau - 1) * discount * expected
        own = self.adjustment * pi * (bracket + (1 - 1 / (2 * NU)) * gap)
        by_inflation = own + discount * expected * slope
        return value / unit, [by_consumption / unit, by_inflation / unit], discount / unit


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
    probable = np.abs(points) < LARGEST_SHOCK
    return points[probable], weights[probable] / weights[probable].sum()
