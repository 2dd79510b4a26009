"""Where in its box an economy has an equilibrium and is hard to solve, as surfaces over the parameters.

A theorem or the classical solution method may tell where there is an equilibrium. A quadratic surface goes
through log Euler errors, where the economy is hard to solve; or between what works and what fails, where it
can be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..artifact.card import ParameterRange
from ..artifact.region import TRANSFORMS, Region
from ..economy import Witness
from ..models.interface import Model
from ..models.registry import entry_of

VECTORS = 1_500
TOLERATED = 0.005
"""Share of vectors without an equilibrium that a region may contain."""
SEED = 19_910_101
Array = NDArray[np.floating[Any]]
ROUNDING = 1e-12
RIDGE = 0.1
"""Penalty on the squared coefficients of a separating surface, in observations: it keeps them finite."""


def proven_region(model: Model) -> Region | None:
    """Where the economy has an equilibrium, exactly; None if no theorem says so."""
    economy = entry_of(model)
    return None if economy is None else economy.proven_region(model.parameters)


def has_equilibrium(model: Model, theta: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the economy has an equilibrium at each row of theta [n, n_parameters]: bool [n].

    True throughout where nothing can tell.
    """
    region = proven_region(model)
    if region is not None:
        return region.contains(theta)
    exists = _witness(model)
    if exists is None:
        return np.ones(len(theta), dtype=bool)
    return exists({each.name: column for each, column in zip(model.parameters, theta.T, strict=True)})


def existence_region(model: Model) -> Region | None:
    """Where in the box there is an equilibrium; None if nothing can tell, or the classical method finds one
    nearly everywhere.
    """
    return None if entry_of(model) is None else _region_of(model.written)


@dataclass(frozen=True)
class Surface:
    """error = constant + linear . u + u' quadratic u, with u the parameters straightened and standardised."""

    transforms: tuple[str, ...]
    centre: Array
    scale: Array
    coefficients: Array

    @classmethod
    def fit(cls, ranges: Sequence[ParameterRange], theta: Array, errors: Array) -> Surface:
        """Least squares of `errors` [n] on 1, u_i and u_i u_j at `theta` [n, n_parameters]."""
        centre, scale, terms = _standardised(ranges, theta)
        return cls.of(ranges, centre, scale, np.linalg.lstsq(terms, errors, rcond=None)[0])

    @classmethod
    def between(cls, ranges: Sequence[ParameterRange], theta: Array, failed: NDArray[np.bool_]) -> Surface:
        """The log odds that a vector fails, by ridge logistic regression of `failed` [n] on the same terms.

        What counts is the boundary, where a least-squares fit would look at points far from it.
        """
        centre, scale, terms = _standardised(ranges, theta)

        def loss(coefficients: Array) -> tuple[float, Array]:
            """Penalised minus log likelihood and its gradient."""
            odds = terms @ coefficients
            error = 1 / (1 + np.exp(-odds)) - failed
            value = (np.logaddexp(0, odds) - odds * failed).sum() + RIDGE / 2 * coefficients @ coefficients
            return float(value) / len(odds), (terms.T @ error + RIDGE * coefficients) / len(odds)

        minimum = minimize(loss, np.zeros(terms.shape[1]), jac=True, method="BFGS")
        return cls.of(ranges, centre, scale, minimum.x)

    @classmethod
    def of(
        cls, ranges: Sequence[ParameterRange], centre: Array, scale: Array, coefficients: Array
    ) -> Surface:
        """A surface from numbers fitted before."""
        return cls(tuple(each.transform for each in ranges), centre, scale, coefficients)

    def predict(self, theta: Array) -> Array:
        """Predicted errors [n] at `theta` [n, n_parameters]."""
        return (
            _quadratic_terms((_straighten(self.transforms, theta) - self.centre) / self.scale)
            @ self.coefficients
        )

    def below(self, level: float, description: str) -> Region:
        """The region where the prediction is at most `level`."""
        n = len(self.transforms)
        upper = np.zeros((n, n))
        upper[np.triu_indices(n)] = self.coefficients[1 + n :]
        return Region(
            description=description,
            transforms=self.transforms,
            center=tuple(self.centre.tolist()),
            scale=tuple(self.scale.tolist()),
            constant=float(self.coefficients[0] - level),
            linear=tuple(self.coefficients[1 : 1 + n].tolist()),
            quadratic=tuple(tuple(row) for row in ((upper + upper.T) / 2).tolist()),
        )


def largest_level(predicted: Array, failed: NDArray[np.bool_], tolerated: float) -> float:
    """Largest level of `predicted` [n] up to which at most the share `tolerated` of the vectors `failed`."""
    order = np.argsort(predicted)
    failing = np.cumsum(failed[order]) / np.arange(1, len(order) + 1)
    allowed = np.flatnonzero(failing <= tolerated)
    return float(predicted[order][allowed[-1]]) if len(allowed) else float(predicted.min())


@cache
def _region_of(written: type[Model]) -> Region | None:
    model = written()
    region = proven_region(model)
    if region is not None or _witness(model) is None:
        return region
    lower, upper = np.array([(each.lower, each.upper) for each in model.parameters]).T
    theta = np.random.default_rng(SEED).uniform(lower, upper, size=(VECTORS, len(lower)))
    failed = ~has_equilibrium(model, theta)
    if failed.mean() <= TOLERATED:
        return None
    surface = Surface.between(model.parameters, theta, failed)
    level = largest_level(surface.predict(theta), failed, TOLERATED)
    return surface.below(level, "a classical method finds an equilibrium")


def _witness(model: Model) -> Witness | None:
    economy = entry_of(model)
    return None if economy is None else economy.witness()


def _straighten(transforms: Sequence[str], theta: Array) -> Array:
    return np.stack(
        [TRANSFORMS[name](column) for name, column in zip(transforms, theta.T, strict=True)], axis=1
    )


def _standardised(ranges: Sequence[ParameterRange], theta: Array) -> tuple[Array, Array, Array]:
    """Centre, scale and quadratic terms of the straightened parameters; one for the scale of those that are
    the same in all rows, but for rounding.
    """
    straight = _straighten([each.transform for each in ranges], theta)
    centre, spread = straight.mean(0), straight.std(0)
    scale = np.where(spread > ROUNDING * np.abs(centre), spread, 1.0)
    return centre, scale, _quadratic_terms((straight - centre) / scale)


def _quadratic_terms(u: Array) -> Array:
    rows, columns = np.triu_indices(u.shape[1])
    return np.concatenate([np.ones((len(u), 1)), u, u[:, rows] * u[:, columns]], axis=1)
