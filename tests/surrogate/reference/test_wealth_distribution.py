"""Lorenz curves against distributions whose curves are known."""

import numpy as np
import pytest

from surrogate.errors import BadData
from surrogate.reference.wealth_distribution import lorenz

MIDDLES = (np.arange(20_000) + 0.5) / 20_000
"""Quantiles of 20,000 equal masses: sums are integrals up to 1e-4 of them."""


def test_where_all_own_the_same_the_curve_is_the_diagonal() -> None:
    curve = lorenz(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0]))
    assert curve.gini() == pytest.approx(0, abs=1e-15)
    assert curve.share(0.4, 0.6) == pytest.approx(0.2)


def test_where_wealth_is_uniform() -> None:
    """L(p) = p^2."""
    curve = lorenz(MIDDLES, np.full(MIDDLES.shape, 1 / 20_000))
    assert curve.gini() == pytest.approx(1 / 3, abs=1e-4)
    assert curve.share(0.9, 1.0) == pytest.approx(0.19, abs=1e-4)
    assert curve.share(0.0, 0.5) == pytest.approx(0.25, abs=1e-4)


def test_where_wealth_is_exponential() -> None:
    """L(p) = p + (1 - p) log(1 - p), on uneven nodes with uneven masses."""
    edges = 40 * np.linspace(0, 1, 4_001) ** 2
    masses, nodes = -np.diff(np.exp(-edges)), (edges[1:] + edges[:-1]) / 2
    curve = lorenz(nodes, masses)
    assert curve.gini() == pytest.approx(1 / 2, abs=1e-3)
    assert curve.share(0.0, 0.8) == pytest.approx(0.8 + 0.2 * np.log(0.2), abs=1e-3)


def test_shares_add_up_for_many_histograms_at_once_and_scale_does_not_matter() -> None:
    masses = np.random.default_rng(0).uniform(0, 1, (2, 3, 50))
    curve = lorenz(np.arange(50.0), masses)
    fifths = [curve.share(low / 5, (low + 1) / 5) for low in range(5)]
    assert fifths[0].shape == curve.gini().shape == (2, 3)
    np.testing.assert_allclose(sum(fifths), 1.0)
    assert np.all(np.diff(fifths, axis=0) > 0)
    np.testing.assert_allclose(lorenz(7 * np.arange(50.0), 3 * masses).gini(), curve.gini())


def test_slightly_negative_masses_leave_a_curve_that_rises() -> None:
    curve = lorenz(np.arange(4.0), np.array([0.5, -1e-5, 0.5 + 1e-5, 0.0]))
    assert np.all(np.diff(curve.population) >= 0)
    assert np.all(np.diff(curve.wealth) >= 0)


@pytest.mark.parametrize("masses", [np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([np.nan, 1.0, 1.0])])
def test_a_histogram_without_mass_or_wealth_is_refused(masses: np.ndarray) -> None:
    with pytest.raises(BadData, match="without mass or without wealth"):
        lorenz(np.arange(3.0), masses)


@pytest.mark.parametrize("quantiles", [(0.5, 0.5), (0.9, 0.1), (-0.1, 0.5), (0.5, 1.1)])
def test_quantiles_out_of_order_are_refused(quantiles: tuple[float, float]) -> None:
    with pytest.raises(BadData, match="give 0 <= low < high <= 1"):
        lorenz(np.arange(3.0), np.ones(3)).share(*quantiles)
