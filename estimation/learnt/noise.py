"""How noisy a particle filter is where: a regression on pairs of calls at the same parameters.

Half the squared difference of a pair estimates the variance of log p without knowing log p, and follows a
scaled chi-squared law with one degree of freedom. A gamma regression with log link (McCullagh and Nelder
1989, chapter 8) lets the variance depend on where the pair was taken.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

RIDGE = 2.0
REACH = 3.0
"""Coordinates beyond this count as this far."""
FLOOR = 1e-8
LEAST_PAIRS = 50
UNKNOWN = 1.0


@dataclass(frozen=True)
class Noise:
    """Variance of one call of the filter: exp(terms(u) @ coefficients), kept to the range seen in the fit.

    Without coefficients the variance is the same everywhere.
    """

    coefficients: Array | None
    lowest: float
    highest: float

    def __call__(self, u: Array) -> Array:
        """Variance of log p [m] at the rows of u [m, n]."""
        if self.coefficients is None:
            return np.full(len(u), self.lowest)
        return np.clip(np.exp(_terms(u) @ self.coefficients), self.lowest, self.highest)


def constant(variance: float) -> Noise:
    """The same variance everywhere."""
    return Noise(None, variance, variance)


def fit_noise(u: Array, pairs: Array) -> Noise:
    """Fit the variance to pairs of calls [m, 2] at the rows of u [m, n]; a guess if there are hardly any."""
    if len(pairs) < LEAST_PAIRS:
        return constant(UNKNOWN)
    half_square = np.maximum((pairs[:, 0] - pairs[:, 1]) ** 2 / 2, FLOOR)
    terms = _terms(u)
    start = np.zeros(terms.shape[1])
    start[0] = np.log(half_square.mean())
    found = minimize(_minus_log_density, start, args=(terms, half_square), jac=True, method="L-BFGS-B").x
    fitted = np.exp(terms @ found)
    return Noise(found, float(fitted.min()), float(fitted.max()))


def _terms(u: Array) -> Array:
    return np.column_stack([np.ones(len(u)), np.clip(u, -REACH, REACH)])


def _minus_log_density(coefficients: Array, terms: Array, half_square: Array) -> tuple[float, Array]:
    """Of half squares whose ratio to exp(terms @ coefficients) is chi-squared(1), with a ridge on slopes."""
    slopes = np.concatenate([[0.0], coefficients[1:]])
    log_variance = terms @ coefficients
    ratio = half_square * np.exp(-log_variance)
    value = 0.5 * np.sum(log_variance + ratio) + RIDGE * slopes @ slopes
    return float(value), terms.T @ (0.5 * (1 - ratio)) + 2 * RIDGE * slopes
