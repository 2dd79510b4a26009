"""Predictive samples have the moments of the linear economy with measurement error."""

import numpy as np
import pandas as pd
import pytest

from estimation.analysis.predictive import longest_complete, predictive_moments, predictive_samples
from estimation.moments import Moment
from surrogate.errors import BadConfiguration, BadData, UnknownName
from tests.estimation.analysis.economies import results_of
from tests.estimation.economies import exact_state_space, linear_posterior, simulated_data


def test_samples_have_the_exact_mean_covariance_and_autocovariance(results, linear_economy) -> None:
    theta = np.tile([1.2, 0.7], (4000, 1))
    samples = predictive_samples(results, theta, 12, np.random.default_rng(0))
    exact = exact_state_space(linear_economy, {"sigma": 1.2, "rho": 0.7, "mean": 0.3})
    _, states = exact.stationary_distribution()
    level = exact.observation_state @ states @ exact.observation_state.T
    covariance = level + exact.observation_shock @ exact.observation_shock.T + exact.measurement_covariance
    carried = (
        exact.transition @ states @ exact.observation_state.T + exact.shock_impact @ exact.observation_shock.T
    )
    deviations = samples - exact.observation_constant
    pooled = deviations.reshape(-1, 2)
    np.testing.assert_allclose(pooled.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(pooled.T @ pooled / len(pooled), covariance, atol=0.12)
    lagged = np.einsum("wti,wtj->ij", deviations[:, 1:], deviations[:, :-1]) / (4000 * 11)
    np.testing.assert_allclose(lagged, exact.observation_state @ carried, atol=0.12)


def test_draws_have_samples_of_their_own(results) -> None:
    samples = predictive_samples(results, np.tile([1.2, 0.7], (3, 1)), 10, np.random.default_rng(0))
    assert len(np.unique(samples)) == samples.size


def test_a_true_model_is_not_rejected_and_a_wrong_one_is(linear, linear_economy) -> None:
    data = simulated_data(linear_economy, periods=120).interpolate()
    table = {}
    for sigma in (1.2, 3.0):
        posterior = linear_posterior(linear, data, fixed={"mean": 0.3})
        near = results_of(posterior, data, np.tile([sigma, 0.7], (300, 1)))
        table[sigma] = predictive_moments(near, draws=300).table
    assert list(table[1.2].index) == [
        "mean(y0)",
        "mean(y1)",
        "sd(y0)",
        "sd(y1)",
        "autocorr(y0, 1)",
        "autocorr(y1, 1)",
        "corr(y0, y1)",
    ]
    assert table[1.2]["p value"].between(0.005, 0.995).all()
    assert table[3.0].loc["sd(y0)", "p value"] == 1.0


def test_the_prior_is_the_prior(results) -> None:
    table = predictive_moments(results, ["sd(y0)"], draws=1000).table
    spread = table["prior 95 %"] - table["prior 5 %"]
    assert spread.item() > 1.05 * (table["posterior 95 %"] - table["posterior 5 %"]).item()


def test_functions_of_the_caller_are_moments_too(results) -> None:
    share = Moment("share above zero", lambda series: (series["y0"] > 0).mean(axis=1))
    table = predictive_moments(results, [share], draws=10).table
    assert 0.0 < table.loc["share above zero", "data"] < 1.0


def test_seeds_repeat(results) -> None:
    first, again, other = (predictive_moments(results, draws=10, seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_missing_quarters_leave_the_longest_run() -> None:
    data = pd.DataFrame(
        {"a": range(30), "b": range(30)}, index=pd.period_range("2000Q1", periods=30, freq="Q")
    )
    data = data.astype(float)
    data.iloc[[2, 14], 1] = np.nan
    assert list(longest_complete(data)["a"]) == list(range(15, 30))
    data.iloc[20, 0] = np.nan
    assert list(longest_complete(data)["a"]) == list(range(3, 14))
    data.iloc[[8, 26], 0] = np.nan
    with pytest.raises(BadData, match="longest run has 5"):
        longest_complete(data)


@pytest.mark.parametrize(
    ("moment", "error", "words"),
    [
        ("sd(y7)", UnknownName, "y7"),
        ("variance(y0)", UnknownName, "variance"),
        ("y0", BadConfiguration, "not a moment"),
    ],
)
def test_unknown_moments_are_named(results, moment, error, words) -> None:
    with pytest.raises(error, match=words):
        predictive_moments(results, [moment], draws=2)


def test_figure_has_a_panel_for_each_moment(results) -> None:
    finding = predictive_moments(
        results, ["mean(y0)", "sd(y0)", "sd(y1)", "mean(y1)", "corr(y0, y1)"], draws=10
    )
    assert finding.draw is not None
    assert len(finding.draw().axes) == 5
