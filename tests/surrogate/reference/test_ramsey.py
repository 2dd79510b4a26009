"""Time iteration for deterministic growth: steady state, slope there, Euler equation, limits."""

import numpy as np
import pytest

from surrogate.errors import BadData, SurrogateError
from surrogate.reference import growth
from surrogate.reference.growth import saddle_path_slope, solve_ramsey, steady_state

CALIBRATIONS = [
    {"alpha": 0.36, "beta": 0.99, "delta": 0.025, "gamma": 2.0},
    {"alpha": 0.25, "beta": 0.995, "delta": 0.01, "gamma": 5.0},
    {"alpha": 0.45, "beta": 0.95, "delta": 0.10, "gamma": 1.0},
    {"alpha": 0.25, "beta": 0.95, "delta": 0.01, "gamma": 1.0},
]


@pytest.mark.parametrize("p", CALIBRATIONS)
def test_the_policy_passes_through_the_steady_state_along_the_saddle_path(p: dict[str, float]) -> None:
    capital, consumption = steady_state(p)
    solution, step = solve_ramsey(p), 1e-3 * capital
    below, at, above = solution.controls({"capital": capital + np.array([-step, 0.0, step])})["consumption"]
    assert at == pytest.approx(consumption, rel=1e-8)
    assert (above - below) / (2 * step) == pytest.approx(saddle_path_slope(p), rel=1e-5)


@pytest.mark.parametrize("p", CALIBRATIONS)
def test_the_euler_equation_holds_between_grid_points(p: dict[str, float]) -> None:
    solution = solve_ramsey(p)
    k = steady_state(p)[0] * np.exp(np.random.default_rng(0).uniform(-0.5, 0.5, 200))
    c = solution.controls({"capital": k})["consumption"]
    k_next = k ** p["alpha"] + (1 - p["delta"]) * k - c
    gross_return = p["alpha"] * k_next ** (p["alpha"] - 1) + 1 - p["delta"]
    implied = solution.controls({"capital": k_next})["consumption"] * (p["beta"] * gross_return) ** (
        -1 / p["gamma"]
    )
    assert np.abs(implied / c - 1).max() < 1e-8


def test_log_utility_with_full_depreciation_has_the_closed_form() -> None:
    p = {"alpha": 0.36, "beta": 0.96, "delta": 1.0, "gamma": 1.0}
    k = steady_state(p)[0] * np.exp(np.linspace(-0.5, 0.5, 33)).reshape(11, 3)
    exact = (1 - p["alpha"] * p["beta"]) * k ** p["alpha"]
    np.testing.assert_allclose(solve_ramsey(p).controls({"capital": k})["consumption"], exact, rtol=1e-8)


def test_a_finer_and_wider_grid_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    p = CALIBRATIONS[1]
    states = {"capital": steady_state(p)[0] * np.exp(np.linspace(-0.5, 0.5, 33))}
    before = solve_ramsey(p).controls(states)["consumption"]
    monkeypatch.setattr(growth, "RAMSEY_POINTS", 401)
    monkeypatch.setattr(growth, "RAMSEY_WIDTH", 1.5)
    np.testing.assert_allclose(solve_ramsey(p).controls(states)["consumption"], before, rtol=1e-7)


def test_capital_beyond_the_grid_is_refused() -> None:
    p = CALIBRATIONS[0]
    with pytest.raises(BadData, match="leaves the grid"):
        solve_ramsey(p).controls({"capital": 100 * steady_state(p)[0]})


def test_senseless_parameters_say_so() -> None:
    with pytest.raises(SurrogateError, match="sensible"):
        solve_ramsey({**CALIBRATIONS[0], "beta": 1.2})
