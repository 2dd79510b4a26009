"""Sixty years of the fifty-six generations' own data at known parameters, for `olg_moments.toml` beside it:

python examples/olg_sample.py

writes `olg_sample.csv`. An estimation on it has to find the parameters again.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from surrogate import load
from surrogate.house.files import atomic_path

TRUTH = {"beta": 0.945, "gamma": 2.5, "zeta": 0.6, "alpha": 0.3}
YEARS, BURN_IN, SEED = 60, 200, 14
PRICES_AND_AGGREGATES = ["gross_return", "bond_price", "log_output", "log_consumption"]
WEALTH = ["wealth_first", "wealth_second", "wealth_third"]
"""Shares of those in the first three quarters of life."""


def sample() -> pd.DataFrame:
    """Observations [YEARS, n_y]; dates count quarters, of which each is a year of this economy."""
    economy = load("olg")
    shocks = np.random.default_rng(SEED).standard_normal((BURN_IN + YEARS, economy.n_shocks))
    seen = economy.simulate(TRUTH, shocks).observables[BURN_IN:, 0].astype(float)
    dates = pd.period_range("2001Q1", periods=YEARS, freq="Q", name="date")
    frame = pd.DataFrame(seen, dates, economy.observable_names)
    return frame.filter(PRICES_AND_AGGREGATES + WEALTH)


if __name__ == "__main__":
    with atomic_path(Path(__file__).with_name("olg_sample.csv")) as path:
        sample().round(6).to_csv(path)
