"""The parts of the published experiment that do not take minutes."""

import numpy as np
import pytest

from benchmarks.nk_zlb_by_time_iteration import DoublePrecision, TimeIteration
from benchmarks.published_experiment import TRUTH, carried, differences, weighted_quantiles
from surrogate import load
from surrogate.reference.new_keynesian import solve_nk_zlb


@pytest.fixture(scope="module")
def surrogate():
    return load("nk_zlb")


@pytest.fixture(scope="module")
def economy(surrogate):
    return TimeIteration(surrogate)


def test_time_iteration_in_a_filter_is_the_reference_solution(surrogate, economy):
    theta = surrogate.parameter_array({name: [value, 0.9 * value] for name, value in TRUTH.items()})
    states = np.linspace(-0.06, 0.06, 8)[:, None]
    for row, part in zip(theta, (slice(0, 4), slice(4, 8)), strict=True):
        solution = solve_nk_zlb(dict(zip(surrogate.parameter_names, row, strict=True)))
        expected = solution.controls({"preference": states[part, 0]})
        found = economy.policy(states, theta)[part]
        np.testing.assert_allclose(found[:, 0], expected["labor"], rtol=1e-5)
        np.testing.assert_allclose(found[:, 1], expected["inflation"], rtol=1e-6)


def test_time_iteration_steps_as_the_surrogate_does(surrogate, economy):
    theta = surrogate.parameter_array(TRUTH)
    states = np.linspace(-0.06, 0.06, 9)[:, None]
    shocks = np.linspace(-2, 2, 9)[:, None]
    ours = DoublePrecision(surrogate)
    steps = [each.step(states, each.policy(states, theta), shocks, theta) for each in (economy, ours)]
    np.testing.assert_allclose(steps[0].next_states, steps[1].next_states, atol=1e-8)
    np.testing.assert_allclose(steps[0].next_controls, steps[1].next_controls, rtol=3e-3)
    np.testing.assert_allclose(steps[0].next_observables, steps[1].next_observables, atol=1.0)
    assert steps[1].next_controls.dtype == np.float64
    assert (steps[0].next_observables[:, 2] == 0).any()


def test_weighted_quantiles_count_a_draw_as_often_as_its_weight():
    values = np.random.default_rng(0).standard_normal(4000)
    times = np.random.default_rng(1).integers(1, 4, 4000)
    found = weighted_quantiles(values, times / times.sum())
    np.testing.assert_allclose(found, np.quantile(np.repeat(values, times), (0.5, 0.05, 0.95)), atol=2e-3)


def test_weights_at_some_draws_are_carried_to_all():
    """A normal density times exp(b u) is a normal density with mean b."""
    draws = np.random.default_rng(2).standard_normal((40_000, 5))
    tilt = np.array([0.3, 0.0, -0.2, 0.0, 0.1])
    noise = 0.02 * np.random.default_rng(3).standard_normal(200)
    weights, left = carried(draws[:200], draws[:200] @ tilt + noise, draws)
    assert left == pytest.approx(0.02, rel=0.2)
    np.testing.assert_allclose(weights @ draws, tilt, atol=0.03)
    np.testing.assert_allclose(differences(draws, weights), tilt, atol=0.03)
