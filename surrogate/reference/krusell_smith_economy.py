"""Krusell and Smith's economy in the calibration of Den Haan, Judd and Juillard: chain, prices, incomes.

    Y = A_z K^alpha L_z^(1-alpha),   A_z = 1 -/+ dz,   L_z = lbar (1 - u_z)
    R = 1 - delta + alpha A_z (K / L_z)^(alpha-1),   W = (1 - alpha) A_z (K / L_z)^alpha
    income:  mu W  unemployed,   W (lbar - mu u_z / (1 - u_z))  employed: the tax pays for the benefit

Krusell and Smith (1998), Journal of Political Economy 106; Den Haan, Judd and Juillard (2010), Journal of
Economic Dynamics and Control 34. Written apart from the code that trains networks, so that the two can
disagree. Throughout, index 0 is the bad state z and the unemployed, 1 the good state and the employed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from ..errors import BadConfiguration, BadData, UnknownName

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
PARAMETER_NAMES = ("beta", "gamma", "alpha", "delta", "mu", "dz")
DEFAULT = {"beta": 0.99, "gamma": 1.0, "alpha": 0.36, "delta": 0.025, "mu": 0.15, "dz": 0.01}
RANGES = {
    "beta": (0.9, 0.999),
    "gamma": (0.2, 20.0),
    "alpha": (0.1, 0.6),
    "delta": (0.002, 0.2),
    "mu": (0.005, 0.95),
    "dz": (0.0, 0.1),
}
"""Where the six parameters make sense in a quarterly model, ends included."""
HOURS = 1 / 0.9
"""lbar: one unit of labour in all where unemployment is a tenth."""


@dataclass(frozen=True)
class Chain:
    """The joint chain of the state z of the economy and the employment e of a household.

    z switches with chance `switching`. Whoever is unemployed remains so with chance `remaining[z][z']`: as
    long as z stays, spells last 2.5 quarters in bad times and 1.5 in good ones; that chance is times 1.25
    where z becomes bad, .75 where it becomes good. Whoever is employed loses the job with the chance that
    makes unemployment u_z' tomorrow, whatever has been before: then it depends on z only, and the
    cross-section of wealth is all that there is to know.

        Q(u' | z, z', e) = (u_z' - u_z Q(u' | z, z', u)) / (1 - u_z)

    Raises
    ------
    BadConfiguration : chances that are not between zero and one.
    """

    unemployment: tuple[float, float] = (0.10, 0.04)
    switching: float = 0.125
    remaining: tuple[tuple[float, float], tuple[float, float]] = ((0.6, 0.25), (0.75, 1 / 3))

    def __post_init__(self) -> None:
        inside = all(0 < u < 1 for u in (*self.unemployment, self.switching))
        if not inside or self.employment.min() < 0 or self.employment.max() > 1:
            raise BadConfiguration(
                f"{self} has chances outside of [0, 1]: with these rates of unemployment, fewer or more "
                "of the unemployed must remain so."
            )

    @cached_property
    def employment(self) -> Array:
        """Chance of e' given z, z' and e, [2, 2, 2, 2] in this order: z, z', e, e'."""
        u, remaining = np.array(self.unemployment), np.array(self.remaining)
        losing = (u - u[:, None] * remaining) / (1 - u[:, None])
        to_unemployed = np.stack([remaining, losing], axis=-1)
        return np.stack([to_unemployed, 1 - to_unemployed], axis=-1)

    @cached_property
    def productivity(self) -> Array:
        """Chance of z' given z, [2, 2]."""
        return np.array([[1 - self.switching, self.switching], [self.switching, 1 - self.switching]])

    @cached_property
    def joint(self) -> Array:
        """Chance of (z', e') given (z, e), [2, 2, 2, 2] in the order z, e, z', e'."""
        return (self.productivity[:, :, None, None] * self.employment).transpose(0, 2, 1, 3)

    def states(self, shocks: ArrayLike, before: int = 1) -> Integers:
        """States z [T] under standard normal `shocks` [T]: z switches where one is below Phi^-1(switching).

        before: the state of the period before the first.

        Raises
        ------
        BadData : shocks that are not a row of finite numbers.
        """
        draws = np.asarray(shocks, float)
        if draws.ndim != 1 or not draws.size or not np.isfinite(draws).all():
            raise BadData(f"shocks of shape {draws.shape}: give one finite standard normal number a period.")
        return (before + np.cumsum(draws < norm.ppf(self.switching))) % 2


@dataclass(frozen=True)
class Economy:
    """Technology, prices and incomes at one calibration of beta, gamma, alpha, delta, mu and dz.

    Raises
    ------
    UnknownName : a parameter that is missing.
    BadData : a parameter that is not a number within `RANGES`.
    """

    parameters: Mapping[str, float]
    chain: Chain = Chain()

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            if name not in self.parameters:
                raise UnknownName(f"the parameter {name} is missing: give {', '.join(RANGES)}.")
            value = self.parameters[name]
            if not low <= value <= high:
                raise BadData(f"{name} = {value:g} is outside of [{low:g}, {high:g}]: choose it from there.")

    @cached_property
    def technology(self) -> Array:
        """A_z, [2]."""
        return np.array([1 - self.parameters["dz"], 1 + self.parameters["dz"]])

    @cached_property
    def labour(self) -> Array:
        """L_z, [2]."""
        return HOURS * (1 - np.array(self.chain.unemployment))

    @cached_property
    def steady_capital(self) -> float:
        """K_ss, capital with complete markets, A = 1 and mean unemployment: the natural unit of wealth."""
        p = self.parameters
        ratio = ((1 / p["beta"] - 1 + p["delta"]) / p["alpha"]) ** (1 / (p["alpha"] - 1))
        return float(ratio * self.labour.mean())

    def prices(self, state: Integers | int, capital: ArrayLike) -> tuple[Array, Array]:
        """Gross return R and wage W at states z and capital of a common shape."""
        alpha, delta = self.parameters["alpha"], self.parameters["delta"]
        ratio = np.asarray(capital, float) / self.labour[state]
        technology = self.technology[state]
        gross = 1 - delta + alpha * technology * ratio ** (alpha - 1)
        return gross, (1 - alpha) * technology * ratio**alpha

    def incomes(self, state: Integers | int, wage: Array) -> Array:
        """Income [..., 2] of the unemployed and the employed at states z and wages of shape [...]."""
        mu, u = self.parameters["mu"], np.array(self.chain.unemployment)[state]
        return np.stack([mu * wage, (HOURS - mu * u / (1 - u)) * wage], axis=-1)

    def output(self, state: Integers | int, capital: ArrayLike) -> Array:
        """Y at states z and capital of a common shape."""
        alpha = self.parameters["alpha"]
        return (
            self.technology[state] * np.asarray(capital, float) ** alpha * self.labour[state] ** (1 - alpha)
        )
