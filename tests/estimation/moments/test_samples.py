"""Simulated samples: what they are cut from, what is taken out of them, and what an economy leaves out."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import detrend

from estimation import estimate_msm
from estimation.moments import SimulatedMoments
from estimation.moments.samples import Samples
from surrogate import load
from surrogate.errors import BadConfiguration, UnknownName
from tests.estimation.moments.first_order import MOMENTS, TRUTH, simulated

PERIODS, BURN_IN, REPLICATIONS = 50, 30, 4
THETA = {"rho": [0.5, 0.9], "sigma": 1.2, "mean": 0.3}


@pytest.fixture(scope="module")
def data():
    return simulated(PERIODS)


def test_after_a_burn_in_samples_follow_one_another_along_one_path(first_order):
    samples = Samples(first_order, ("y",), PERIODS, (), BURN_IN, REPLICATIONS)
    shocks, theta = samples.shocks(0, REPLICATIONS), first_order.parameter_array(THETA)
    assert shocks.shape == (BURN_IN + REPLICATIONS * PERIODS, 1, 1)
    found = samples.simulate(theta, shocks)
    assert found.shape == (2, REPLICATIONS, PERIODS, 1)
    for vector, cut in zip(theta, found, strict=True):
        path = first_order.simulate(vector, shocks[:, 0]).observables[BURN_IN:, 0, 0]
        np.testing.assert_allclose(cut.ravel(), path, rtol=1e-6)
    assert samples.shocks(0, 2 * REPLICATIONS + 1).shape[1] == 3, "paths are filled"


def test_samples_can_be_spread_over_paths(first_order, data):
    ours = {"weights": "identity", "burn_in": BURN_IN}
    target = SimulatedMoments(first_order, data, MOMENTS, replications=REPLICATIONS, paths=2, **ours)
    theta = first_order.parameter_array(TRUTH)
    shocks = target.samples.shocks(0, REPLICATIONS)
    assert shocks.shape == (BURN_IN + PERIODS * REPLICATIONS // 2, 2, 1)
    halves = [
        target._of_samples(theta, shocks[:, [number]]).mean(1) for number in range(2)
    ]  # each path alone
    np.testing.assert_allclose(target.simulated_moments(theta), np.mean(halves, 0), rtol=1e-6)


def test_by_default_every_sample_has_a_path_of_its_own(first_order):
    samples = Samples(first_order, ("y",), PERIODS)
    shocks, theta = samples.shocks(0, REPLICATIONS), first_order.parameter_array(THETA)
    found = samples.simulate(theta, shocks)
    for number in range(REPLICATIONS):
        path = first_order.simulate(theta[1], shocks[:, number]).observables[200:, 0]
        np.testing.assert_allclose(found[1, number], path, rtol=1e-6)


def test_samples_of_one_path_are_as_good_as_those_of_many(first_order):
    """The sampling variance of an average moment falls with the length that is simulated, as it does along
    paths of their own. The ratio of the two variances over 300 seeds has a standard error of about .12: in
    four sets of seeds it was between .86 and 1.19, for the mean and for the standard deviation.
    """
    theta = first_order.parameter_array(TRUTH)

    def spread(burn_in: int | None) -> np.ndarray:
        averages = []
        for seed in range(300):
            samples = Samples(first_order, ("y",), PERIODS, (), burn_in, 1 if burn_in is None else 10)
            found = samples.simulate(theta, samples.shocks(seed, 10))[0, :, :, 0]
            averages.append([found.mean(), found.std(axis=1, ddof=1).mean()])
        return np.var(averages, axis=0)

    np.testing.assert_allclose(spread(100) / spread(None), 1.0, atol=0.5)


def test_trends_are_taken_out_of_the_data_and_of_samples_alike(first_order, data):
    samples = Samples(first_order, ("y",), PERIODS, ("y",), BURN_IN, REPLICATIONS)
    shocks, theta = samples.shocks(0, REPLICATIONS), first_order.parameter_array(THETA)
    found = samples.simulate(theta, shocks)
    whole = Samples(first_order, ("y",), PERIODS, (), BURN_IN, REPLICATIONS).simulate(theta, shocks)
    np.testing.assert_allclose(found, detrend(whole, axis=2), atol=1e-10)
    names = ["sd(y)", "autocorr(y, 1)"]
    steeper = data + np.linspace(-3, 7, PERIODS)[:, None]
    at = first_order.parameter_array(TRUTH)
    plain, sloped = (SimulatedMoments(first_order, each, names, detrend=["y"]) for each in (data, steeper))
    np.testing.assert_allclose(sloped.target, plain.target, rtol=1e-8)
    np.testing.assert_allclose(sloped.log_likelihood(at), plain.log_likelihood(at), rtol=1e-6)
    assert plain.target[0] == pytest.approx(np.std(detrend(data["y"]), ddof=1))


def test_the_mean_of_what_is_detrended_is_no_moment(first_order, data):
    with pytest.raises(BadConfiguration, match=r"'mean\(y\)' is always zero"):
        SimulatedMoments(first_order, data, MOMENTS, detrend=["y"])


def test_a_discrepancy_adds_its_variance_to_that_of_the_sample(first_order, data):
    plain = SimulatedMoments(first_order, data, MOMENTS, "optimal")
    wide = SimulatedMoments(first_order, data, MOMENTS, "optimal", discrepancy={"sd(y)": 0.5})
    assert wide.standard_errors[1] == pytest.approx(np.hypot(plain.standard_errors[1], 0.5))
    covariance = (plain.moments_cov + np.diag([0, 0.25, 0])) * (1 + 1 / plain.replications)
    theta = first_order.parameter_array(THETA)
    gap = plain.simulated_moments(theta) - plain.target
    distance = np.einsum("wi,ij,wj->w", gap, np.linalg.inv(covariance), gap)
    np.testing.assert_allclose(wide.log_likelihood(theta), -distance / 2, rtol=1e-6)
    second = wide.reweighted("optimal", plain.moments_cov)
    np.testing.assert_allclose(second.moments_cov, wide.moments_cov)


def test_what_an_economy_leaves_out_widens_the_standard_errors(first_order, data):
    given = {"weights": "optimal", "replications": 10}
    plain = estimate_msm(first_order, data, MOMENTS, TRUTH, False, **given)
    wide = estimate_msm(first_order, data, MOMENTS, TRUTH, False, discrepancy={"mean(y)": 0.5}, **given)
    # as many moments as parameters, and only the mean depends on the parameter `mean`
    assert wide.se()["rho"] == pytest.approx(plain.se()["rho"], rel=0.05)
    assert wide.se()["mean"] == pytest.approx(np.hypot(plain.se()["mean"], 0.5 * np.sqrt(1.1)), rel=0.05)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"burn_in": -1}, BadConfiguration, "burn_in must be a whole number"),
        ({"burn_in": 5, "paths": 0}, BadConfiguration, "paths must be a whole number"),
        ({"burn_in": 5, "paths": 21}, BadConfiguration, "paths must be a whole number"),
        ({"paths": 2}, BadConfiguration, "paths goes with burn_in"),
        ({"detrend": "y"}, BadConfiguration, "detrend must be a list"),
        ({"detrend": ["z"]}, UnknownName, "observable to detrend"),
        ({"discrepancy": {"sd(z)": 1.0}}, UnknownName, "moment with a discrepancy"),
        ({"discrepancy": {"sd(y)": -1.0}}, BadConfiguration, r"discrepancy of sd\(y\) must be"),
        ({"discrepancy": {"sd(y)": "wide"}}, BadConfiguration, r"discrepancy of sd\(y\) must be"),
        ({"discrepancy": 0.1}, BadConfiguration, "must name moments"),
    ],
)
def test_impossible_requests_are_one_clear_error(first_order, data, changes, error, message):
    with pytest.raises(error, match=message):
        SimulatedMoments(first_order, data, ["sd(y)"], **changes)


def test_what_households_own_makes_moments_by_name():
    """Of the shipped economy of many households: each is the average that the artifact itself returns."""
    economy = load("krusell_smith")
    names = ("gini", "bottom_half", "top_tenth", "log_capital")
    seen = economy.simulate({}, np.random.default_rng(3).standard_normal((40, 1))).observables[:, 0]
    columns = [economy.observable_names.index(name) for name in names]
    frame = pd.DataFrame(seen[:, columns].astype(float), columns=list(names))
    target = SimulatedMoments(
        economy, frame, [f"mean({name})" for name in names], "identity", 2, burn_in=20, detrend=[]
    )
    theta = economy.parameter_array({"mu": [0.1, 0.4]})
    found = target.simulated_moments(theta)
    shocks = np.random.default_rng(0).standard_normal((20 + 2 * 40, 1))
    for vector, moments in zip(theta, found, strict=True):
        path = economy.simulate(vector, shocks).observables[20:, 0]
        np.testing.assert_allclose(moments, path[:, columns].mean(axis=0), rtol=1e-5)
    assert np.all(np.abs(np.diff(found, axis=0)) > 1e-4), "benefits change all of them"
