"""Krusell and Smith's economy both ways: what the tables say is what there is."""

import re
from pathlib import Path

import numpy as np
import pytest

from surrogate import load
from surrogate.comparison import HouseholdsComparison, compare, households
from surrogate.comparison.households import BURN_IN, HORIZON, SPELL, compare_households
from surrogate.comparison.report import as_markdown
from surrogate.errors import BadConfiguration
from surrogate.reference.krusell_smith import solve_krusell_smith
from surrogate.reference.krusell_smith_economy import Economy
from surrogate.reference.krusell_smith_population import solve_population

PERIODS, SEED = 300, 7
AGGREGATES = ("capital", "output", "consumption")


@pytest.fixture(scope="module")
def both() -> HouseholdsComparison:
    """At the default."""
    found = compare(load("krusell_smith"), {}, PERIODS, SEED)
    assert isinstance(found, HouseholdsComparison)
    return found


def default() -> dict[str, float]:
    economy = load("krusell_smith")
    return dict(zip(economy.parameter_names, economy.default.tolist(), strict=True))


def differences(comparison: HouseholdsComparison) -> dict[str, float]:
    """The column of that name."""
    return comparison.tables["differences"]["difference"].to_dict()


def test_differences_are_those_of_two_paths_with_the_same_shocks(both: HouseholdsComparison) -> None:
    """Within what docs/krusell-smith.md reports for nine calibrations over 10,000 quarters."""
    table = differences(both)
    economy = load("krusell_smith")
    shocks = np.random.default_rng(SEED).standard_normal(BURN_IN + PERIODS)
    classical = solve_krusell_smith(both.parameters).simulate(shocks).after(BURN_IN)
    seen = economy.simulate(both.parameters, shocks[:, None]).observables[BURN_IN:, 0].astype(float)
    log_capital = seen[:, economy.observable_names.index("log_capital")]
    mean = 100 * (np.exp(log_capital).mean() / classical.capital.mean() - 1)
    path = 100 * np.abs(log_capital - np.log(classical.capital))
    assert table["capital, mean"] == pytest.approx(mean, rel=1e-6)
    assert table["capital, path, mean"] == pytest.approx(path.mean(), rel=1e-6)
    assert table["capital, path, largest"] == pytest.approx(path.max(), rel=1e-6)
    assert 0 < abs(table["capital, mean"]) < 0.15
    assert 0 < table["capital, path, largest"] < 0.45
    assert 0 < abs(table["gini, mean"]) < 0.01
    moments = both.tables["moments"]["reference"].to_dict()
    consumption, poorer = np.log(classical.consumption).mean(), classical.wealth_share(0, 0.5).mean()
    assert moments["observable", "log_consumption", "mean"] == pytest.approx(consumption)
    assert moments["observable", "bottom_half", "mean"] == pytest.approx(poorer)


@pytest.mark.slow
def test_the_published_figures_come_out_again() -> None:
    """docs/krusell-smith.md has them for the default, and rounds them to three digits."""
    text = (Path(__file__).parents[3] / "docs" / "krusell-smith.md").read_text(encoding="utf-8")
    row = re.search(r"^\| default \|(.*)\|$", text, re.MULTILINE)
    assert row is not None
    mean, path, largest, gini, difference = map(float, row[1].split("|")[6:11])
    found = compare_households(load("krusell_smith"), default(), 10_000, 2026)
    table = differences(found)
    assert table["capital, mean"] == pytest.approx(mean, abs=2e-3)
    assert table["capital, path, mean"] == pytest.approx(path, abs=2e-3)
    assert table["capital, path, largest"] == pytest.approx(largest, abs=5e-3)
    assert table["gini, mean"] == pytest.approx(difference, abs=2e-4)
    reference = found.tables["differences"]["reference"].to_dict()
    assert reference["gini, mean"] == pytest.approx(gini, abs=1e-4)


def test_the_solution_of_another_calibration_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A discount factor two thousandths lower: the steady state of capital is nine percent lower."""
    monkeypatch.setattr(
        households, "solve_population", lambda p: solve_population({**p, "beta": p["beta"] - 0.002})
    )
    table = differences(compare_households(load("krusell_smith"), default(), 100, 0))
    steady = [Economy({**default(), "beta": beta}).steady_capital for beta in (0.99, 0.988)]
    gap = 100 * (steady[0] / steady[1] - 1)
    assert table["capital, mean"] == pytest.approx(gap, rel=0.1)


def test_who_chooses_more_than_there_is_eats_what_there_is(both: HouseholdsComparison) -> None:
    productivity = 1 + np.array([-1, 1]) * both.parameters["dz"]
    states = np.column_stack([both.masses, productivity])
    chosen = both.surrogate.policy(states, both.parameters).astype(float)
    resources = both.solution.resources(both.masses, np.arange(2))
    assert (chosen > 1.01 * resources).any(), "the unemployed without wealth"
    for who, z in (("unemployed, bad times", 0), ("unemployed, good times", 1)):
        at = both.policies[who]
        for eaten in (at.surrogate["consumption"], at.reference["consumption"]):
            assert eaten[0] == pytest.approx(resources[z, 0])
    table = both.tables["policies"]
    assert list(table.index.get_level_values("along")) == list(both.policies)
    assert np.all(table["mean"].between(1e-6, 2e-3))  # .0005 to .0007 over three seeds
    assert np.all(table["max"].between(1e-5, 3e-2))


def test_a_bad_state_takes_output_down_at_once_and_capital_later(both: HouseholdsComparison) -> None:
    economy = Economy(both.parameters)
    fall = economy.output(0, 1.0) / economy.output(1, 1.0)
    for response in both.responses:
        assert response.shape == (HORIZON, 4)
        capital, output, consumption = (response[f"log_{name}"].to_numpy() for name in AGGREGATES)
        assert capital[0] == pytest.approx(0, abs=1e-4)
        assert output[0] == pytest.approx(100 * np.log(fall), abs=1e-4)
        assert (capital.argmin(), consumption.argmin()) == (SPELL, SPELL - 1)
    found, exact = (np.asarray(response) for response in both.responses)
    np.testing.assert_allclose(found[:, :3], exact[:, :3], atol=0.1)  # percent; .05 over three seeds


def test_wealth_is_distributed_alike(both: HouseholdsComparison) -> None:
    found, exact = both.lorenz_curves
    places = np.linspace(0, 1, 21)
    ours, theirs = (np.interp(places, each.population, each.wealth) for each in (found, exact))
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    for (_, masses), frame, curve in zip(
        both.distributions, both.simulations, both.lorenz_curves, strict=True
    ):
        assert masses.sum() == pytest.approx(1, abs=1e-4)
        mean = frame["observable", "gini"].to_numpy().mean()
        assert curve.gini() == pytest.approx(mean, abs=0.01), "of the mean distribution, and its mean"


def test_the_report_says_what_was_done(both: HouseholdsComparison) -> None:
    text = as_markdown(both)
    for words in ("# krusell_smith", "300 periods", "seed 7", "4,000 that do not count", "capital, path"):
        assert words in text
    for name, pair in both.series.items():
        assert all(len(frame) == (HORIZON if name == "responses" else PERIODS) for frame in pair)


def test_more_periods_than_memory_holds_are_refused() -> None:
    with pytest.raises(BadConfiguration, match="periods must be a whole number from 2 to 100,000"):
        compare(load("krusell_smith"), {}, 1_000_000)
