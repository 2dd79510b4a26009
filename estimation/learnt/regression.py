"""Regressions behind a learnt log likelihood: coordinates, the noise of the filter, and a Gaussian process.

Coordinates are such that a log likelihood is close to a quadratic form. A parameter that stays positive over
its range enters by its logarithm, one that stays between zero and one by its log odds, any other as it is. A
linear map then takes the points that matter to mean zero and unit covariance.

How noisy a particle filter is where follows from pairs of calls at the same parameters. Half the squared
difference of a pair estimates the variance of log p without knowing log p, and follows a scaled chi-squared
law with one degree of freedom. A gamma regression with log link (McCullagh and Nelder 1989, chapter 8) lets
the variance depend on where the pair was taken.

The process has inducing points: a quadratic form plus what the data add to it.

    y = c + b'u + u'Au + g(u) + noise,   g ~ GP(0, a^2 exp(-1/2 sum_j (u_j - u'_j)^2 / l_j^2))

The noise has a known variance at each point, up to a common factor. Amplitude a, length scales l_j and the
factor maximise the marginal likelihood of some of the points (Rasmussen and Williams 2006, chapter 5); g then
rests on about a thousand inducing points among the data (the projected process of their chapter 8), so that
it costs little to evaluate. Nothing else is tuned, and the prior of g keeps it from following noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from ..priors import Prior, PriorSet

Array = NDArray[np.float64]
IDENTITY, LOG, LOG_ODDS = "identity", "log", "log odds"
TINY = 1e-12
LEAST_SPREAD = 1e-6
"""Share of the spread over all points below which a direction counts as flat."""
RIDGE = 2.0
REACH = 3.0
"""Coordinates beyond this count as this far."""
FLOOR = 1e-8
LEAST_PAIRS = 50
UNKNOWN = 1.0
INDUCING = 1200
TUNING_POINTS = 500
QUADRATIC_SD = 10.0
"""Prior sd of the coefficients of the quadratic form: wide."""
USUAL_LOG_LENGTH = 1.2
"""Mean of a prior on log length scales, of sd one, that keeps idle coordinates from drifting off."""
JITTER = 1e-7
TUNING_STEPS = 40


@dataclass(frozen=True)
class Coordinates:
    """The map u = root^-1 (t(theta) - centre).

    Attributes
    ----------
    transforms : the transform t of each parameter.
    centre : [n].
    root : lower triangular [n, n].
    """

    transforms: tuple[str, ...]
    centre: Array
    root: Array

    def __call__(self, theta: Array) -> Array:
        """u [m, n] at the parameters theta [m, n]."""
        return solve_triangular(
            self.root, (transformed(theta, self.transforms) - self.centre).T, lower=True
        ).T


def whitening(points: Array, priors: PriorSet) -> Coordinates:
    """Coordinates in which ``points`` [m, n] of parameters have mean zero and unit covariance."""
    transforms = tuple(_transform(priors[name]) for name in priors)
    values = transformed(points, transforms)
    covariance = np.atleast_2d(np.cov(values.T))
    flat = LEAST_SPREAD * np.diag(covariance).max()
    root = np.linalg.cholesky(covariance + flat * np.eye(len(covariance)))
    return Coordinates(transforms, values.mean(axis=0), root)


def transformed(theta: Array, transforms: Sequence[str]) -> Array:
    """t(theta) [m, n], element by element."""
    logs = np.array([name != IDENTITY for name in transforms])
    odds = np.array([name == LOG_ODDS for name in transforms])
    values = np.where(logs, np.log(np.maximum(theta, TINY)), theta)
    return values - np.where(odds, np.log(np.maximum(1 - theta, TINY)), 0.0)


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


def constant_noise(variance: float) -> Noise:
    """The same variance everywhere."""
    return Noise(None, variance, variance)


def fit_noise(u: Array, pairs: Array) -> Noise:
    """Fit the variance to pairs of calls [m, 2] at the rows of u [m, n]; a guess if there are hardly any."""
    if len(pairs) < LEAST_PAIRS:
        return constant_noise(UNKNOWN)
    half_square = np.maximum((pairs[:, 0] - pairs[:, 1]) ** 2 / 2, FLOOR)
    terms = _terms(u)
    start = np.zeros(terms.shape[1])
    start[0] = np.log(half_square.mean())
    coefficients = minimize(
        _minus_log_density, start, args=(terms, half_square), jac=True, method="L-BFGS-B"
    ).x
    fitted = np.exp(terms @ coefficients)
    return Noise(coefficients, float(fitted.min()), float(fitted.max()))


class Kernel(NamedTuple):
    """Length scales l [n], amplitude a, and the factor on the noise's variance."""

    lengths: Array
    amplitude: float
    noise_factor: float

    def __call__(self, left: Array, right: Array) -> Array:
        """Prior covariance of g between rows of ``left`` [m, n] and ``right`` [k, n]: [m, k]."""
        left, right = left / self.lengths, right / self.lengths
        distance = np.sum(left**2, axis=1)[:, None] + np.sum(right**2, axis=1) - 2 * left @ right.T
        return self.amplitude**2 * np.exp(-0.5 * np.maximum(distance, 0))


