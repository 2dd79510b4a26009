"""estimate on the economy of many households: moments of its own simulation give its parameters back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from surrogate import load
from tests.cli.running import run

TRUTH = {"gamma": 1.8, "mu": 0.3, "dz": 0.011}
PERIODS, BURN_IN = 122, 300
COLUMNS = ("log_output", "log_consumption", "gini", "bottom_half", "top_tenth")
CONFIGURATION = """
[model]
surrogate = "krusell_smith"

[data]
file = "sample.csv"

[data.columns]
log_output = "log_output"
log_consumption = "log_consumption"
gini = "gini"
bottom_half = "bottom_half"
top_tenth = "top_tenth"

[likelihood]
method = "moments"
weights = "two-step"
detrend = ["log_output", "log_consumption"]
replications = 4
burn_in = 300
moments = [
    "sd(log_output)",
    "sd(log_consumption)",
    "autocorr(log_consumption, 1)",
    "mean(gini)",
    "mean(bottom_half)",
    "mean(top_tenth)",
]

[sampler]
ensembles = 2
walkers = 16
steps = 60
seed = 1

[priors.gamma]
density = "uniform_pdf"
lower = 1.0
upper = 4.0

[priors.mu]
density = "uniform_pdf"
lower = 0.05
upper = 0.5

[priors.dz]
density = "uniform_pdf"
lower = 0.005
upper = 0.015
"""


def write_project(folder: Path, seed: int) -> Path:
    """A configuration and the economy's own data at `TRUTH`; the sample begins as its likelihood assumes."""
    economy = load("krusell_smith")
    shocks = np.random.default_rng([seed, 7]).standard_normal((BURN_IN + PERIODS, 1))
    seen = economy.simulate(TRUTH, shocks).observables[BURN_IN:, 0].astype(float)
    frame = pd.DataFrame(seen, columns=list(economy.observable_names))[list(COLUMNS)]
    frame.index = pd.period_range("1990Q1", periods=PERIODS, freq="Q", name="date")
    frame.to_csv(folder / "sample.csv")
    (folder / "households.toml").write_text(CONFIGURATION, encoding="utf-8")
    return folder / "households.toml"


def recovered(folder: Path, seed: int) -> pd.DataFrame:
    """The posterior table, with the truth and how many posterior standard deviations it is from the mean."""
    configuration = write_project(folder, seed)
    result = run("estimate", configuration, "--output", folder / "out", "--processes", 1)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(folder / "out" / "posterior.csv", index_col=0).loc[list(TRUTH)]
    truth = pd.Series(TRUTH)
    return table.assign(truth=truth, distance=(truth - table["mean"]) / table["sd"])


@pytest.mark.slow
def test_the_posterior_of_simulated_data_holds_the_truth(tmp_path: Path) -> None:
    table = recovered(tmp_path, seed=0)
    distance, sd = (table[name].to_numpy(dtype=float) for name in ("distance", "sd"))
    assert np.abs(distance).max() < 4, table.to_string()
    prior = np.array([3.0, 0.45, 0.01]) / np.sqrt(12)
    assert np.all(sd < 0.6 * prior), table.to_string()
