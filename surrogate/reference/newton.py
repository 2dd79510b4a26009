"""Newton's method with step halving, and continuation from an easy problem to a hard one."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, LinAlgWarning, solve

from surrogate.errors import SurrogateError

Array = NDArray[np.float64]
System = Callable[[Array], tuple[Array, Array]]
"""From x [n] to residuals [n], NaN where they are undefined, and their Jacobian [n, n]."""
Found = TypeVar("Found")

SHORTEST_STEP = 1 / 16


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
    direction, length = _direction(jacobian, residuals), 1.0
    while length >= SHORTEST_STEP:
        candidate = x + length * direction
        found, slopes = system(candidate)
        if np.abs(found).max() < np.abs(residuals).max():  # false where undefined
            return candidate, found, slopes
        length /= 2
    raise NoConvergence("the residuals stopped falling")


def _direction(jacobian: Array, residuals: Array) -> Array:
    try:
        return -solve(jacobian, residuals, check_finite=True)
    except (LinAlgError, LinAlgWarning, ValueError) as error:
        raise NoConvergence("the Jacobian is singular") from error
