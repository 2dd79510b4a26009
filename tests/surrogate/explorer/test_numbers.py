"""What a page computes, under Node, beside the Python runtime and closed forms."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike, NDArray

from surrogate import Surrogate, load
from surrogate.explorer import write_explorer
from tests.linear_artifact import example_economy, write_artifact
from tests.surrogate.explorer.in_node import explored

TOLERANCE = 1e-4
ROUNDING_OF_GROWTH = 1e-3
"""ONNX Runtime's growth rates in percent, in float32, are off by up to 7e-4 (docs/external-code.md)."""
BURN, DRAWN = 200, 100


def gap(found: ArrayLike, expected: NDArray) -> float:
    """Largest difference relative to one plus the size; NaN must be where NaN is."""
    numbers = np.array(found, dtype=float)
    assert numbers.shape == expected.shape
    assert np.array_equal(np.isnan(numbers), np.isnan(expected))
    return float(np.nanmax(np.abs(numbers - expected) / (1 + np.abs(expected)), initial=0.0))


def calibrations(economy: Surrogate) -> NDArray:
    """The default, and another one inside."""
    drawn = np.random.default_rng(3).uniform(economy.lower, economy.upper, (100, economy.n_parameters))
    inner = economy.default + 0.7 * (drawn - economy.default)
    return np.stack([economy.default, inner[economy.inside(inner)][0]])


@pytest.mark.parametrize("model", ["an_schorfheide_zlb", "rbc", "consumption_saving", "ramsey"])
def test_a_page_says_what_the_runtime_says(model: str, tmp_path: Path) -> None:
    economy = load(model)
    page = write_explorer(economy, tmp_path / "page.html").read_text(encoding="utf-8")
    thetas = calibrations(economy)
    result = explored(page, thetas.tolist())
    shocks = np.array(result["shocks"]).reshape(len(result["shocks"]), economy.n_shocks)
    for theta, found in zip(thetas, result["found"], strict=True):
        rest = economy.steady_state(theta).states
        assert gap(found["rest"], rest[0]) < TOLERANCE
        for state, along in enumerate(found["along"]):
            states = np.repeat(rest, len(along["points"]), axis=0)
            states[:, state] = along["points"]
            assert gap(along["controls"], economy.policy(states, theta)) < TOLERANCE
        if economy.n_shocks:
            require_simulations(economy, theta, shocks, found)
        else:
            path = economy.simulate(theta, shocks, initial=0.7 * rest)
            assert gap(found["path"]["states"], path.states[:, 0]) < TOLERANCE


def require_simulations(economy: Surrogate, theta: NDArray, shocks: NDArray, found: dict) -> None:
    """Path, moments and impulse responses."""
    path = economy.simulate(theta, shocks)
    drawn = slice(BURN, BURN + DRAWN)
    assert gap(found["path"]["states"], path.states[drawn, 0]) < TOLERANCE
    assert gap(found["path"]["controls"], path.controls[drawn, 0]) < TOLERANCE
    assert gap(found["path"]["observables"], path.observables[drawn, 0]) < ROUNDING_OF_GROWTH
    series = pd.DataFrame(path.observables[BURN:, 0].astype(float))
    assert gap(found["moments"]["sd"], series.std().to_numpy()) < TOLERANCE
    autocorrelation = np.array([series[column].autocorr() for column in series])
    assert gap(found["moments"]["autocorrelation"], autocorrelation) < TOLERANCE
    assert gap(found["moments"]["correlation"], series.corr().to_numpy()) < TOLERANCE
    impulses = np.zeros((40, economy.n_shocks, economy.n_shocks))
    impulses[0] = -2 * np.eye(economy.n_shocks)
    struck, quiet = (economy.simulate(theta, each).observables for each in (impulses, 0 * impulses))
    responses = np.swapaxes(np.array(found["responses"]), 0, 1)
    assert gap(responses, struck - quiet) < ROUNDING_OF_GROWTH


