"""Chebyshev interpolation against functions whose values and slopes are known."""

import numpy as np
import pytest

from surrogate.errors import BadData
from surrogate.reference.numerics import ChebyshevAxis


def test_a_smooth_function_is_reproduced_with_its_slope() -> None:
    axis, points = ChebyshevAxis(-1.0, 3.0, 20), np.linspace(-1, 3, 57)
    np.testing.assert_allclose(axis.interpolation(points) @ np.exp(axis.nodes), np.exp(points), rtol=1e-10)
    coefficients = np.array(axis.to_coefficients @ np.exp(axis.nodes)[:, None], dtype=float)
    np.testing.assert_allclose(axis.slopes(points, coefficients)[:, 0], np.exp(points), rtol=1e-8)


def test_beyond_its_ends_a_function_goes_on_straight() -> None:
    axis = ChebyshevAxis(0.0, 1.0, 6)
    found = axis.interpolation([[-1.0, 3.0]]) @ axis.nodes**2
    np.testing.assert_allclose(found, [[0.0, 1 + 2 * 2]], atol=1e-12)


def test_a_value_outside_is_refused_by_name() -> None:
    axis = ChebyshevAxis(0.0, 1.0, 6)
    axis.require_inside([0.0, 1.0 + 1e-12], "capital")
    with pytest.raises(BadData, match=r"capital from 0\.5 to 2"):
        axis.require_inside([0.5, 2.0], "capital")