@dataclass(frozen=True)
class Process:
    """A fitted mean function, with what it takes to write it down elsewhere.

    Attributes
    ----------
    coefficients : of the terms of :func:`quadratic_terms`.
    inducing : points [k, n].
    weights : of the kernel at the inducing points [k].
    kernel : see :class:`Kernel`.
    """

    coefficients: Array
    inducing: Array
    weights: Array
    kernel: Kernel

    def __call__(self, u: Array) -> Array:
        """Fitted mean [m] at the rows of u [m, n]."""
        return quadratic_terms(u) @ self.coefficients + self.kernel(u, self.inducing) @ self.weights

    @property
    def quadratic(self) -> tuple[float, Array, Array]:
        """c, b [n] and A [n, n], symmetric."""
        n = self.inducing.shape[1]
        square = np.zeros((n, n))
        square[np.triu_indices(n)] = self.coefficients[n + 1 :]
        return float(self.coefficients[0]), self.coefficients[1 : n + 1], (square + square.T) / 2


class Regression(NamedTuple):
    """A process and what its fit says about its own error at the points it was fitted to.

    Attributes
    ----------
    process : the fitted function.
    left_out : prediction [m] of each point from all the others, exact for given length scales.
    """

    process: Process
    left_out: Array


def quadratic_terms(u: Array) -> Array:
    """1, u_i and u_i u_j for i <= j: [m, 1 + n + n (n + 1) / 2] for u [m, n]."""
    rows, columns = np.triu_indices(u.shape[1])
    return np.column_stack([np.ones(len(u)), u, u[:, rows] * u[:, columns]])


