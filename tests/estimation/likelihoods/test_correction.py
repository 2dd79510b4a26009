"""Importance weights against laws that are known."""

import numpy as np
import pytest

from estimation.likelihoods.learnt import weigh, weighted_interval
from surrogate.errors import BadConfiguration


def shifted(size=20_000, shift=0.5, noise=0.0, seed=0):
    """Draws from N(shift, 1), log ratios to N(0, 1), with unbiased noise."""
    generator = np.random.default_rng(seed)
    theta = shift + generator.normal(size=(size, 1))
    ratio = -0.5 * theta[:, 0] ** 2 + 0.5 * (theta[:, 0] - shift) ** 2
    return theta, ratio - noise**2 / 2 + noise * generator.normal(size=size)


@pytest.mark.parametrize("noise", [0.0, 0.7])
def test_weights_turn_draws_of_one_law_into_draws_of_another(noise):
    theta, ratio = shifted(noise=noise)
    found = weigh(("x",), theta, ratio)
    table = found.table.loc["x"]
    assert table["learnt mean"] == pytest.approx(0.5, abs=0.03)
    assert table["mean"] == pytest.approx(0.0, abs=0.04)
    assert table["sd"] == pytest.approx(1.0, abs=0.04)
    assert table["HDI low"] == pytest.approx(-1.645, abs=0.12)
    assert table["HDI high"] == pytest.approx(1.645, abs=0.12)


def test_effective_sample_size_is_that_of_the_log_normal_weights():
    theta, ratio = shifted(noise=0.7)
    share = weigh(("x",), theta, ratio).effective_sample_size / len(theta)
    assert share == pytest.approx(np.exp(-(0.5**2) - 0.7**2), rel=0.06)


def test_equal_laws_lose_nothing():
    theta, _ = shifted()
    found = weigh(("x",), theta, np.full(len(theta), 3.0))
    assert found.effective_sample_size == pytest.approx(len(theta))
    np.testing.assert_allclose(found.table["shift"], 0, atol=1e-9)
    assert "do not trust" not in found.summary()


def test_pareto_k_says_when_a_few_draws_decide():
    theta, ratio = shifted(size=400, shift=4.0)
    found = weigh(("x",), theta, ratio)
    assert found.pareto_k > 0.7
    assert "do not trust" in found.summary()
    assert "do not trust" not in weigh(("x",), *shifted()).summary()


def test_pareto_k_is_that_of_a_tail_which_is_known():
    """Weights u^-k with u uniform are Pareto with shape k; over 20 seeds the estimate's sd is 0.06."""
    uniform = np.random.default_rng(0).uniform(size=20_000)
    for shape in (0.3, 0.6):
        found = weigh(("x",), uniform[:, None], -shape * np.log(uniform))
        assert found.pareto_k == pytest.approx(shape, abs=0.25)


def test_draws_without_likelihood_get_no_weight():
    theta, ratio = shifted(size=1000)
    ratio[::2] = -np.inf
    found = weigh(("x",), theta, ratio)
    assert found.weights[::2].sum() == 0
    with pytest.raises(BadConfiguration, match="Learn it again"):
        weigh(("x",), theta, np.full(1000, -np.inf))


def test_weighted_interval_is_the_shortest():
    values = np.arange(11.0)
    weights = np.array([0.3, *[0.07] * 10])
    low, high = weighted_interval(values, weights)
    assert low == 0.0
    assert high == pytest.approx(9.0)
