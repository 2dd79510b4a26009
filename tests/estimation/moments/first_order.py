"""A first-order autoregression as an economy, whose moments and their sampling covariance are known exactly.

y = mean + s,    s' = rho s + sigma e'
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from surrogate import ParameterRange
from tests.linear_artifact import LinearEconomy

MOMENTS = ("mean(y)", "sd(y)", "autocorr(y, 1)")
TRUTH = {"rho": 0.6, "sigma": 1.2, "mean": 0.3}


def first_order_economy() -> LinearEconomy:
    """One state, one shock, one observable `y`; parameters rho, sigma and mean."""
    transition, shock_loading, mean = np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), np.zeros((4, 1))
    transition[1] = shock_loading[2] = 1.0
    mean[3] = 1.0
    return LinearEconomy(
        parameters=(
            ParameterRange("rho", 0.0, 0.95, 0.5, "persistence"),
            ParameterRange("sigma", 0.1, 3.0, 1.0, "standard deviation of the shock"),
            ParameterRange("mean", -2.0, 2.0, 0.0, "mean of y"),
        ),
        transition=transition,
        shock_loading=shock_loading,
        observable_mean=mean,
        control_loading=np.array([[1.0]]),
        observation=np.array([[1.0]]),
        observable_names=("y",),
    )


def simulated(periods: int, seed: int = 0, truth: Mapping[str, float] = TRUTH) -> pd.DataFrame:
    """A sample [T, 1] from the ergodic distribution at `truth`."""
    shocks = truth["sigma"] * np.random.default_rng(seed).standard_normal(periods + 300)
    deviations = np.asarray(lfilter([1.0], [1.0, -truth["rho"]], shocks))[300:]
    return pd.DataFrame({"y": truth["mean"] + deviations})


def exact_moments(truth: Mapping[str, float] = TRUTH) -> np.ndarray:
    """`MOMENTS` of the population."""
    return np.array([truth["mean"], _sd(truth), truth["rho"]])


def exact_long_run_covariance(truth: Mapping[str, float] = TRUTH) -> np.ndarray:
    """T times the large-sample covariance [3, 3] of `MOMENTS` (Brockwell and Davis, chapter 7).

    Sums of autocovariances: of y, of y^2, and between y^2 and the error of the autocorrelation, which is
    (1 / variance) times the mean of shock times lagged y.
    """
    rho, sd = truth["rho"], _sd(truth)
    covariance = np.zeros((3, 3))
    covariance[0, 0] = sd**2 * (1 + rho) / (1 - rho)
    covariance[1, 1] = sd**2 / 2 * (1 + rho**2) / (1 - rho**2)
    covariance[2, 2] = 1 - rho**2
    covariance[1, 2] = covariance[2, 1] = sd * rho
    return covariance


def exact_jacobian(truth: Mapping[str, float] = TRUTH) -> np.ndarray:
    """Derivatives [3, 3] of `MOMENTS` with respect to rho, sigma and mean."""
    rho, sigma = truth["rho"], truth["sigma"]
    root = np.sqrt(1 - rho**2)
    return np.array([[0, 0, 1], [sigma * rho / root**3, 1 / root, 0], [1, 0, 0]])


def _sd(truth: Mapping[str, float]) -> float:
    return float(truth["sigma"] / np.sqrt(1 - truth["rho"] ** 2))
