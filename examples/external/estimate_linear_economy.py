"""Estimate the economy that write_linear_economy.py wrote, on a sample of its own.

    python estimate_linear_economy.py FOLDER

Nothing here knows how the folder came to be: `Estimation` takes any that honours docs/artifact.md.
"""

import sys

import numpy as np
import pandas as pd

from estimation import Estimation
from surrogate import load

TRUTH = {"rho": 0.7, "sigma": 0.6, "kappa": 0.08, "sigma_u": 0.25}
QUARTERS = 160
PRIORS = {
    "rho": {"density": "beta_pdf", "mean": 0.7, "sd": 0.15},
    "sigma": {"density": "inv_gamma_pdf", "mean": 0.5, "sd": 0.3},
    "kappa": {"density": "gamma_pdf", "mean": 0.1, "sd": 0.05},
    "sigma_u": {"density": "inv_gamma_pdf", "mean": 0.5, "sd": 0.3},
}


def main(folder):
    """Simulate, sample and print the posterior beside the truth."""
    economy = load(folder)
    shocks = np.random.default_rng(0).normal(size=(QUARTERS, 2))
    path = economy.simulate(TRUTH, shocks).observables[:, 0]
    quarters = pd.period_range("1980Q1", periods=QUARTERS, freq="Q")
    data = pd.DataFrame(path, index=quarters, columns=list(economy.observable_names))
    settings = {"ensembles": 2, "walkers": 16, "steps": 2000, "target_ess": 400}
    estimation = Estimation(economy, data, PRIORS, likelihood={"method": "kalman"}, sampler=settings)
    print(estimation.sample().summary())
    print("truth:", TRUTH)


if __name__ == "__main__":  # chains run in processes of their own
    main(sys.argv[1])
