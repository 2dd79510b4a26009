import numpy as np
import pandas as pd
import pytest

from estimation.settings import measurement_error
from surrogate.errors import BadConfiguration, UnknownName


@pytest.fixture
def data():
    values = {"y": [1.0, 2.0, np.nan, 4.0], "r": [0.0, 0.5, 0.25, 1.0]}
    return pd.DataFrame(values, index=pd.period_range("2000Q1", periods=4, freq="Q"))


def test_share_of_sd_uses_the_observed_quarters_only(data):
    sd = measurement_error(data, share_of_sd=0.2).sd
    np.testing.assert_allclose(sd, [0.2 * np.std([1, 2, 4], ddof=1), 0.2 * data["r"].std()])


def test_share_of_variance_is_the_square_of_share_of_sd(data):
    shares = measurement_error(data, share_of_variance=0.04).sd
    np.testing.assert_allclose(shares, measurement_error(data, share_of_sd=0.2).sd)


def test_fixed_sd_by_name(data):
    np.testing.assert_allclose(measurement_error(data, sd={"r": 0.3, "y": 0.1}).sd, [0.1, 0.3])


def test_estimated_sd_takes_the_column_of_its_name(data):
    error = measurement_error(data, share_of_sd=0.2, estimated=["measurement_sd_r"])
    assert error.free_names == ("measurement_sd_r",)
    sd = error.values({"measurement_sd_r": np.array([0.7, 0.8])}, 2)
    np.testing.assert_allclose(sd[:, 1], [0.7, 0.8])
    np.testing.assert_allclose(sd[:, 0], 0.2 * data["y"].std())


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "none is given for y, r"),
        ({"sd": {"y": 1.0}}, "for r: .*measurement_sd_r"),
        ({"sd": 0.0}, "positive"),
        ({"sd": {"y": "much", "r": 0.1}}, "positive number, not 'much'"),
        ({"sd": 0.1, "share_of_sd": 0.2}, "two rules"),
        ({"sd": {"y": 0.1, "r": 0.1}, "estimated": ["measurement_sd_y"]}, "two rules"),
    ],
)
def test_contradictory_rules_are_one_clear_error(data, rules, message):
    with pytest.raises(BadConfiguration, match=message):
        measurement_error(data, **rules)


@pytest.mark.parametrize("values", [2.0, np.nan])
def test_a_share_of_a_series_that_does_not_vary_is_an_error(data, values):
    with pytest.raises(BadConfiguration, match="y hardly varies"):
        measurement_error(data.assign(y=values), share_of_sd=0.2)


def test_unknown_series_is_an_error(data):
    with pytest.raises(UnknownName, match="observable 'R'"):
        measurement_error(data, sd={"y": 1, "R": 1})
    with pytest.raises(UnknownName, match="measurement_sd_y"):
        measurement_error(data, sd=1.0, estimated=["measurement_sd_z"])
