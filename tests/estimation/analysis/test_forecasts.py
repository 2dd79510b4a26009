"""Forecasts of the linear economy are mixtures of exact Gaussian ones."""

import numpy as np
import pytest

from estimation.analysis.predictive import forecasts
from estimation.analysis.simulation import posterior_draws
from surrogate.errors import BadConfiguration, UnknownName
from tests.estimation.analysis.economies import exact_posterior, mean_and_sd
from tests.estimation.economies import MEASUREMENT_SD

HORIZON = 6


def test_mean_and_sd_are_those_of_the_exact_mixture_over_draws(results, linear_economy) -> None:
    table = forecasts(results, horizon=HORIZON, draws=40, replications=400).table
    moments = []
    for parameters in results.posterior.parameters(posterior_draws(results, 40)):
        exact = exact_posterior(linear_economy.at(parameters), results.data.to_numpy(), HORIZON)
        mean, sd = mean_and_sd(exact, exact.observable[-HORIZON:])
        moments.append((mean + exact.constant, np.square(sd) + np.square(MEASUREMENT_SD)))
    means, variances = (np.array(part) for part in zip(*moments, strict=True))
    mean, sd = means.mean(axis=0), np.sqrt(variances.mean(axis=0) + means.var(axis=0))
    found = {name: table[name].to_numpy().reshape(2, HORIZON).T for name in ("mean", "sd")}
    np.testing.assert_allclose(found["mean"], mean, atol=0.05)
    np.testing.assert_allclose(found["sd"], sd, rtol=0.03)
    assert table.index.unique("quarter")[0] == "2000Q1"


def test_quantiles_are_in_order_and_the_fan_has_a_panel_for_each_observable(results) -> None:
    finding = forecasts(results, observables=["y1"], horizon=3, draws=5, replications=10)
    quantiles = finding.table[["5 %", "25 %", "median", "75 %", "95 %"]].to_numpy()
    assert (np.diff(quantiles, axis=1) > 0).all()
    assert finding.draw is not None
    assert len(finding.draw().axes) == 1


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"observables": ["y7"]}, UnknownName, "Unknown observable 'y7'"),
        ({"horizon": 0}, BadConfiguration, "horizon must be a whole number from 1"),
        ({"replications": 0}, BadConfiguration, "replications must be a whole number from 1"),
    ],
)
def test_what_makes_no_sense_is_an_error(results, given, error, words) -> None:
    with pytest.raises(error, match=words):
        forecasts(results, **given)
