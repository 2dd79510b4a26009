"""A quadratic surface through the log Euler errors of many parameter vectors: where the economy is hard to
solve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.card import ParameterRange
from surrogate.region import TRANSFORMS, Region

Array = NDArray[np.floating[Any]]


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
        straight = _straighten([each.transform for each in ranges], theta)
        centre, scale = straight.mean(0), straight.std(0)
        terms = _quadratic_terms((straight - centre) / scale)
        return cls.of(ranges, centre, scale, np.linalg.lstsq(terms, errors, rcond=None)[0])

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
        """The region where the predicted error is at most `level`."""
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


def _straighten(transforms: Sequence[str], theta: Array) -> Array:
    return np.stack(
        [TRANSFORMS[name](column) for name, column in zip(transforms, theta.T, strict=True)], axis=1
    )


def _quadratic_terms(u: Array) -> Array:
    rows, columns = np.triu_indices(u.shape[1])
    return np.concatenate([np.ones((len(u), 1)), u, u[:, rows] * u[:, columns]], axis=1)