def regress(u: Array, y: Array, variance: Array, generator: np.random.Generator) -> Regression:
    """Fit a process.

    Parameters
    ----------
    u : points [m, n], of order one.
    y : values [m].
    variance : of the noise in y [m], up to a common factor.
    generator : chooses inducing points and those from which length scales are learnt.
    """
    level = float(np.mean(y))
    some = generator.permutation(len(u))[:TUNING_POINTS]
    kernel = tuned_kernel(u[some], y[some] - level, variance[some])
    inducing = u[generator.permutation(len(u))[: min(INDUCING, len(u) // 2)]]
    # Bayesian linear regression on the quadratic terms and the whitened kernel at the inducing points
    y, variance = y - level, kernel.noise_factor * variance
    root = cholesky(
        kernel(inducing, inducing) + JITTER * kernel.amplitude**2 * np.eye(len(inducing)), lower=True
    )
    of_g = solve_triangular(root, kernel(inducing, u), lower=True).T
    features = np.hstack([QUADRATIC_SD * quadratic_terms(u), of_g])
    weighted = features / np.sqrt(variance)[:, None]
    factor = cho_factor(weighted.T @ weighted + np.eye(weighted.shape[1]), lower=True)
    solved = cho_solve(factor, weighted.T @ (y / np.sqrt(variance)))
    fitted = features @ solved
    spread = np.sum(solve_triangular(factor[0], features.T, lower=True) ** 2, axis=0)
    left_out = y - (y - fitted) / (1 - spread / variance)
    n_quadratic = features.shape[1] - len(inducing)
    coefficients = QUADRATIC_SD * solved[:n_quadratic]
    coefficients[0] += level
    weights = solve_triangular(root, solved[n_quadratic:], lower=True, trans=1)
    return Regression(Process(coefficients, inducing, weights, kernel), left_out + level)


def tuned_kernel(u: Array, y: Array, variance: Array) -> Kernel:
    """Kernel that maximises the marginal likelihood of y [m] at u [m, n]."""
    n = u.shape[1]
    scaled = QUADRATIC_SD * quadratic_terms(u)
    start = np.concatenate([np.full(n, USUAL_LOG_LENGTH), [1.0, 0.0]])
    search = minimize(
        _minus_log_evidence,
        start,
        args=(u, y, variance, scaled @ scaled.T),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-1.0, 5.0)] * n + [(-3.0, 6.0), (-3.0, 3.0)],
        options={"maxiter": TUNING_STEPS},
    )
    return _kernel(search.x)


def _transform(prior: Prior) -> str:
    scale_parameter = prior.density.startswith("inv_gamma")
    if not (prior.lower > 0 or (scale_parameter and prior.lower >= 0)):
        return IDENTITY
    return LOG_ODDS if prior.upper < 1 and not scale_parameter else LOG


def _terms(u: Array) -> Array:
    return np.column_stack([np.ones(len(u)), np.clip(u, -REACH, REACH)])


def _minus_log_density(coefficients: Array, terms: Array, half_square: Array) -> tuple[float, Array]:
    """Of half squares whose ratio to exp(terms @ coefficients) is chi-squared(1), with a ridge on slopes."""
    slopes = np.concatenate([[0.0], coefficients[1:]])
    log_variance = terms @ coefficients
    ratio = half_square * np.exp(-log_variance)
    value = 0.5 * np.sum(log_variance + ratio) + RIDGE * slopes @ slopes
    return float(value), terms.T @ (0.5 * (1 - ratio)) + 2 * RIDGE * slopes


def _kernel(logs: Array) -> Kernel:
    lengths, (amplitude, factor) = np.exp(logs[:-2]), np.exp(logs[-2:])
    return Kernel(lengths, float(amplitude), float(factor))


def _minus_log_evidence(
    logs: Array, u: Array, y: Array, variance: Array, of_quadratic: Array
) -> tuple[float, Array]:
    """Minus the log marginal likelihood and its gradient in the logs (Rasmussen and Williams, eq. 5.9)."""
    kernel = _kernel(logs)
    of_g, noise = kernel(u, u), kernel.noise_factor * variance
    total = of_g + of_quadratic + np.diag(noise + JITTER * kernel.amplitude**2)
    factor = cho_factor(total, lower=True)
    weighted = cho_solve(factor, y)
    value = 0.5 * y @ weighted + np.log(np.diag(factor[0])).sum()
    pull = 0.5 * (cho_solve(factor, np.eye(len(y))) - np.outer(weighted, weighted))
    distance_pull, scaled = pull * of_g, u / kernel.lengths
    of_lengths = 2 * (
        distance_pull.sum(axis=1) @ scaled**2 - np.sum(scaled * (distance_pull @ scaled), axis=0)
    )
    gradient = [*of_lengths, 2 * distance_pull.sum(), np.diag(pull) @ noise]
    surprise = logs[:-2] - USUAL_LOG_LENGTH
    gradient[:-2] += surprise
    return float(value + 0.5 * surprise @ surprise), np.array(gradient)