def test_a_linear_economy_in_closed_form(tmp_path: Path) -> None:
    """Responses are Z A^t B + Z_lag A^(t-1) B, policies C; standard deviations are near the exact ones."""
    economy = example_economy("float64")
    surrogate = Surrogate(write_artifact(economy, tmp_path / "linear"))
    page = write_explorer(surrogate, tmp_path / "page.html").read_text(encoding="utf-8")
    theta = [0.6, 1.5, -1.0]
    (found,) = explored(page, [theta])["found"]
    m = economy.at(theta)
    states = [np.linalg.matrix_power(m.transition, t) @ m.shock_loading for t in range(40)]
    lagged = [np.zeros_like(states[0]), *states[:-1]]
    expected = [
        -2 * (m.observation @ now + m.lagged_observation @ before)
        for now, before in zip(states, lagged, strict=True)
    ]
    responses = np.moveaxis(np.array(found["responses"]), 0, 2)
    np.testing.assert_allclose(responses, expected, atol=1e-12)
    for state, along in enumerate(found["along"]):
        slope = np.diff(along["controls"], axis=0) / np.diff(along["points"])[:, np.newaxis]
        np.testing.assert_allclose(slope, np.tile(m.control_loading[:, state], (6, 1)), rtol=1e-9)
    # stationary variance of the observables: the sum of squares of all responses to one standard deviation
    exact = np.sqrt(np.sum(np.square(expected) / 4, axis=(0, 2)))
    np.testing.assert_allclose(found["moments"]["sd"], exact, rtol=0.1)


def test_controls_are_shown_where_there_are_no_observables(tmp_path: Path) -> None:
    economy = example_economy("float64")
    surrogate = Surrogate(write_artifact(economy, tmp_path / "linear"))
    page = write_explorer(surrogate, tmp_path / "page.html").read_text(encoding="utf-8")
    without, replaced = re.subn(r'"observables": \[.*?\]', '"observables": []', page)
    assert replaced == 1
    theta = [0.6, 1.5, -1.0]
    (found,) = explored(without, [theta])["found"]
    m = economy.at(theta)
    paths = [np.linalg.matrix_power(m.transition, t) @ m.shock_loading for t in range(40)]
    expected = [-2 * m.control_loading @ now for now in paths]
    np.testing.assert_allclose(np.moveaxis(np.array(found["responses"]), 0, 2), expected, atol=1e-12)


def test_shocks_are_standard_normal_and_always_the_same(tmp_path: Path) -> None:
    """2,200 periods of three shocks: means have a standard error of .021, variances one of .030."""
    page = write_explorer(load("an_schorfheide"), tmp_path / "page.html").read_text(encoding="utf-8")
    first, again = (np.array(explored(page, [])["shocks"]) for _ in range(2))
    assert first.shape == (2200, 3)
    assert np.array_equal(first, again)
    assert np.abs(first.mean(axis=0)).max() < 0.09
    assert np.abs(first.var(axis=0) - 1).max() < 0.13
    assert np.abs(np.corrcoef(first.T) - np.eye(3)).max() < 0.09
    assert np.abs([np.corrcoef(each[1:], each[:-1])[0, 1] for each in first.T]).max() < 0.09
    # L'Ecuyer (1988): Z = (s1 - s2) mod 2147483562, and U = Z / 2147483563
    powers = range(1, first.size * 2 + 1)
    states = [pow(40014, k, 2147483563) - pow(40692, k, 2147483399) for k in powers]
    uniform = np.array([(state % 2147483562 or 2147483562) / 2147483563 for state in states]).reshape(-1, 2)
    normal = np.sqrt(-2 * np.log(uniform[:, 0])) * np.cos(2 * np.pi * uniform[:, 1])
    np.testing.assert_allclose(first.ravel(), normal, atol=1e-12)


def test_what_is_outside_is_refused_in_words(tmp_path: Path) -> None:
    economy = load("consumption_saving")
    page = write_explorer(economy, tmp_path / "page.html").read_text(encoding="utf-8")
    names = economy.parameter_names
    beyond, patient, near = (economy.default.copy() for _ in range(3))
    beyond[names.index("beta")] = 0.99
    patient[[names.index("beta"), names.index("r")]] = 0.98, 0.03
    near[[names.index("beta"), names.index("r")]] = 0.98, 0.01
    assert economy.inside([beyond, patient, near]).tolist() == [False, False, True]
    found = explored(page, [beyond.tolist(), patient.tolist(), near.tolist()])["found"]
    assert found[0]["refusal"].startswith("beta must lie between 0.9 and 0.98")
    assert "beta (1 + r) < 1" in found[1]["refusal"]
    for place, row in enumerate(found[2]["certified"]):
        values = np.linspace(economy.lower[place], economy.upper[place], len(row))
        thetas = np.repeat(near[np.newaxis], len(row), axis=0)
        thetas[:, place] = values
        assert row == economy.inside(thetas).tolist()
    assert not all(all(row) for row in found[2]["certified"])
