import inspect

import estimagic
import numpy as np
import pandas as pd
import pytest
from estimagic.estimate_msm import MomentsResult as PeerResult
from scipy.stats import kstest

from estimation import Estimation, estimate_msm, make_prior
from estimation.moments import MomentsResult, SimulatedMoments, minimise_distance
from estimation.moments.estimate import FreeParameters
from estimation.moments.result import moment_findings
from surrogate.errors import BadConfiguration, BadData, OutsideBox, UnknownName
from tests.estimation.moments.first_order import (
    MOMENTS,
    TRUTH,
    exact_jacobian,
    exact_long_run_covariance,
    exact_moments,
    simulated,
)

MORE = (*MOMENTS, "autocorr(y, 2)", "autocorr(y, 3)")
PERIODS = 400


@pytest.fixture(scope="module")
def data():
    return simulated(PERIODS)


@pytest.fixture(scope="module")
def estimate(first_order, data):
    return estimate_msm(first_order, data, MOMENTS, TRUTH, weights="optimal", replications=10)


@pytest.fixture(scope="module")
def overidentified(first_order, data):
    return estimate_msm(first_order, data, MORE, TRUTH, replications=10)


def exact_covariance(replications):
    bread = np.linalg.inv(exact_jacobian())
    return (1 + 1 / replications) * bread @ exact_long_run_covariance() @ bread.T / PERIODS


def test_as_many_moments_as_parameters_fit_exactly(estimate):
    assert estimate.distance < 1e-4
    np.testing.assert_allclose(estimate.fit["model"], estimate.fit["data"], atol=1e-3)
    assert all(abs(estimate.params[name] - value) < 0.3 for name, value in TRUTH.items())


def test_jacobian_is_the_derivative_of_the_moments(first_order, data):
    found = estimate_msm(first_order, data, MOMENTS, TRUTH, False, replications=200)
    np.testing.assert_allclose(found.jacobian, exact_jacobian(), atol=0.05)
    assert found.params == TRUTH


def test_standard_errors_are_the_exact_ones_where_the_covariance_is(first_order, data):
    found = estimate_msm(
        first_order,
        data,
        MOMENTS,
        TRUTH,
        False,
        moments_cov=exact_long_run_covariance() / PERIODS,
        replications=200,
    )
    expected = np.sqrt(np.diag(exact_covariance(200)))
    np.testing.assert_allclose(list(found.se().values()), expected, rtol=0.05)


def test_simulation_inflates_the_variance_by_one_over_replications(first_order, data):
    def variance(replications):
        found = estimate_msm(first_order, data, MOMENTS, TRUTH, False, replications=replications)
        return found, found.cov()

    few, covariance = variance(2)
    bread = np.linalg.inv(few.jacobian.to_numpy())
    np.testing.assert_allclose(covariance, 1.5 * bread @ few.moments_cov.to_numpy() @ bread.T, rtol=1e-8)


def test_no_weights_beat_the_optimal_ones(first_order, data):
    variances = {
        weights: np.diag(estimate_msm(first_order, data, MORE, TRUTH, False, weights=weights).cov())
        for weights in ("optimal", "diagonal", "identity")
    }
    assert (variances["optimal"] <= variances["diagonal"] * (1 + 1e-9)).all()
    assert (variances["optimal"] <= variances["identity"] * (1 + 1e-9)).all()
    assert variances["identity"].sum() > 1.01 * variances["optimal"].sum()


def test_tables_agree_with_each_other(overidentified):
    summary, se = overidentified.summary(), overidentified.se()
    lower, upper = overidentified.ci(ci_level=0.9)
    for name, value in overidentified.params.items():
        assert summary.loc[name, "value"] == value
        assert upper[name] - lower[name] == pytest.approx(2 * 1.6448536 * se[name])
        assert summary.loc[name, "ci_upper"] - value == pytest.approx(1.959964 * se[name])
    assert overidentified.p_values()["sigma"] < 1e-6
    best = overidentified.se("optimal")
    assert all(best[name] <= se[name] * (1 + 1e-9) for name in se)


@pytest.mark.parametrize("level", [95, 0, 1, -0.5, float("nan"), "95 %", None])
def test_a_level_that_is_no_share_is_refused(overidentified, level):
    with pytest.raises(BadConfiguration, match="ci_level must be between 0 and 1"):
        overidentified.summary(ci_level=level)


def test_j_test_counts_the_moments_to_spare(estimate, overidentified):
    test = overidentified.j_test()
    assert test.degrees_of_freedom == 2
    assert 0.001 < test.p_value < 1
    exact = estimate.j_test()
    assert exact.degrees_of_freedom == 0
    assert exact.statistic < 1e-3
    assert np.isnan(exact.p_value)


