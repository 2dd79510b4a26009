"""Standard errors are those of theory, and parameters that matter only together are found."""

from pathlib import Path

import numpy as np
import pytest

from estimation.analysis import identification
from surrogate import ParameterRange, Surrogate, load
from surrogate.errors import BadConfiguration
from tests.linear_artifact import LinearEconomy, write_artifact

PERIODS, SIGMA = 100, 1.3


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Surrogate:
    """y = a + b + sigma e: the mean is a sum, of which data say nothing else."""
    loading, mean = np.zeros((4, 1, 1)), np.zeros((4, 1))
    loading[3] = mean[1] = mean[2] = 1.0
    economy = LinearEconomy(
        parameters=(
            ParameterRange("a", -1.0, 1.0, 0.0),
            ParameterRange("b", -1.0, 1.0, 0.5),
            ParameterRange("sigma", 0.5, 2.0, SIGMA),
        ),
        transition=np.zeros((4, 1, 1)),
        shock_loading=loading,
        observable_mean=mean,
        control_loading=np.ones((1, 1)),
        observation=np.ones((1, 1)),
    )
    return Surrogate(write_artifact(economy, tmp_path_factory.mktemp("noise")))


def test_standard_errors_of_white_noise(noise: Surrogate) -> None:
    """sigma / T^1/2 of the mean, sigma / (2 T)^1/2 of the standard deviation. Of 20 seeds at most 6 % off."""
    table = identification(noise, {}, periods=PERIODS)[0].table
    assert table.loc["a", "alone"] * 2 == pytest.approx(SIGMA / PERIODS**0.5, rel=0.15)
    assert table.loc["sigma", "standard error"] == pytest.approx(SIGMA / (2 * PERIODS) ** 0.5, rel=0.15)


def test_parameters_that_matter_only_together(noise: Surrogate) -> None:
    table, directions = (each.table for each in identification(noise, {}, periods=PERIODS))
    assert list(table[""]) == ["not identified", "not identified", "identified"]
    assert table.loc["a", "most like"] == "b (1.00)"
    assert directions["strength"].iloc[0] < 1e-3
    assert directions["parameters"].iloc[0].split(",")[:2] in (
        ["+0.71 a", " -0.71 b"],
        ["+0.71 b", " -0.71 a"],
    )
    assert "rank 2 in 3 parameters" in identification(noise, {}, periods=PERIODS)[0].note


def test_the_rule_of_an_schorfheide_is_not_identified() -> None:
    """To first order psi1, psi2, rho_r and sigma_r lie on a curve on which the data do not change (Komunjer
    and Ng 2011; Qu and Tkachenko 2012), mostly along psi2.
    """
    table, directions = (each.table for each in identification(load("an_schorfheide"), {}, replications=400))
    assert table.loc["psi2", ""] == "not identified"
    assert directions["parameters"].iloc[0].startswith("+0.99 psi2, -0.1")
    assert directions["strength"].iloc[0] < 0.1
    assert directions["strength"].iloc[1] > 1


def test_wrong_numbers_are_refused(noise: Surrogate) -> None:
    with pytest.raises(BadConfiguration, match="12 replications"):
        identification(noise, {}, replications=10, lags=4)
    with pytest.raises(BadConfiguration, match="periods"):
        identification(noise, {}, periods=2)


def test_the_edge_of_the_box_is_looked_at_from_inside(noise: Surrogate, tmp_path: Path) -> None:
    table = identification(noise, {"sigma": 2.0}, periods=PERIODS)[0].table
    assert table.loc["sigma", "standard error"] == pytest.approx(2.0 / (2 * PERIODS) ** 0.5, rel=0.15)
