"""What the table of variants rests on."""

import numpy as np
import pytest

from benchmarks import populations
from benchmarks.populations import Path, at_default, booms, lagged, quantile, truncation
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.krusell_smith_agents import KrusellSmithAgents
from surrogate.models.krusell_smith_histories import lags
from surrogate.policy import PopulationPolicy


@pytest.fixture(autouse=True)
def few_quarters(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BURN_IN": 10, "PERIODS": 200, "LENGTHS": (2, 5)}.items():
        monkeypatch.setattr(populations, name, value)


def test_quantiles_count_weights() -> None:
    values, weights = np.array([[3.0, 1.0], [2.0, 4.0]]), np.array([[0.0, 0.5], [0.3, 0.2]])
    assert quantile(values, weights, 0.5) == 1.0
    assert quantile(values, weights, 0.79) == 2.0
    assert quantile(values, weights, 0.99) == 4.0


def test_the_past_ends_in_the_quarter_before() -> None:
    boom = booms()
    history = lagged(boom, lags(3))
    signs = 2.0 * boom - 1
    for lag in range(3):
        np.testing.assert_array_equal(history[:, lag], signs[10 - lag : 210 - lag])


def test_a_series_of_the_last_quarters_is_left_out_by_none_that_is_as_long() -> None:
    signs = 2.0 * booms() - 1
    series = 0.3 * signs[10:210] + 0.1 * signs[6:206]
    (two, mean, _), (five, exact, _), _ = truncation(series)
    assert (two, five) == ("2 quarters", "5 quarters")
    assert float(mean) > 1.0
    assert float(exact) == 0.0


@pytest.mark.parametrize("economy", [KrusellSmith(), KrusellSmithAgents(30)])
def test_a_policy_is_followed_and_measured(economy: KrusellSmith) -> None:
    """One that has not been trained: errors are large, numbers and weighted by households."""
    here = at_default(economy)
    path = Path(here, PopulationPolicy(here, (4, 4), 1))
    assert path.log_capital.shape == (200,)
    assert path.mass.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert 1e-5 < quantile(path.euler_errors(), path.mass, 0.5) < 0.1
