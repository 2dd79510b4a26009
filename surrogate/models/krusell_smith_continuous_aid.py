"""Where the network of the household in continuous time looks, what it sees, and where it starts.

At the limit a household with the low income saves s = -sqrt(2 nu a): consumption has an infinite slope
there, which a network can have only if it sees the root of wealth. With the high income slopes are finite,
but what a switch brings has that root:

    s_2 c_2'/c_2 = (r - rho - lam + lam (c_2/c_1)^gamma) / gamma,   c_1 about w n1 (1 + root (1 - n1)/n1)

So the network sees the integral of that. Wealth counts in logs, log(1 + a/K*): in it policies are nearly
straight lines out to the richest, whose errors would last longest.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, exp, log, log1p, sqrt, stack

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Variable

TRANSLOG = (
    (-1.031,),
    (1.059, 0.333, 2.491, -0.613),
    (-0.014, 0.014, -0.157, 0.066, 0.022, -0.378, 0.213, 0.086, 0.273, -0.178),
)
"""log of log K / K* at rest, a quadratic function of logs of gamma, rho, 1 - n1 and lam relative to the
defaults, by least squares to finite differences at 256 calibrations: .05 per cent off on average, 1.2 at
most. It says where to look; where capital rests is for the network to find.
"""
USUAL = (2.1, 0.05, 0.7, 0.4)
LEAST_WEALTH = 1e-7
"""In units of K*, where derivatives at the limit are taken: below it the root has none."""
LEAST_DISTANCE = 1e-30
SCALE, RISE = 0.67, 1.2
"""Of the lucky household's first guess: SCALE w (1 + RISE log(1 + a/K*))."""
CAPITAL_UNIT, PRODUCTIVITY_UNIT = 0.1, 0.02
"""Logs that the network sees as one."""


class HouseholdAid(Aid):
    """Wealth in a root, capital relative to where it rests, productivity."""

    alpha: float
    delta: float
    inputs = (
        Variable("position"),
        Variable("bend"),
        Variable("luck"),
        Variable("capital"),
        Variable("productivity"),
    )

    def representative_capital(self, p: Parameters) -> Tensor:
        """K* of the economy without risk, where r = rho."""
        return ((p.rho + self.delta) / self.alpha) ** (1 / (self.alpha - 1))

    def usual_capital(self, p: Parameters) -> Tensor:
        """About where K rests with risk."""
        logs = [log(x / usual) for x, usual in zip((p.gamma, p.rho, 1 - p.n1, p.lam), USUAL, strict=True)]
        return p.representative_capital * exp(exp(_quadratic(TRANSLOG, logs)))

    def distance(self, now: Period, p: Parameters) -> Tensor:
        """log(1 + a/K*): policies are nearly straight lines in it from the limit to the richest."""
        return log1p(now.assets / p.representative_capital)

    def root(self, now: Period, p: Parameters) -> Tensor:
        """The root of that; with a derivative, zero, at the limit as well."""
        return sqrt(now.distance.clamp_min(LEAST_DISTANCE))

    def bend(self, now: Period, p: Parameters) -> Tensor:
        """Integral over the distance of (1 + k root)^-2, about (c_low / c_high)^gamma, which bends the policy
        of the lucky at the limit.
        """
        steepness = p.gamma * (1 - p.n1) / p.n1 / 2
        far = steepness * now.root
        return 2 * (log1p(far) - far / (1 + far)) / steepness**2

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Wealth up to seven times K*, capital within a sixth of where it rests, productivity 6 %."""
        zero, capital = 0 * p.gamma, p.usual_capital
        return {
            "assets": (zero, 7 * p.representative_capital),
            "lucky": (zero, zero + 1),
            "capital": (capital / 1.16, capital * 1.16),
            "productivity": (zero - 0.06, zero + 0.06),
            "capital_drift": (-0.05 * capital, 0.05 * capital),
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        return {
            "position": now.root + now.lucky * (now.distance - now.root) - 1,
            "bend": now.lucky * now.bend,
            "luck": 2 * now.lucky - 1,
            "capital": log(now.capital / p.usual_capital) / CAPITAL_UNIT,
            "productivity": now.productivity / PRODUCTIVITY_UNIT,
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Logs, and how much more capital there is than without risk."""
        return {
            "gamma": log(p.gamma),
            "rho": log(p.rho),
            "risk": log(1 - p.n1),
            "lam": log(p.lam),
            "eta": log(p.eta),
            "sig": p.sig,
            "capital": log(p.usual_capital / p.representative_capital),
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """With the low income all of it and more, by the root of wealth; with the high one a share of income
        and wealth.
        """
        unlucky = now.income + now.wage * (1 - p.n1) * now.root
        lucky = SCALE * now.wage * (1 + RISE * now.distance)
        return {"consumption": unlucky + now.lucky * (lucky - unlucky)}


def _quadratic(coefficients: Sequence[Sequence[float]], x: Sequence[Tensor]) -> Tensor:
    """b_0 + sum_i b_i x_i + sum_{i <= j} b_ij x_i x_j."""
    (constant,), linear, square = coefficients
    terms = [b * value for b, value in zip(linear, x, strict=True)]
    products = [x[i] * x[j] for i in range(len(x)) for j in range(i, len(x))]
    terms += [b * value for b, value in zip(square, products, strict=True)]
    return constant + stack(terms).sum(0)
