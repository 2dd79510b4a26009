"""Chebyshev interpolation on an interval, straight beyond its ends.

A polynomial runs away outside the interval that it interpolates on, so there it goes on as its tangent.
"""

from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadData

Array = NDArray[np.float64]


class ChebyshevAxis:
    """Nodes at the extrema of a Chebyshev polynomial on [lower, upper].

    Attributes
    ----------
    nodes : [n], rising, both ends included.
    to_coefficients : [n, n], from values at the nodes to coefficients of T_0 ... T_(n-1).
    differentiation : [n, n], from coefficients to those of the derivative in natural units.
    """

    def __init__(self, lower: float, upper: float, count: int) -> None:
        self.lower, self.upper, self.count = float(lower), float(upper), count
        on_unit_interval = -np.cos(np.pi * np.arange(count) / (count - 1))
        self.nodes = self.lower + (on_unit_interval + 1) / 2 * (self.upper - self.lower)
        self.to_coefficients = np.linalg.inv(chebyshev.chebvander(on_unit_interval, count - 1))

    @cached_property
    def differentiation(self) -> Array:
        """See the attributes."""
        derivative = np.zeros((self.count, self.count))
        derivative[:-1] = chebyshev.chebder(np.eye(self.count))
        return derivative * 2 / (self.upper - self.lower)

    def polynomials(self, points: ArrayLike) -> Array:
        """T_0 ... T_(n-1) at points of any shape, [..., n]; tangents beyond the ends."""
        at = np.asarray(points, dtype=float)
        inside = np.clip(at, self.lower, self.upper)
        unit = 2 * (inside - self.lower) / (self.upper - self.lower) - 1
        values = np.asarray(chebyshev.chebvander(unit, self.count - 1), dtype=float)
        beyond = at != inside
        values[beyond] += (at - inside)[beyond, None] * (values[beyond] @ self.differentiation)
        return values

    def slopes(self, points: ArrayLike, coefficients: Array) -> Array:
        """Derivatives [..., m, k] at points [..., m] of the functions with coefficients [..., n, k]."""
        inside = np.clip(points, self.lower, self.upper)
        return self.polynomials(inside) @ (self.differentiation @ coefficients)

    def interpolation(self, points: ArrayLike) -> Array:
        """Weights [..., n] on the values at the nodes that interpolate at points of any shape."""
        return self.polynomials(points) @ self.to_coefficients

    def require_inside(self, values: ArrayLike, name: str) -> None:
        """Raise `BadData` unless all values lie on the interval, but for rounding."""
        at, slack = np.asarray(values, dtype=float), 1e-9 * (self.upper - self.lower)
        if at.size and not (at.min() >= self.lower - slack and at.max() <= self.upper + slack):
            raise BadData(
                f"{name} from {at.min():g} to {at.max():g} leaves the grid from {self.lower:g} to "
                f"{self.upper:g}: solve on a wider grid."
            )
