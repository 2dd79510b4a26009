"""Coordinates in which a log likelihood is close to a quadratic form: transformed parameters, whitened.

A parameter that stays positive over its range enters by its logarithm, one that stays between zero and one by
its log odds, any other as it is. A linear map then takes the points that matter to mean zero and unit
covariance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from estimation.priors import Prior, PriorSet

Array = NDArray[np.float64]

IDENTITY, LOG, LOG_ODDS = "identity", "log", "log odds"
TINY = 1e-12
LEAST_SPREAD = 1e-6
"""Share of the spread over all points below which a direction counts as flat."""


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


def _transform(prior: Prior) -> str:
    scale_parameter = prior.density.startswith("inv_gamma")
    if not (prior.lower > 0 or (scale_parameter and prior.lower >= 0)):
        return IDENTITY
    return LOG_ODDS if prior.upper < 1 and not scale_parameter else LOG
