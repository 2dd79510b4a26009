"""Numerical methods that classical solutions share.

Chebyshev interpolation on an interval: a polynomial runs away outside the interval that it interpolates on,
so there it goes on as its tangent. Newton's method with step halving, and continuation from an easy problem
to a hard one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, LinAlgWarning, solve

from ..errors import BadData, SurrogateError

Array = NDArray[np.float64]
System = Callable[[Array], tuple[Array, Array]]
"""From x [n] to residuals [n], NaN where they are undefined, and their Jacobian [n, n]."""
Found = TypeVar("Found")
SHORTEST_STEP = 1 / 16


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


class NoConvergence(SurrogateError):
    """No root was found."""


def newton(system: System, guess: Array, tolerance: float, iterations: int = 15) -> Array:
    """A root [n] of `system` at which no residual exceeds `tolerance`.

    Raises
    ------
    NoConvergence : the residuals stopped falling, or too many iterations.
    """
    x, (residuals, jacobian) = guess, system(guess)
    for _ in range(iterations):
        if np.abs(residuals).max() <= tolerance:
            return x
        x, residuals, jacobian = _descend(system, x, residuals, jacobian)
    raise NoConvergence(f"no root after {iterations} Newton steps")


def follow(solve_at: Callable[[float, Found | None], Found]) -> Found:
    """Solve at 1, by way of smaller values where the answer is not found at once.

    Parameters
    ----------
    solve_at : solution at a value in (0, 1], given one at a smaller value to start from, if there is any.

    Raises
    ------
    NoConvergence : the path of solutions ends before 1; the message says where.
    """
    reached, step, found = 0.0, 1.0, None
    while found is None or reached < 1:
        target = min(1.0, reached + step)
        try:
            found = solve_at(target, found)
        except NoConvergence as error:
            step /= 2
            if step < SHORTEST_STEP:
                raise NoConvergence(f"solutions could be followed to {reached:.0%} of the way") from error
        else:
            reached, step = target, 2 * step
    return found


def _descend(system: System, x: Array, residuals: Array, jacobian: Array) -> tuple[Array, Array, Array]:
    """The next point, its residuals and Jacobian: the full step if residuals fall, else a shorter one."""
    try:
        direction, length = -solve(jacobian, residuals, check_finite=True), 1.0
    except (LinAlgError, LinAlgWarning, ValueError) as error:
        raise NoConvergence("the Jacobian is singular") from error
    while length >= SHORTEST_STEP:
        candidate = x + length * direction
        values, slopes = system(candidate)
        if np.abs(values).max() < np.abs(residuals).max():  # false where undefined
            return candidate, values, slopes
        length /= 2
    raise NoConvergence("the residuals stopped falling")
