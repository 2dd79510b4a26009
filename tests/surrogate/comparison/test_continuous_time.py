"""Continuous time beside finite differences and linear expectations: tables say what there is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import load
from surrogate.comparison import ContinuousComparison, compare
from surrogate.comparison.continuous_time import BURN_IN, INCOMES, SHOCKS, linear_path
from surrogate.comparison.report import FILES, OF_HOUSEHOLDS, as_markdown, write
from surrogate.errors import BadConfiguration
from surrogate.reference.continuous_time_linear import solve_linear_economy

PERIODS, SEED = 200, 7
NAME = "krusell_smith_continuous"


@pytest.fixture(scope="module")
def both() -> ContinuousComparison:
    """At the default."""
    found = compare(load(NAME), {}, PERIODS, SEED)
    assert isinstance(found, ContinuousComparison)
    return found


def test_the_surrogate_is_close_where_it_rests_and_after_shocks(both: ContinuousComparison) -> None:
    """Bounds are those of docs/continuous-time.md, where figures of thirteen calibrations are."""
    differences = both.tables["differences"]
    table = dict(zip(differences.index, differences["difference"].to_numpy(dtype=float), strict=True))
    assert abs(table["capital at rest"]) < 0.5
    assert abs(table["consumption by productivity"]) < 4
    assert abs(table["capital after 5 years of a shock"]) < 6
    assert table["capital, path, largest"] < 0.8
    below, above = both.tables["differences"]["surrogate"].filter(like="drift").to_numpy(dtype=float)
    assert below > 0.005 > -0.005 > above
    policies = both.tables["policies"]
    np.testing.assert_array_less(policies["mean over nodes"], 3e-3)
    np.testing.assert_array_less(policies["max"], 1.5e-2)


def test_differences_are_those_of_the_parts(both: ContinuousComparison) -> None:
    table = both.tables["differences"]
    masses = both.rest[:-1].reshape(2, -1)
    capital = masses.sum(0) @ both.nodes
    assert table.loc["capital at rest", "surrogate"] == pytest.approx(capital)
    assert table.loc["capital at rest", "reference"] == pytest.approx(both.stationary.capital)
    moved = both.surrogate.step(
        both.rest, both.surrogate.policy(both.rest, both.theta), np.zeros(1), both.theta
    )
    np.testing.assert_allclose(moved.next_states[0, :-1], both.rest[:-1], atol=2e-6)
    found, exact = both.simulations
    gap = 100 * (found["observable", "log_capital"] - exact["observable", "log_capital"]).abs()
    assert table.loc["capital, path, mean", "difference"] == pytest.approx(gap.mean())
    assert set(both.policies) == {f"{who}, {shock} productivity" for who in INCOMES for shock in SHOCKS}


def test_the_linear_path_is_that_of_its_solution() -> None:
    """A shock of one sd, and prices of a competitive firm."""
    linear = solve_linear_economy(
        dict.fromkeys(["gamma"], 2.0) | {"rho": 0.05, "n1": 0.5, "lam": 0.4, "eta": 0.5, "sig": 0.01}
    )
    years = np.array([1.0, 5.0])
    path = linear_path(linear, np.zeros(20), 0.01)
    rest = linear_path(linear, np.zeros(20))
    response = (path["log_capital"] - rest["log_capital"])[[3, 19]]
    np.testing.assert_allclose(response, linear.log_capital(years, 0.01), rtol=1e-6)
    output, capital = np.exp(path["log_output"]), np.exp(path["log_capital"])
    np.testing.assert_allclose(path["interest_rate"], output / capital / 3 - 0.1)
    np.testing.assert_allclose(rest["log_capital"], np.log(linear.capital), rtol=1e-12)


def test_the_folder_has_what_the_page_promises(both: ContinuousComparison, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write(both, tmp_path / "compared")
    there = {each.name for each in (tmp_path / "compared").iterdir()}
    assert there == {*FILES, *OF_HOUSEHOLDS}
    table = pd.read_csv(tmp_path / "compared" / "responses.csv")
    assert np.abs(table["log_capital surrogate"].to_numpy(dtype=float)).max() > 0
    text = as_markdown(both)
    assert "capital at rest" in text
    assert f"followed for {PERIODS} quarters" in text


def test_too_many_periods_are_refused() -> None:
    with pytest.raises(BadConfiguration):
        compare(load(NAME), {}, 200_000)
    assert BURN_IN > 0
