"""The equations of An and Schorfheide (2007) at one calibration, in logs, with their derivatives.

Written X = log(c / c_ss), P = log(pi / pibar), r = log(R / R_ss), u = rho_r r_-1 + eps_r and
D = 1 - g phi/2 (pi - pibar)^2, so that y = c g / D, the economy is

    0 = tau X + r + log E[h_1'],                       h_1 = exp(-tau X - z - P)
    0 = (1-nu)(1 - e^(tau X))/nu + phi (pi-pibar)[(1 - 1/(2 nu)) pi + pibar/(2 nu)]
        - phi beta e^((tau-1) X) D/g E[h_2'],          h_2 = e^((1-tau) X) g/D (pi-pibar) pi
    r = u + (1 - rho_r) [psi1 P + psi2 (X - log D)],   with the bound no lower than -log R_ss.

Only h_1 and h_2 look at tomorrow, and they see nothing of today.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NU = 0.1
LOG_GBAR = -np.log(0.85)


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