def test_j_test_under_optimal_weights_is_the_distance(first_order, data):
    found = estimate_msm(first_order, data, MORE, TRUTH, weights="optimal", replications=10)
    assert found.j_test().statistic == pytest.approx(found.distance / 1.1, rel=0.01)


def test_j_test_finds_a_moment_that_the_economy_cannot_have(first_order, data):
    wrong = data.copy()
    wrong["y"] += 3 * (np.arange(PERIODS) % 2)
    found = estimate_msm(first_order, wrong, [*MORE, "autocorr(y, 4)"], TRUTH, replications=10)
    assert found.j_test().p_value < 1e-6


def test_the_statistic_is_that_of_optimal_weights_whatever_the_weights(first_order, data, overidentified):
    optimal = estimate_msm(first_order, data, MORE, TRUTH, weights="optimal", replications=10)
    assert overidentified.j_test().statistic == pytest.approx(optimal.j_test().statistic, rel=0.05)


def test_two_steps_weight_by_the_covariance_across_simulated_samples(first_order, data):
    found = estimate_msm(first_order, data, MOMENTS, TRUTH, weights="two-step", replications=10)
    exact = exact_long_run_covariance(found.params) / PERIODS
    scale = np.sqrt(np.diag(exact))
    covariance = found.moments_cov.to_numpy() / np.outer(scale, scale)
    np.testing.assert_allclose(covariance, exact / np.outer(scale, scale), atol=0.15)
    np.testing.assert_allclose(found.weights.to_numpy() @ found.moments_cov.to_numpy(), np.eye(3), atol=1e-8)


def test_same_seed_same_estimate(first_order, data, overidentified):
    again = estimate_msm(first_order, data, MORE, TRUTH, replications=10)
    assert again.params == overidentified.params
    other = estimate_msm(first_order, data, MORE, TRUTH, replications=10, seed=1)
    assert other.params != overidentified.params


def test_interface_mirrors_estimagics():
    ours = set(inspect.signature(estimate_msm).parameters) - {"surrogate", "data", "moments", "fixed"}
    theirs = set(inspect.signature(estimagic.estimate_msm).parameters)
    of_simulation = {"replications", "seed", "burn_in", "paths", "detrend", "discrepancy"}
    assert ours - theirs == of_simulation  # estimagic's caller simulates
    methods = ("se", "cov", "ci", "p_values", "summary", "sensitivity")
    for name in methods:
        own = set(inspect.signature(getattr(MomentsResult, name)).parameters)
        assert own <= set(inspect.signature(getattr(PeerResult, name)).parameters)
    attributes = set(MomentsResult.__dataclass_fields__)
    assert {"params", "weights", "jacobian", "optimize_result"} <= attributes
    assert all(hasattr(PeerResult, name) for name in ("params", "weights", "jacobian", "optimize_result"))


def test_findings_have_a_table_each(overidentified, data, first_order):
    findings = {finding.name: finding for finding in moment_findings(overidentified)}
    assert set(findings) == {"point_estimate", "moments", "j_test", "sensitivity"}
    table = findings["sensitivity"].table
    assert list(table.index) == list(MORE)
    raw = overidentified.sensitivity().loc["rho", "sd(y)"]
    scale = overidentified.fit.loc["sd(y)", "standard error"] / overidentified.se()["rho"]
    assert table.loc["sd(y)", "rho"] == pytest.approx(raw * scale)


def test_unidentified_parameters_are_named(first_order, data):
    found = estimate_msm(first_order, data, ["sd(y)", "autocorr(y, 1)", "autocorr(y, 2)"], TRUTH, False)
    with pytest.raises(BadData, match="do not identify mean"):
        found.se()
    findings = moment_findings(found)
    assert [finding.name for finding in findings] == ["point_estimate", "moments"]
    assert "do not identify mean" in findings[0].note


def test_estimate_at_a_bound_warns(first_order, data):
    with pytest.warns(UserWarning, match="rho is at an end of its bounds"):
        found = estimate_msm(
            first_order, data, MOMENTS, {**TRUTH, "rho": 0.2}, bounds={"rho": (0.0, 0.3)}, replications=5
        )
    assert found.at_bounds == ("rho",)
    assert found.params["rho"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"moments": MOMENTS[:2]}, BadConfiguration, "3 free parameters need at least as many moments"),
        ({"weights": "best"}, UnknownName, "two-step"),
        ({"bounds": {"tau": (0, 1)}}, UnknownName, "tau"),
        ({"bounds": {"rho": (0.5, 1.5)}}, OutsideBox, r"bounds \[0.5, 1.5\] of rho"),
        ({"bounds": {"rho": (0.5, 0.5)}}, OutsideBox, "rho"),
        ({"fixed": {"rho": 0.5}}, BadConfiguration, "rho is free and fixed"),
        ({"params": {}}, BadConfiguration, "Free a parameter"),
        ({"params": {**TRUTH, "rho": 1.5}}, OutsideBox, "rho = 1.5"),
        ({"params": {"gamma": 1.0}}, UnknownName, "gamma"),
        ({"moments_cov": np.eye(2)}, BadConfiguration, r"moments_cov has shape \(2, 2\)"),
    ],
)
def test_impossible_requests_are_one_clear_error(first_order, data, arguments, error, message):
    request = {"moments": MOMENTS, "params": TRUTH, "replications": 2, **arguments}
    with pytest.raises(error, match=message):
        estimate_msm(first_order, data, **request)


