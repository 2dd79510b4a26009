"""Estimation with the inversion filter, from a TOML file to draws."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation
from estimation.likelihoods import InversionSettings, likelihood_settings
from surrogate.errors import BadConfiguration, UnknownName
from tests.estimation.economies import simulated_data

TEXT = """
[model]
surrogate = "{folder}"
[data]
file = "sample.csv"
columns = {{ y1 = "second", y0 = "first" }}
[likelihood]
method = "inversion"
[priors.sigma]
density = "inv_gamma_pdf"
mean = 1.0
sd = 0.3
truncate = [0.1, 3.0]
[priors.rho]
density = "beta_pdf"
mean = 0.6
sd = 0.15
[fixed]
mean = 0.3
[sampler]
ensembles = 2
walkers = 8
steps = 12
seed = 4
burn = 4
"""


@pytest.fixture
def toml(linear_folder, linear_economy, tmp_path: Path) -> Path:
    """An estimation of the linear economy on a sample in which two observations are missing."""
    data = simulated_data(linear_economy).rename(columns={"y0": "first", "y1": "second"})
    data.iloc[20] = np.nan
    data.rename_axis("date").to_csv(tmp_path / "sample.csv")
    file = tmp_path / "estimation.toml"
    file.write_text(TEXT.format(folder=linear_folder))
    return file


def test_sampling_from_a_toml_file_moves_and_stores_the_filters_likelihood(toml, tmp_path):
    estimation = Estimation.from_toml(toml)
    results = estimation.sample(processes=1)
    draws, log_prob = results.chains.theta[0, -1], results.chains.log_prob[0, -1]
    assert results.chains.theta.shape == (2, 8, 8, 2)
    assert results.chains.theta.std(axis=(0, 1, 2)).min() > 0.01
    np.testing.assert_allclose(estimation.posterior.log_prob(draws), log_prob, atol=1e-3)


def test_a_bound_is_read_from_the_settings(linear):
    settings = likelihood_settings(
        {"method": "inversion", "bound": {"observable": "y0", "shock": "e0", "floor": 0}}
    )
    assert isinstance(settings, InversionSettings)
    below = settings.build(linear, pd.DataFrame({"y0": [0.1, -0.7], "y1": [0.2, 0.1]}))
    at_floor = InversionSettings().build(linear, pd.DataFrame({"y0": [0.1, 0.0], "y1": [0.2, 0.1]}))
    capped, reached = (
        chosen.inversion.invert(linear.default, chosen.observations).shocks for chosen in (below, at_floor)
    )
    np.testing.assert_allclose(capped, reached, atol=1e-4)


@pytest.mark.parametrize(
    ("likelihood", "error", "message"),
    [
        ({"particles": 40}, UnknownName, "setting in .likelihood. 'particles'"),
        ({"bound": 0.0}, BadConfiguration, "bound in .likelihood. must be like { observable"),
        ({"bound": {"observable": "y0", "shock": "e0"}}, BadConfiguration, "likelihood.bound. needs floor"),
        ({"bound": {"observable": "y0", "shok": "e0", "floor": 0}}, UnknownName, "Did you mean shock"),
        ({"bound": {"observable": "y0", "shock": "e0", "floor": "0"}}, BadConfiguration, "must be a number"),
        ({"presample": -1}, BadConfiguration, "presample must be from 0 to .*, not -1"),
        ({"presample": 1000}, BadConfiguration, "must be from 0 to .*, not 1000"),
    ],
)
def test_settings_that_make_no_sense_are_one_clear_error(likelihood, error, message, linear, linear_economy):
    data = simulated_data(linear_economy)
    priors = {"rho": {"density": "uniform_pdf", "lower": 0.1, "upper": 0.9}}
    with pytest.raises(error, match=message):
        Estimation(linear, data, priors, likelihood={"method": "inversion", **likelihood})


@pytest.mark.parametrize(
    ("error", "prior"),
    [({"share_of_sd": 0.2}, "rho"), (None, "measurement_sd_y0")],
)
def test_measurement_error_is_refused(error, prior, linear, linear_economy):
    with pytest.raises(BadConfiguration, match=r"no measurement error: leave .*twisted"):
        Estimation(
            linear,
            simulated_data(linear_economy),
            {prior: {"density": "uniform_pdf", "lower": 0.1, "upper": 0.9}},
            measurement_error=error,
            likelihood={"method": "inversion"},
        )
