"""Estimation with the Kalman filter: with, without and with estimated measurement errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation, make_prior
from surrogate.errors import BadConfiguration, StochasticSingularity
from surrogate.reference.an_schorfheide_linear import log_likelihood
from tests.estimation.economies import MEASUREMENT_SD, TRUTH, exact_state_space, linear_priors, simulated_data

SD_OF_Y0, SD_OF_Y1 = MEASUREMENT_SD
TRUE_FREE = {name: TRUTH[name] for name in ("sigma", "rho")}


@pytest.fixture(scope="module")
def data(linear_economy):
    """Columns in another order than the surrogate's."""
    return simulated_data(linear_economy)[["y1", "y0"]]


def make(linear, data, **options) -> Estimation:
    settings = {
        "priors": linear_priors(),
        "fixed": {"mean": TRUTH["mean"]},
        "likelihood": {"method": "kalman"},
    }
    return Estimation(linear, data, **{**settings, **options})


def exact(economy, data, sd) -> float:
    model = replace(exact_state_space(economy, TRUTH), measurement_covariance=np.diag(np.square(sd)))
    return log_likelihood(model, data[["y0", "y1"]].to_numpy())


def test_likelihood_is_exact_with_measurement_error(linear, linear_economy, data):
    posterior = make(linear, data, measurement_error={"sd": {"y0": SD_OF_Y0, "y1": SD_OF_Y1}}).posterior
    found = posterior.log_likelihood(TRUE_FREE)
    assert found == pytest.approx([exact(linear_economy, data, MEASUREMENT_SD)], abs=2e-3)


def test_measurement_error_may_be_left_out_where_shocks_suffice(linear, linear_economy, data):
    found = make(linear, data).posterior.log_likelihood(TRUE_FREE)
    assert found == pytest.approx([exact(linear_economy, data, (0.0, 0.0))], abs=2e-3)


def test_measurement_errors_can_be_estimated(linear, linear_economy, data):
    priors = linear_priors() | {"measurement_sd_y1": make_prior("inv_gamma_pdf", 0.3, 0.1)}
    posterior = make(linear, data, priors=priors, measurement_error={"sd": {"y0": SD_OF_Y0}}).posterior
    found = posterior.log_likelihood(TRUE_FREE | {"measurement_sd_y1": 0.7})
    assert found == pytest.approx([exact(linear_economy, data, (SD_OF_Y0, 0.7))], abs=2e-3)


@pytest.mark.parametrize("error", [{"sd": {"y0": 0.4}}, {"sd": pd.Series({"y1": 0.0, "y0": 0.4})}])
def test_an_error_on_one_of_two_series_is_one_on_that_series_only(linear, linear_economy, data, error):
    found = make(linear, data, measurement_error=error).posterior.log_likelihood(TRUE_FREE)
    assert found == pytest.approx([exact(linear_economy, data, (0.4, 0.0))], abs=2e-3)


def test_a_prior_that_reaches_below_zero_is_cut_there_and_the_run_goes_on(linear, data):
    """A third of this normal lies where no standard deviation can be."""
    priors = linear_priors() | {"measurement_sd_y1": make_prior("normal_pdf", 0.1, 0.2)}
    settings = {"ensembles": 2, "walkers": 8, "steps": 30}
    with pytest.warns(UserWarning, match=r"not negative cuts priors off.*measurement_sd_y1.*30\.9% lost"):
        estimation = make(linear, data, priors=priors, sampler=settings)
    negative = TRUE_FREE | {"measurement_sd_y1": [-0.1, 0.2]}
    assert np.isfinite(estimation.posterior.log_prob(negative)).tolist() == [False, True]
    draws = estimation.sample(processes=1).chains.theta[..., 2]
    assert draws.min() > 0


def test_a_prior_below_zero_throughout_is_refused_by_name(linear, data):
    priors = linear_priors() | {"measurement_sd_y1": make_prior("normal_pdf", -1.0, 0.2)}
    with pytest.raises(BadConfiguration, match=r"measurement_sd_y1 .* only 0\.0% of its mass"):
        make(linear, data, priors=priors)


def test_too_few_shocks_are_named_before_sampling_starts(linear_economy, data):
    table = data.set_axis(["inflation", "output_gap"], axis=1)
    with pytest.raises(StochasticSingularity, match="as many shocks"):
        Estimation(
            "nk_linear", table, {"phi": make_prior("beta_pdf", 0.7, 0.05)}, likelihood={"method": "kalman"}
        )


def test_chains_of_another_measurement_error_are_not_gone_on_with(linear, data):
    known = [None, {"sd": {"y0": 0.4, "y1": 0.3}}, {"sd": {"y0": 0.4, "y1": 0.5}}, {"share_of_sd": 0.2}]
    found = [make(linear, data, measurement_error=error).fingerprints for error in known]
    assert all(found[i] != found[j] for i in range(4) for j in range(i))
    assert found[1] == make(linear, data, measurement_error=known[1]).fingerprints