def flat_estimation(first_order, data, **likelihood):
    ranges = {"rho": (0.0, 0.95), "sigma": (0.1, 3.0), "mean": (-2.0, 2.0)}
    flat = {name: make_prior("uniform", lower=low, upper=high) for name, (low, high) in ranges.items()}
    settings = {"method": "moments", "moments": list(MORE), "replications": 10, **likelihood}
    sampler = {"ensembles": 2, "walkers": 16, "steps": 120, "seed": 1}
    quarters = data.set_index(pd.period_range("1900Q1", periods=len(data), freq="Q"))
    return Estimation(first_order, quarters, flat, likelihood=settings, sampler=sampler)


def test_fewer_moments_than_parameters_stop_an_estimation_before_it_samples(first_order, data):
    with pytest.raises(BadConfiguration, match="3 free parameters need at least as many moments, not 2"):
        flat_estimation(first_order, data, moments=list(MOMENTS[:2]))


def test_two_steps_are_a_setting_of_an_estimation(first_order, data):
    """The same covariance as by hand, up to where the first step starts."""
    target = flat_estimation(first_order, data, weights="two-step").posterior.likelihood
    assert isinstance(target, SimulatedMoments)
    by_hand = estimate_msm(first_order, data, MORE, TRUTH, weights="two-step", replications=10, seed=1)
    scale = np.sqrt(np.diag(by_hand.moments_cov))
    difference = (target.moments_cov - by_hand.moments_cov.to_numpy()) / np.outer(scale, scale)
    assert np.abs(difference).max() < 0.02
    np.testing.assert_allclose(target.weights @ target.moments_cov, np.eye(len(MORE)), atol=1e-8)


@pytest.mark.slow
def test_quasi_posterior_is_as_wide_as_the_standard_errors_under_optimal_weights(first_order, data):
    """Chernozhukov and Hong (2003), theorem 1, with flat priors."""
    estimation = flat_estimation(first_order, data, weights="two-step")
    results, estimate = estimation.sample(processes=1), estimation.point_estimate()
    draws = results.chains.theta.reshape(-1, 3)
    errors = np.array([estimate.se()[name] for name in estimation.posterior.names])
    values = np.array([estimate.params[name] for name in estimation.posterior.names])
    np.testing.assert_allclose(draws.std(axis=0), errors, rtol=0.15)
    np.testing.assert_allclose((draws.mean(axis=0) - values) / errors, 0, atol=0.25)


@pytest.mark.slow
def test_estimates_spread_as_standard_errors_say_and_j_is_chi2(first_order):
    """Over 200 samples: standard errors, coverage of the 95 % interval and the law of the J statistic."""
    free = FreeParameters.of_bounds(first_order, TRUTH, {}, {})
    truth = np.array([list(TRUTH.values())])
    prototype = SimulatedMoments(first_order, simulated(PERIODS), MORE, replications=5)
    covariance = prototype.simulated_covariance(free.parameters(truth)[0], 4000)
    found = []
    for seed in range(200):
        target = SimulatedMoments(
            first_order, simulated(PERIODS, seed), MORE, "optimal", 5, seed + 1000, covariance
        )
        found.append(minimise_distance(target, free, truth))
    values = np.array([list(result.params.values()) for result in found])
    errors = np.array([list(result.se().values()) for result in found])
    np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0), rtol=0.15)
    covered = np.abs(values - truth) < 1.96 * errors
    np.testing.assert_allclose(covered.mean(axis=0), 0.95, atol=0.045)
    assert kstest([result.j_test().statistic for result in found], "chi2", (2,)).pvalue > 0.01
    np.testing.assert_allclose(prototype.simulated_moments(truth)[0, :3], exact_moments(), atol=0.15)


def test_residuals_of_many_thousand_standard_errors_do_not_stop_the_search(first_order, data):
    """Weights of 1e12 make them large at the best of the candidates, too."""
    others = {name: value for name, value in TRUTH.items() if name != "sigma"}
    found = estimate_msm(
        first_order, data, ["sd(y)"], pd.Series({"sigma": 2.9}), fixed=others, weights=np.array([[1e12]])
    )
    np.testing.assert_allclose(found.fit["model"], found.fit["data"], atol=1e-4)
