import numpy as np
import pandas as pd
import pytest

from estimation.moments.named import Moment, compute_moments, parse_moment, read_moment
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


def spread(frame):
    return pd.Series({"iqr": frame["x"].quantile(0.75) - frame["x"].quantile(0.25), "min": frame["x"].min()})


def test_functions_of_a_frame_see_one_sample_at_a_time(samples):
    moment = read_moment(spread, pd.DataFrame(samples[0], columns=list(OBSERVABLES)))
    values = compute_moments([moment], samples, OBSERVABLES)
    assert moment.names == ("iqr", "min")
    expected = [[np.subtract(*np.percentile(s[:, 0], [75, 25])), s[:, 0].min()] for s in samples]
    np.testing.assert_allclose(values, expected)


def test_a_function_that_returns_a_number_lends_it_its_name(samples):
    def largest(frame):
        return frame["y"].max()

    assert read_moment(largest, pd.DataFrame(samples[0], columns=list(OBSERVABLES))).names == ("largest",)


def test_functions_of_a_frame_that_change_length_are_one_clear_error(samples):
    def growing(frame):
        return {f"m{i}": 1.0 for i in range(1 + int(frame["x"].iloc[0] != samples[0, 0, 0]))}

    moment = read_moment(growing, pd.DataFrame(samples[0], columns=list(OBSERVABLES)))
    with pytest.raises(BadData, match=r"growing returned 2 moments \(m0, m1\) for one sample and 1 \(m0\)"):
        compute_moments([moment], samples, OBSERVABLES)


def test_functions_that_return_no_numbers_are_one_clear_error(samples):
    def frame_itself(frame):
        return frame

    with pytest.raises(BadData, match="frame_itself must return a number"):
        read_moment(frame_itself, pd.DataFrame(samples[0], columns=list(OBSERVABLES)))
