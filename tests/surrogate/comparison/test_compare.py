"""Both solutions are what they should be, and their difference is what the tables say."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import Surrogate, catalogue, economies, load
from surrogate.comparison import Comparison, compare
from surrogate.comparison.compare import SIMULATION
from surrogate.comparison.solutions import ReferencePolicy, observer
from surrogate.comparison.tables import moments, relative_difference
from surrogate.economy import Economy
from surrogate.errors import BadConfiguration, BadData, OutsideBox, UnknownName
from tests.linear_artifact import LinearEconomy, write_artifact

LINEAR = "tests.surrogate.comparison.linear_reference"
CALIBRATION = {"alpha": 0.3, "beta": 0.985, "delta": 0.05, "gamma": 3.0, "rho": 0.9, "sigma": 0.02}


def ordinary(surrogate: Surrogate, parameters: dict[str, float], periods: int, seed: int = 0) -> Comparison:
    """Compare an economy that has no comparison of its own."""
    comparison = compare(surrogate, parameters, periods, seed)
    assert isinstance(comparison, Comparison)
    return comparison


@pytest.fixture(scope="module")
def rbc() -> Comparison:
    """The shipped real business cycle model at one calibration."""
    return ordinary(load("rbc"), CALIBRATION, periods=200, seed=3)


def of_linear(
    linear: Surrogate, solver: str, monkeypatch: pytest.MonkeyPatch, periods: int = 300
) -> Comparison:
    """The linear economy beside one of the solutions in `linear_reference`."""
    monkeypatch.setitem(economies.known(), "linear", Economy("linear", classical=f"{LINEAR}:{solver}"))
    return ordinary(linear, {"rho": 0.5}, periods=periods)


def test_the_shipped_surrogate_is_near_the_classical_solution(rbc: Comparison) -> None:
    table = rbc.tables["policies"]
    assert list(table.index) == [("consumption", at) for at in ("capital", "productivity", SIMULATION)]
    assert table["max"].between(1e-9, 1e-3).all()
    paths = rbc.tables["paths"]
    np.testing.assert_array_equal(paths.loc[[("state", "productivity")], "max"], 0.0)
    np.testing.assert_array_less(paths.loc[[("state", "capital")], "max / sd"], 0.05)


def test_the_classical_path_obeys_the_resource_constraint(rbc: Comparison) -> None:
    p, path = CALIBRATION, rbc.paths[1]
    (capital, z), consumption = path.states.T, path.controls[:, 0]
    output = np.exp(z) * capital ** p["alpha"]
    following = output + (1 - p["delta"]) * capital - consumption
    np.testing.assert_allclose(capital[1:], following[:-1], rtol=1e-6)
    solution = economies.solve("rbc", p)
    chosen = solution.controls({"capital": capital, "productivity": z})["consumption"]
    np.testing.assert_array_equal(consumption, chosen)


def test_observables_of_the_classical_path_come_from_its_own_policy(rbc: Comparison) -> None:
    pytest.importorskip("torch")
    path = rbc.paths[1]
    assert path.observables is not None
    named = dict(zip(rbc.surrogate.observable_names, path.observables.T, strict=True))
    growth = 100 * np.diff(np.log(path.controls[:, 0]))
    np.testing.assert_allclose(named["consumption_growth"], growth, rtol=1e-9, atol=1e-12)


def test_slices_hold_the_other_states_at_the_steady_state(rbc: Comparison) -> None:
    rest = rbc.surrogate.steady_state(CALIBRATION).states[0]
    at = rbc.policies["capital"]
    np.testing.assert_allclose(at.states[:, 1], rest[1])
    visited = rbc.paths[1].states[:, 0]
    assert (at.states[0, 0], at.states[-1, 0]) == (visited.min(), visited.max())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(set(economies.with_classical_solution()) & set(catalogue.available()))
)
def test_every_surrogate_that_ships_follows_its_classical_solution(name: str) -> None:
    economy = load(name)
    elsewhere = {"rho_z": 0.8} if name == "an_schorfheide_zlb" else {}  # where there is an equilibrium
    comparison = compare(economy, elsewhere, periods=100)
    np.testing.assert_array_less(comparison.tables["policies"]["mean"], 3e-3)
    np.testing.assert_array_less(comparison.tables["policies"]["max"], 3e-2)


@pytest.mark.parametrize("name", catalogue.available())
def test_of_everything_that_ships_it_is_known_what_is_observed(name: str) -> None:
    pytest.importorskip("torch")
    assert observer(load(name).card) is not None


def test_without_the_training_framework_only_observables_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    comparison = ordinary(load("rbc"), {}, periods=20)
    assert comparison.paths[1].observables is None
    assert set(comparison.tables["paths"].index.get_level_values("kind")) == {"state", "control"}


def test_the_exact_policy_differs_by_rounding_only(
    linear: Surrogate, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = of_linear(linear, "exact", monkeypatch).tables
    np.testing.assert_array_less(tables["policies"]["max"], 1e-6)
    np.testing.assert_array_less(tables["paths"]["max / sd"], 1e-5)
    np.testing.assert_allclose(tables["moments"]["surrogate"], tables["moments"]["reference"], atol=1e-5)


def test_a_bias_is_found(linear: Surrogate, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = of_linear(linear, "biased", monkeypatch)
    at = comparison.policies["s0"]
    np.testing.assert_allclose(at.reference["x0"] - at.surrogate["x0"], 0.01, atol=1e-6)
    assert comparison.tables["paths"].loc[("control", "x0"), "max"] == pytest.approx(0.01, abs=1e-5)
    mean = comparison.tables["moments"].loc[("control", "x0", "mean")]
    assert mean["reference"] - mean["surrogate"] == pytest.approx(0.01, abs=1e-6)


def test_few_periods_beyond_the_grid_are_counted_and_left_out_of_the_policies(
    linear: Surrogate, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = of_linear(linear, "wide", monkeypatch)
    outside = (np.abs(comparison.paths[1].states) > 3.0).any(axis=1)
    assert 0 < comparison.beyond == outside.sum() < 15
    at = comparison.policies[SIMULATION]
    assert len(at.states) == len(at.reference["x0"]) == 301 - comparison.beyond
    assert any(f"In {comparison.beyond} periods" in note for note in comparison.notes)


def test_a_grid_too_small_for_the_economy_is_refused(
    linear: Surrogate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadData, match=r"In \d+% of the periods .* \(s leaves the grid\)"):
        of_linear(linear, "narrow", monkeypatch)


def test_a_solution_of_another_economy_is_refused(linear: Surrogate, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="'linear' needs 'alpha'"):
        of_linear(linear, "of_another", monkeypatch)


def test_an_economy_of_ones_own_with_the_name_of_a_shipped_one_is_refused(
    linear_economy: LinearEconomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = linear_economy.card()
    for name, card, words in (
        ("other", replace(own, model="rbc"), "other parameters and states and shocks"),
        (
            "flagged",
            replace(own, model="brock_mirman", training={**own.training, "shipped": False}),
            "your own",
        ),
    ):
        monkeypatch.setattr(LinearEconomy, "card", lambda _, card=card: card)
        artifact = load(write_artifact(linear_economy, tmp_path / name))
        with pytest.raises(UnknownName, match=words):
            ReferencePolicy(artifact, {})


def test_what_cannot_be_compared_is_refused(linear: Surrogate) -> None:
    economy = load("rbc")
    with pytest.raises(UnknownName, match="no classical solution of 'linear'"):
        compare(linear, {})
    with pytest.raises(UnknownName, match="Did you mean alpha"):
        compare(economy, {"alhpa": 0.3})
    with pytest.raises(OutsideBox, match=r"alpha = 0\.9 is outside \[0\.25, 0\.45\]"):
        compare(economy, {"alpha": 0.9})
    with pytest.raises(BadData, match="one number"):
        compare(economy, {"alpha": [0.3, 0.4]})
    with pytest.raises(BadConfiguration, match="periods must be a whole number from 2"):
        compare(economy, {}, periods=1)


def test_relative_differences_never_divide_by_what_crosses_zero() -> None:
    positive = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(relative_difference(positive * 1.01, positive), 0.01)
    crossing = np.array([-3.0, 0.0, 3.0])
    np.testing.assert_allclose(relative_difference(crossing + 0.1, crossing), 0.1 / np.sqrt(6))
    assert np.isnan(relative_difference(np.ones(2), np.zeros(2))).all()


def test_moments_leave_undefined_periods_out() -> None:
    shocks = np.random.default_rng(0).normal(size=20_000)
    values = [0.0]
    for shock in shocks:
        values.append(0.8 * values[-1] + 0.6 * shock)
    frame = pd.DataFrame({"ar": np.array(values) + 5})
    frame.iloc[::100] = np.nan
    found = moments(frame).loc["ar"]
    np.testing.assert_allclose(found[["mean", "sd", "autocorrelation"]], [5.0, 1.0, 0.8], atol=0.05)


def test_an_economy_of_ones_own_brings_its_solution(linear: Surrogate) -> None:
    """And no other economy's."""
    own = Economy("linear", classical=f"{LINEAR}:exact")
    comparison = compare(linear, {"rho": 0.5}, periods=300, entry=own)
    np.testing.assert_array_less(comparison.tables["policies"]["max"], 1e-6)
    with pytest.raises(UnknownName, match="the artifact is of 'linear'"):
        compare(linear, {}, entry=replace(own, name="other"))
