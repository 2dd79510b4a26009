"""Newton's method and continuation on problems whose roots are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from surrogate.reference.numerics import NoConvergence, follow, newton

Array = NDArray[np.float64]


def parabola(height: float):
    """x^2 = height, whose roots meet and vanish as height falls to zero."""
    return lambda x: (x**2 - height, np.diag(2 * x))


def test_root_of_a_parabola() -> None:
    np.testing.assert_allclose(newton(parabola(2.0), np.array([10.0]), 1e-12), np.sqrt(2))


def test_no_root_is_said() -> None:
    with pytest.raises(NoConvergence):
        newton(parabola(-1.0), np.array([3.0]), 1e-12)


def test_a_full_step_into_the_undefined_is_shortened() -> None:
    def logarithm(x: Array) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore"):
            return np.log(x), np.diag(1 / x)

    np.testing.assert_allclose(newton(logarithm, np.array([20.0]), 1e-12), 1.0)


def test_solutions_are_followed_where_one_leap_fails() -> None:
    def arctangent(share: float, start: Array | None) -> Array:
        centre = 40 * share
        guess = np.zeros(1) if start is None else start
        return newton(
            lambda x: (np.arctan(x - centre) + 1e-3 * (x - centre), np.diag(1 / (1 + (x - centre) ** 2))),
            guess,
            1e-12,
        )

    np.testing.assert_allclose(follow(arctangent), 40.0)


def test_the_end_of_a_path_is_named() -> None:
    def until_three_quarters(share: float, start: Array | None) -> Array:
        return newton(parabola(0.75 - share), np.ones(1) if start is None else start, 1e-12)

    with pytest.raises(NoConvergence, match=r"to (69|7[0-5])% of the way"):
        follow(until_three_quarters)
