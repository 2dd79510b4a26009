"""The lottery of four nodes against the moments that it promises."""

import numpy as np
import pytest

from surrogate.errors import BadConfiguration
from surrogate.reference.lottery import WealthGrid, even_cubic, lottery

GRID = WealthGrid(40, most=300.0, power=2.5)


def moved(wealth: np.ndarray, power: int) -> np.ndarray:
    """sum_j w_j k_j^power of the mass that saves each of `wealth` [m]."""
    first, weights = lottery(GRID, wealth)
    return (weights * GRID.nodes[first[:, None] + np.arange(4)] ** power).sum(axis=1)


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_mass_and_three_moments_are_exact_between_the_ends(power: int) -> None:
    wealth = np.random.default_rng(0).uniform(GRID.nodes[1], GRID.nodes[-2], 1_000)
    np.testing.assert_allclose(moved(wealth, power), wealth**power, rtol=1e-12)


def test_in_the_cells_at_the_ends_mass_and_mean_are_exact_and_no_weight_is_negative() -> None:
    inside = np.random.default_rng(1).uniform(0, 1, 200)
    low, high = GRID.nodes[1] * inside, GRID.nodes[-2] + (GRID.most - GRID.nodes[-2]) * inside
    for wealth in (low, high):
        np.testing.assert_allclose(moved(wealth, 0), 1.0, rtol=1e-14)
        np.testing.assert_allclose(moved(wealth, 1), wealth, rtol=1e-13)
        assert lottery(GRID, wealth)[1].min() >= 0


def test_mass_at_a_node_stays_there() -> None:
    first, weights = lottery(GRID, GRID.nodes)
    masses = np.zeros((40, 40))
    np.put_along_axis(masses, first[:, None] + np.arange(4), weights, axis=1)
    np.testing.assert_allclose(masses, np.eye(40), atol=1e-12)


def test_who_saves_nothing_is_at_the_limit_exactly_and_nobody_leaves_the_grid() -> None:
    first, weights = lottery(GRID, np.array([0.0, 1e9]))
    assert first.tolist() == [0, 36]
    assert weights.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]


def test_the_shape_of_wealth_is_kept() -> None:
    first, weights = lottery(GRID, np.full((3, 5), 7.0))
    assert first.shape == (3, 5)
    assert weights.shape == (3, 5, 4)


def test_even_cubic_draws_a_cubic_through_four_points() -> None:
    place = np.linspace(-0.5, 3.5, 17)
    cubic = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.3])
    drawn = sum(weight * cubic(node) for node, weight in enumerate(even_cubic(place)))
    np.testing.assert_allclose(drawn, cubic(place), atol=1e-12)


@pytest.mark.parametrize("wrong", [(3, 1.0, 2.0), (10, 0.0, 2.0), (10, 1.0, 0.5), (10, np.inf, 2.0)])
def test_a_grid_that_makes_no_sense_is_refused(wrong: tuple[int, float, float]) -> None:
    with pytest.raises(BadConfiguration, match="a grid of wealth"):
        WealthGrid(*wrong)
