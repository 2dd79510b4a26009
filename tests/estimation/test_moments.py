import numpy as np
import pytest

from estimation.moments import Moment, bootstrap_moments, compute_moments, parse_moment
from surrogate.errors import BadConfiguration, BadData, UnknownName

OBSERVABLES = ("x", "y")


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(0).standard_normal((3, 60, 2)).cumsum(axis=1)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("mean(x)", lambda s: s[:, 0].mean()),
        ("sd(y)", lambda s: s[:, 1].std(ddof=1)),
        ("autocorr(x, 2)", lambda s: np.corrcoef(s[2:, 0], s[:-2, 0])[0, 1]),
        ("corr(x, y)", lambda s: np.corrcoef(s.T)[0, 1]),
        ("corr(x, y, 1)", lambda s: np.corrcoef(s[1:, 0], s[:-1, 1])[0, 1]),
        ("corr(x, y, -1)", lambda s: np.corrcoef(s[:-1, 0], s[1:, 1])[0, 1]),
    ],
)
def test_batched_moments_equal_numpys_one_by_one(samples, name, reference):
    values = compute_moments([parse_moment(name, OBSERVABLES)], samples, OBSERVABLES)
    np.testing.assert_allclose(values[:, 0], [reference(sample) for sample in samples], rtol=1e-10)


def test_user_function_is_a_moment(samples):
    share = Moment("share below zero", lambda series: (series["x"] < 0).mean(axis=1))
    values = compute_moments([share, parse_moment("sd(x)", OBSERVABLES)], samples, OBSERVABLES)
    assert values[1, 0] == np.mean(samples[1, :, 0] < 0)


def test_changed_length_is_one_clear_error(samples):
    growing = Moment("growing", lambda series: np.ones(len(series["x"]) + 1))
    with pytest.raises(BadData, match=r"growing has shape \(4,\)"):
        compute_moments([growing], samples, OBSERVABLES)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("sd(z)", UnknownName, r"observable in sd\(z\)"),
        ("std(x)", UnknownName, "sd"),
        ("sd x", BadConfiguration, "not a moment"),
        (3, BadConfiguration, "3 is not a moment"),
        ("autocorr(x)", BadConfiguration, r"autocorr\(x, 1\)"),
        ("sd(x, 1)", BadConfiguration, "number of arguments"),
        ("autocorr(x, one)", BadConfiguration, "whole number"),
    ],
)
def test_malformed_names_are_one_clear_error(text, error, message):
    with pytest.raises(error, match=message):
        parse_moment(text, OBSERVABLES)


def test_block_bootstrap_gives_the_sampling_error_of_a_mean():
    rho, periods = 0.5, 4000
    generator = np.random.default_rng(1)
    shocks = generator.standard_normal(periods + 50)
    path = np.zeros(periods + 50)
    for t in range(1, len(path)):
        path[t] = rho * path[t - 1] + shocks[t]
    sample = np.column_stack([path[50:], shocks[50:]])
    draws = bootstrap_moments([parse_moment("mean(x)", OBSERVABLES)], sample, OBSERVABLES, 300, generator)
    assert draws.std() == pytest.approx(1 / (1 - rho) / np.sqrt(periods), rel=0.2)
    assert draws.std() > 1.4 * path[50:].std() / np.sqrt(periods)
