import numpy as np
import pytest
from statsmodels.stats.sandwich_covariance import S_hac_simple

from estimation.moments.named import parse_moment, read_moment
from estimation.moments.weights import bandwidth, contributions, long_run_covariance, moments_covariance
from surrogate.errors import BadData
from tests.estimation.moments.first_order import (
    MOMENTS,
    TRUTH,
    exact_long_run_covariance,
    exact_moments,
    simulated,
)


def read(names, data):
    return [read_moment(name, data) for name in names]


@pytest.fixture(scope="module")
def long_sample():
    return simulated(200_000)


@pytest.mark.parametrize("lags", [0, 1, 4, 11])
def test_long_run_covariance_is_that_of_statsmodels(lags):
    values = np.random.default_rng(lags).standard_normal((300, 3)).cumsum(axis=0)
    deviations = values - values.mean(axis=0)
    expected = S_hac_simple(deviations, nlags=lags) / len(values)
    np.testing.assert_allclose(long_run_covariance(values, lags), expected, rtol=1e-12)


def test_long_run_covariance_of_the_moments_of_an_autoregression_is_the_exact_one(long_sample):
    found = len(long_sample) * moments_covariance(read(MOMENTS, long_sample), long_sample.to_numpy(), ["y"])
    exact = exact_long_run_covariance()
    scale = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(found / np.outer(scale, scale), exact / np.outer(scale, scale), atol=0.08)


def test_bandwidth_of_an_autoregression_is_andrewss(long_sample):
    rho, periods = TRUTH["rho"], len(long_sample)
    expected = 1.1447 * (4 * rho**2 / (1 - rho**2) ** 2 * periods) ** (1 / 3)
    assert bandwidth(long_sample.to_numpy() - TRUTH["mean"]) == pytest.approx(expected, rel=0.03)


def test_bandwidth_stays_within_the_sample_even_for_a_random_walk():
    walk = np.random.default_rng(0).standard_normal((60, 1)).cumsum(axis=0)
    assert 0 < bandwidth(walk - walk.mean()) <= 30


@pytest.mark.parametrize(
    "name", ["mean(x)", "sd(y)", "autocorr(x, 2)", "corr(x, y)", "corr(x, y, 1)", "corr(x, y, -1)"]
)
def test_contributions_are_the_effect_of_each_quarter_on_the_moment(name):
    """Two samples that differ in all quarters: the moment moves by the mean contribution, to first order."""
    generator = np.random.default_rng(3)
    sample = generator.standard_normal((400, 2)).cumsum(axis=0) * 0.1 + generator.standard_normal((400, 2))
    moment = parse_moment(name, ("x", "y"))
    values = contributions([moment], sample, ("x", "y"))
    assert abs(values.mean()) < 1e-10
    weight = 1 + 1e-4 * generator.standard_normal(400)
    moved = _weighted(name, sample, weight) - _weighted(name, sample, np.ones(400))
    assert moved == pytest.approx(np.mean((weight - 1) * values[:, 0]), rel=1e-3)


def _weighted(name, sample, weight):
    """The moment when each quarter, or pair in its later quarter, has a weight."""
    columns = {"x": sample[:, 0], "y": sample[:, 1]}
    function, arguments = name.rstrip(")").split("(")
    names = [part.strip() for part in arguments.split(",")]
    if function in ("mean", "sd"):
        x = columns[names[0]]
        centre = np.average(x, weights=weight)
        return centre if function == "mean" else np.sqrt(np.average((x - centre) ** 2, weights=weight))
    lag = int(names[-1]) if names[-1].lstrip("-").isdigit() else 0
    now, before = columns[names[0]], columns[names[0] if function == "autocorr" else names[1]]
    if lag < 0:
        now, before, lag = before, now, -lag
    now, before, weight = now[lag:], before[: len(before) - lag], weight[lag:]
    return np.cov(now, before, aweights=weight)[0, 1] / np.sqrt(
        np.cov(now, aweights=weight) * np.cov(before, aweights=weight)
    )


def mean_sd_and_autocorrelation(frame):
    return {"m": frame["y"].mean(), "s": frame["y"].std(), "a": frame["y"].autocorr(1)}


def test_moments_without_a_formula_have_the_covariance_of_those_with_one():
    data = simulated(3000)
    by_name = moments_covariance(read(MOMENTS, data), data.to_numpy(), ["y"], lags=25)
    by_growth = moments_covariance(read([mean_sd_and_autocorrelation], data), data.to_numpy(), ["y"], lags=25)
    scale = np.sqrt(np.diag(by_name))
    difference = (by_growth - by_name) / np.outer(scale, scale)
    assert np.abs(difference).max() < 0.1


def test_covariance_is_the_spread_of_moments_across_samples():
    moments = read(MOMENTS, simulated(10))
    samples = np.stack([simulated(1000, seed).to_numpy() for seed in range(400)])
    series = {"y": samples[:, :, 0]}
    values = np.concatenate([moment.values(series) for moment in moments], axis=1)
    covariance = np.mean([moments_covariance(moments, sample, ["y"]) for sample in samples], axis=0)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), values.std(axis=0), rtol=0.1)
    np.testing.assert_allclose(values.mean(axis=0), exact_moments(), atol=0.02)


def test_a_moment_that_is_no_number_on_a_piece_of_the_sample_is_named():
    data = simulated(60)

    def late_mean(frame):
        return frame.iloc[50:, 0].mean()  # of nothing where the sample is shorter

    with pytest.raises(BadData, match="late_mean is not a number on a piece of the sample"):
        moments_covariance([read_moment(late_mean, data)], data.to_numpy(), list(data.columns))
