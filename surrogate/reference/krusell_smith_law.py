"""The law of capital that households believe in: fitted to a path, and tested by its own forecasts.

    log K' = a_z + b_z log K

Krusell and Smith (1998), Journal of Political Economy 106. R2 is close to one even for laws that are far off,
because it forecasts one quarter from where capital is. Den Haan (2010), Journal of Economic Dynamics and
Control 34, section 4: let the law forecast from its own forecasts for thousands of quarters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadData

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
FEWEST_PERIODS = 50
"""In each state of the economy, to fit a line."""


@dataclass(frozen=True)
class Law:
    """log K' = intercept[z] + slope[z] log K; z is 0 in bad times, 1 in good ones."""

    intercept: tuple[float, float]
    slope: tuple[float, float]

    def tomorrow(self, state: Integers | int, log_capital: ArrayLike) -> Array:
        """log K' at states z and log K of a common shape."""
        return np.array(self.intercept)[state] + np.array(self.slope)[state] * np.asarray(log_capital, float)

    def towards(self, other: "Law", share: float) -> "Law":
        """The law that is `share` of the way to another one."""
        ours, theirs = np.array([self.intercept, self.slope]), np.array([other.intercept, other.slope])
        (a_bad, a_good), (b_bad, b_good) = (ours + share * (theirs - ours)).tolist()
        return Law((a_bad, a_good), (b_bad, b_good))

    def difference(self, other: "Law", log_capital: ArrayLike) -> float:
        """Largest difference of log K' in either state at values [m] of log K."""
        return float(
            max(np.abs(self.tomorrow(z, log_capital) - other.tomorrow(z, log_capital)).max() for z in (0, 1))
        )

    def forecast(self, state: Integers, log_capital: float) -> Array:
        """log K [T] from `log_capital` on, under states z [T], each value from the one before."""
        forecast = np.empty(len(state))
        for t, z in enumerate(state.tolist()):
            forecast[t] = log_capital
            log_capital = self.intercept[z] + self.slope[z] * log_capital
        return forecast


@dataclass(frozen=True)
class Fit:
    """A law fitted to a path, and how much of the variance of log K' it explains in bad and good times."""

    law: Law
    r_squared: tuple[float, float]


def fit_law(state: Integers, capital: Array) -> Fit:
    """Least squares of log K' on log K for each state z, along z [T] and K [T].

    Raises
    ------
    BadData : capital that is not positive and finite, or one state so seldom that no line can be fitted.
    """
    if not (np.isfinite(capital).all() and np.all(capital > 0)):
        raise BadData("capital is not positive and finite along the path: no law can be fitted to it.")
    log_capital = np.log(capital)
    lines = [_line(log_capital, np.flatnonzero(state[:-1] == z), z) for z in (0, 1)]
    (a_bad, b_bad, fit_bad), (a_good, b_good, fit_good) = lines
    return Fit(Law((a_bad, a_good), (b_bad, b_good)), (fit_bad, fit_good))


def _line(log_capital: Array, periods: Integers, state: int) -> tuple[float, float, float]:
    """Intercept, slope and R2 of log K' on log K in some periods."""
    if len(periods) < FEWEST_PERIODS:
        raise BadData(
            f"the economy is in state {state} in {len(periods)} periods, fewer than {FEWEST_PERIODS}: give "
            "more shocks, or drop fewer."
        )
    now, then = log_capital[periods], log_capital[periods + 1]
    centred = now - now.mean()
    slope = float(centred @ then / (centred @ centred))
    intercept = float(then.mean() - slope * now.mean())
    return intercept, slope, 1 - float((then - intercept - slope * now).var() / then.var())


@dataclass(frozen=True)
class ForecastErrors:
    """Den Haan's dynamic forecast errors: |log K forecast - log K| over a path, in per cent."""

    mean: float
    most: float


def forecast_errors(law: Law, state: Integers, capital: Array) -> ForecastErrors:
    """Errors of a law along z [T] and K [T] when it starts at the first K and then feeds on itself."""
    log_capital = np.log(capital)
    errors = 100 * np.abs(law.forecast(state, float(log_capital[0])) - log_capital)
    return ForecastErrors(float(errors.mean()), float(errors.max()))
