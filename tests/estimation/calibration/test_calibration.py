"""Replications of the linear economy: against closed forms, and with a wrong likelihood."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from estimation import make_prior
from estimation.calibration import (
    CalibrationSettings,
    Experiment,
    Replication,
    replicate,
    shares_below_truth,
    uniformity,
    worst_p,
)
from estimation.calibration.ranks import Shares
from estimation.learnt.artifact import learn
from estimation.likelihoods.learnt_graph import fingerprints
from estimation.sampling.posterior import Posterior
from surrogate.errors import BadConfiguration
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import exact_state_space, simulated_data

PERIODS = 12
SIGMA = {"sigma": make_prior("gamma_pdf", 1.0, 0.5, truncate=(0.1, 3.0))}
MEAN = {"mean": make_prior("normal_pdf", 0.0, 0.5)}
QUICK = CalibrationSettings(draws=20, steps=20)


@pytest.fixture(scope="module")
def data(linear_economy) -> pd.DataFrame:
    """Dates and gaps: one observation and one quarter are missing."""
    sample = simulated_data(linear_economy, PERIODS)
    sample.iloc[8] = np.nan
    return sample


class HalvedError(Experiment):
    """Estimates with measurement errors half as large as those that it simulates."""

    def posterior(self, data: pd.DataFrame) -> Posterior:
        known: Mapping[str, float] = self.settings["measurement_error"]["sd"]
        halved = {"sd": {name: sd / 2 for name, sd in known.items()}}
        return type(self)(
            self.surrogate, data, **{**self.settings, "measurement_error": halved}
        ).estimation.posterior


def experiment(linear, data, kind=Experiment, sd: float = 2.0, **changes: Any) -> Experiment:
    settings = {"priors": SIGMA, "likelihood": {"method": "kalman"}, "measurement_error": {"sd": sd}}
    return kind(linear, data, **{**settings, **changes})


def replications(made: Experiment, number: int, settings=QUICK) -> list[Replication]:
    found = [replicate(made, settings, i) for i in range(number)]
    return [item for item in found if item is not None]


def test_data_for_moments_begin_as_their_simulated_samples_do_and_miss_nothing(linear, data):
    likelihood = {
        "method": "moments",
        "moments": ["sd(y0)", "sd(y1)"],
        "weights": "identity",
        "burn_in": 7,
        "discrepancy": {"sd(y0)": 0.5},
    }
    whole = data.interpolate(limit_direction="both")
    made = Experiment(linear, whole, priors=SIGMA, likelihood=likelihood)
    sample = made.simulate(np.array([1.3]), np.random.default_rng(5))
    shocks = np.random.default_rng(5).standard_normal((7 + PERIODS, linear.n_shocks))
    path = linear.simulate({"sigma": 1.3}, shocks).observables[7:, 0]
    np.testing.assert_allclose(sample, path, rtol=1e-6)
    assert made.estimation.posterior.likelihood.left_out.tolist() == [0.25, 0.0]  # type: ignore[attr-defined]
    assert made.posterior(sample).likelihood.left_out.tolist() == [0.0, 0.0]  # type: ignore[attr-defined]


def test_simulated_data_have_the_dates_gaps_and_distribution_of_the_economy(linear, linear_economy, data):
    made = experiment(linear, data, sd=0.4)
    generator = np.random.default_rng(0)
    samples = [made.simulate(np.array([1.3]), generator) for _ in range(200)]
    pd.testing.assert_frame_equal(samples[0].isna(), data.isna())
    stacked = np.array([sample.to_numpy() for sample in samples])
    model = exact_state_space(linear_economy, {"rho": 0.8, "sigma": 1.3, "mean": 0.5})
    state, spread = model.stationary_distribution()
    mean = model.observation_constant + model.observation_state @ state
    loading = model.observation_state
    covariance = loading @ spread @ loading.T + model.observation_shock @ model.observation_shock.T
    variance = np.diag(covariance) + 0.4**2
    first = stacked[:, 0]
    assert np.abs(first.mean(axis=0) - mean) / np.sqrt(variance / 200) == pytest.approx(0, abs=4)
    assert first.var(axis=0) == pytest.approx(variance, rel=4 * np.sqrt(2 / 200))


def conjugate_share(economy, data: pd.DataFrame, truth: float) -> float:
    """Exact posterior probability that the mean is below the truth: the log likelihood is quadratic in it."""
    points = np.array([-1.0, 0.0, 1.0])
    models = [exact_state_space(economy, {"rho": 0.8, "sigma": 1.0, "mean": point}) for point in points]
    values = [log_likelihood(model, data.to_numpy()) for model in models]
    curvature = values[0] - 2 * values[1] + values[2]
    precision = 1 / 0.5**2 - curvature
    centre = (values[2] - values[0]) / 2 / precision
    return float(norm.cdf((truth - centre) * np.sqrt(precision)))


def test_truths_are_uniform_in_their_conjugate_posteriors(linear, linear_economy, data):
    """Of draws and simulated data alone: no sampler takes part."""
    made = experiment(linear, data, priors=MEAN, measurement_error={"sd": {"y0": 0.4, "y1": 0.3}})
    generator = np.random.default_rng(0)
    shares = []
    for _ in range(150):
        theta = made.draw(generator)
        shares.append(conjugate_share(linear_economy, made.simulate(theta, generator), theta[0]))
    assert worst_p(uniformity(Shares(("mean",), np.array(shares)[:, None]))) > 1e-3


def test_ranks_are_those_in_the_conjugate_posterior(linear, linear_economy, data):
    made = experiment(linear, data, priors=MEAN, measurement_error={"sd": {"y0": 0.4, "y1": 0.3}})
    settings = CalibrationSettings(draws=64, steps=40)
    distances = []
    for number in range(8):
        generator = np.random.default_rng([settings.seed, number])
        theta = made.draw(generator)
        share = conjugate_share(linear_economy, made.simulate(theta, generator), theta[0])
        item = replicate(made, settings, number)
        assert item is not None
        assert item.truth["mean"] == theta[0]
        distances.append((item.ranks["mean"] - 64 * share) / np.sqrt(64 * share * (1 - share) + 0.25))
    assert np.abs(distances).max() < 5  # normal: eight others pass it once in two hundred thousand times
    assert 0.2 < np.std(distances) < 2.4


def test_posterior_ranks_uniform_under_simulation_based_calibration(linear, linear_economy):
    """And they are not when the likelihood is a wrong one: of a right one one run in a hundred thousand falls
    below 1e-5, of the wrong one p values are below 1e-9.
    """
    data = simulated_data(linear_economy, 30)
    right = shares_below_truth(replications(experiment(linear, data), 16))
    assert worst_p(uniformity(right)) > 1e-5
    wrong = shares_below_truth(replications(experiment(linear, data, HalvedError), 10))
    assert worst_p(uniformity(wrong)) < 1e-5


def test_a_presample_is_refused(linear, data):
    likelihood = {"method": "inversion", "presample": 2}
    with pytest.raises(BadConfiguration, match="leave presample out of"):
        experiment(linear, data, likelihood=likelihood, measurement_error=None)
    assert experiment(linear, data, likelihood={"method": "inversion"}, measurement_error=None).names


def test_a_replication_depends_on_its_number_alone(linear, data):
    made = experiment(linear, data)
    assert replicate(made, QUICK, 3) == replicate(made, QUICK, 3)
    assert replicate(made, QUICK, 3) != replicate(made, QUICK, 4)


def test_a_replication_that_fails_says_why(linear, data):
    class Explosive(Experiment):
        def _observables(self, *given: Any) -> np.ndarray:
            return np.full((PERIODS, 2), np.inf)

    item = replicate(experiment(linear, data, Explosive), QUICK, 0)
    assert item is not None
    assert "explodes" in item.failure
    assert item.ranks == {}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("calibration", ("phi", "theta_pi", "sigma_a")),
        ("krusell_smith_calibration", ("beta", "gamma", "dz")),
    ],
)
def test_the_examples_can_be_calibrated(name, parameters):
    example = Path(__file__).parents[3] / "examples" / f"{name}.toml"
    item = replicate(Experiment.from_toml(example), QUICK, 0)
    assert item is not None
    assert set(item.ranks) == {*parameters, "log likelihood"}
    assert item.failure == ""


def test_a_likelihood_surrogate_is_learnt_again_for_each_sample(linear, linear_economy, tmp_path):
    pytest.importorskip("onnx")
    data, kalman = simulated_data(linear_economy, PERIODS), {"method": "kalman"}
    made = experiment(linear, data, sd=0.5)
    posterior = made.estimation.posterior
    identity = fingerprints(
        posterior, made.estimation.data, made.estimation.likelihood.ingredients(posterior)
    )
    learn(posterior, kalman, identity, tmp_path, calls=400)
    learnt = {"method": "learnt", "folder": str(tmp_path), "filter": kalman}
    sample = made.simulate(np.array([1.4]), np.random.default_rng(3))
    found = experiment(linear, data, sd=0.5, likelihood=learnt).posterior(sample)
    exact = made.posterior(sample)
    near = np.linspace(1.0, 1.8, 9)[:, None]
    np.testing.assert_allclose(found.log_likelihood(near), exact.log_likelihood(near), atol=0.05)
