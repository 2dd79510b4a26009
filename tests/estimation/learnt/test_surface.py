"""The bias of log p and the noise of a filter, on a likelihood with noise of known variance."""

import numpy as np
import pytest

from estimation import make_prior
from estimation.learnt.regression import fit_noise
from estimation.learnt.surface import Design, drawn_together, fit_surface, slope, spread_out
from estimation.priors import PriorSet

PRIORS = PriorSet({"a": make_prior("normal_pdf", 0.0, 3.0), "b": make_prior("gamma_pdf", 2.0, 0.7)})
VARIANCE = 0.8


def true_log_likelihood(theta):
    a, b = theta.T
    return -50 - 2 * (a - np.sin(b)) ** 2 - 5 * np.log(b / 2) ** 2


def noisy_design(size=1500, variance=VARIANCE, seed=0):
    """Pairs of calls whose log p is normal around the log likelihood less half its variance."""
    generator = np.random.default_rng(seed)
    theta = np.column_stack([generator.normal(0.8, 1.0, size), np.exp(generator.normal(0.7, 0.4, size))])
    noise = np.sqrt(variance) * generator.normal(size=(size, 2))
    values = true_log_likelihood(theta)[:, None] - variance / 2 + noise
    return Design(("a", "b"), theta, np.ones(size, int), np.full(size, 2), values)


def test_the_bias_of_log_p_is_taken_out():
    design = noisy_design()
    fit = fit_surface(design, PRIORS, np.random.default_rng(0), noisy=True)
    near = fit.depth < 10
    exact = true_log_likelihood(design.theta)
    error = fit.surface.everywhere(design.theta) - exact
    standard_error = np.sqrt(VARIANCE / 2 / near.sum())
    assert abs(error[near].mean()) < 3 * standard_error + VARIANCE * np.sqrt(2 / near.sum())
    assert np.mean(design.mean[near] - exact[near]) == pytest.approx(-VARIANCE / 2, abs=3 * standard_error)
    assert error[near].std() < 0.15


def test_noise_is_not_learnt():
    design = noisy_design()
    fit = fit_surface(design, PRIORS, np.random.default_rng(0), noisy=True)
    near = fit.depth < 10
    residual = fit.target[near] - fit.fitted[near]
    assert np.std(residual) == pytest.approx(np.sqrt(VARIANCE / 2), rel=0.1)
    held_out = fit.held_out_error(10.0)
    assert held_out.sd == pytest.approx(np.std(residual), rel=0.1)


def test_left_out_predictions_are_those_of_a_fit_without_the_point():
    design = noisy_design(size=60)
    whole = fit_surface(design, PRIORS, np.random.default_rng(0), noisy=True)
    error = np.abs(whole.left_out - whole.target).mean()
    assert error > np.abs(whole.fitted - whole.target).mean()


def test_variance_regression_finds_where_a_filter_is_noisy():
    generator = np.random.default_rng(2)
    u = generator.normal(size=(3000, 3))
    variance = np.exp(-1 + 0.5 * u[:, 0])
    noise = fit_noise(u, np.sqrt(variance)[:, None] * generator.normal(size=(3000, 2)))
    inner = np.abs(u[:, 0]) < 2
    np.testing.assert_allclose(noise(u)[inner], variance[inner], rtol=0.25)


def test_depths_are_drawn_together_and_spread_out_again():
    depth = np.array([-1.0, 0.0, 10.0, 25.0, 26.0, 500.0, np.inf])
    together = drawn_together(depth, 25.0)
    np.testing.assert_allclose(spread_out(together, 25.0)[:-1], depth[:-1])
    np.testing.assert_allclose(together[:4], depth[:4])
    assert np.isfinite(together).all()
    step = 1e-6
    numeric = (drawn_together(depth[:-1] + step, 25.0) - drawn_together(depth[:-1] - step, 25.0)) / (2 * step)
    np.testing.assert_allclose(numeric, np.minimum(slope(depth[:-1], 25.0), 1.0), atol=1e-5)


def test_design_survives_a_file(tmp_path):
    from estimation.learnt.surface import read_design

    design = noisy_design(size=20).extended(np.array([[0.1, 0.2]]), 2, 1)
    design.save(tmp_path / "design.csv")
    again = read_design(tmp_path / "design.csv", design.names)
    np.testing.assert_array_equal(again.theta, design.theta)
    np.testing.assert_array_equal(again.values, design.values)
    assert again.waiting.sum() == 1
