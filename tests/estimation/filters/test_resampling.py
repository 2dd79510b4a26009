"""Weights and systematic resampling."""

import numpy as np
import pytest

from estimation.filters.particles import effective_sample_size, normalise, systematic


def test_weights_survive_underflow():
    log_sum, weights = normalise(np.array([[-5000.0, -5000.0 + np.log(3.0)]]))
    assert log_sum[0] == pytest.approx(-5000 + np.log(4), abs=1e-9)
    np.testing.assert_allclose(weights, [[0.25, 0.75]], rtol=1e-10)


def test_exploded_particle_has_no_weight():
    log_sum, weights = normalise(np.array([[np.nan, 0.0, 0.0]]))
    assert log_sum[0] == pytest.approx(np.log(2))
    np.testing.assert_allclose(weights, [[0.0, 0.5, 0.5]])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_cloud_without_weight_has_minus_infinity_and_leaves_the_others_alone(value):
    log_sum, weights = normalise(np.array([[value, value], [0.0, np.log(3)]]))
    assert log_sum[0] == -np.inf
    assert log_sum[1] == pytest.approx(np.log(4))
    np.testing.assert_allclose(weights, [[0.5, 0.5], [0.25, 0.75]])


def test_effective_sample_size_counts_equal_weights():
    np.testing.assert_allclose(effective_sample_size(np.array([[0.25] * 4, [0.5, 0.5, 0, 0]])), [4, 2])


def test_expected_children_are_proportional_to_weights():
    generator = np.random.default_rng(0)
    weights = generator.dirichlet(np.ones(7))
    replications = 20_000
    ancestors = systematic(np.tile(weights, (replications, 1)), generator.random(replications))
    children = np.bincount(ancestors % 7, minlength=7) / replications
    np.testing.assert_allclose(children, 7 * weights, atol=5 * 0.5 / np.sqrt(replications))


def test_children_differ_from_their_expectation_by_less_than_one():
    generator = np.random.default_rng(1)
    weights = generator.dirichlet(np.full(50, 0.3), size=40)
    ancestors = systematic(weights, generator.random(40)).reshape(40, 50)
    for cloud, (row, children) in enumerate(zip(weights, ancestors, strict=True)):
        counts = np.bincount(children - 50 * cloud, minlength=50)
        assert counts.sum() == 50
        assert np.abs(counts - 50 * row).max() < 1


def test_equal_weights_keep_every_particle():
    ancestors = systematic(np.full((3, 10), 0.1), np.array([0.001, 0.5, 0.999]))
    np.testing.assert_array_equal(ancestors, np.arange(30))


@pytest.mark.parametrize("offset", [0.0, 0.5, 1 - 1e-9])
def test_all_weight_on_one_particle(offset):
    for position in (0, 4, 9):
        weights = np.zeros((1, 10))
        weights[0, position] = 1.0
        np.testing.assert_array_equal(systematic(weights, np.array([offset])), position)
