"""Whether ranks are uniform, and how often credible intervals hold the truth.

A truth that is above r of L independent posterior draws has rank r, uniform on 0, ..., L if the posterior is
right (Talts et al. 2018, theorem 1). So (r + U) / (L + 1) is uniform on (0, 1) with U uniform: the share of
the posterior below the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from estimation.calibration.replication import Replication
from surrogate.errors import BadConfiguration

LEVELS = (0.5, 0.8, 0.9, 0.95)
TESTS = ("chi-square p", "KS p", "CvM p")
LEAST = 8
"""Replications below which no test says anything."""
MOST_BINS, REPLICATIONS_A_BIN = 20, 5
BAND = 0.95
TRIALS = 2000
POINTS = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True)
class Shares:
    """Shares of the posterior below the truth.

    Attributes
    ----------
    names : parameters, and the log likelihood.
    values : [R, n] in (0, 1).
    failed : replications without ranks.
    """

    names: tuple[str, ...]
    values: np.ndarray
    failed: int = 0


def shares_below_truth(replications: Sequence[Replication], seed: int = 0) -> Shares:
    """The shares of all replications with ranks; `seed` is that of the uniform numbers between ranks.

    Raises
    ------
    BadConfiguration : there are hardly any.
    """
    usable = [item for item in replications if not item.failure]
    if len(usable) < LEAST:
        reasons = {item.failure for item in replications if item.failure}
        raise BadConfiguration(" ".join([f"There are fewer than {LEAST} replications with ranks.", *reasons]))
    names = tuple(usable[0].ranks)
    values = [
        (np.array([item.ranks[name] for name in names]) + _uniform(seed, item.number, len(names)))
        / (item.draws + 1)
        for item in usable
    ]
    return Shares(names, np.array(values), len(replications) - len(usable))


def uniformity(shares: Shares) -> pd.DataFrame:
    """p values by name: Pearson's chi-square over equal bins, Kolmogorov and Smirnov's and Cramér and von
    Mises' test, of the shares being uniform.
    """
    rows = [
        (
            stats.chisquare(counts(column)).pvalue,
            stats.kstest(column, "uniform").pvalue,
            stats.cramervonmises(column, "uniform").pvalue,
        )
        for column in shares.values.T
    ]
    return pd.DataFrame(rows, index=pd.Index(shares.names, name="quantity"), columns=list(TESTS), dtype=float)


def worst_p(table: pd.DataFrame) -> float:
    """The smallest p value of `uniformity` times the number of tests, at most one (Bonferroni): below .05
    somewhere ranks are not uniform.
    """
    return float(min(1.0, table.to_numpy().min() * table.size))


def so_far(replications: Sequence[Replication]) -> str:
    """The worst p value, for a progress bar."""
    try:
        return f"worst p value {worst_p(uniformity(shares_below_truth(replications))):.2g}"
    except BadConfiguration:
        return "too few for a test"


def coverage(shares: Shares, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """How often central intervals of each level hold the truth, and the band in which right ones do so with a
    probability of 95 %: one row for each name and ends of the band, one column for each level.
    """
    distance = 2 * np.abs(shares.values - 0.5)
    found = {f"{level:.0%}": (distance < level).mean(axis=0) for level in levels}
    table = pd.DataFrame(found, index=pd.Index(shares.names, name="quantity"))
    low, high = stats.binom.interval(BAND, len(distance), np.array(levels))
    table.loc["band, low"], table.loc["band, high"] = low / len(distance), high / len(distance)
    return table


def counts(column: np.ndarray) -> np.ndarray:
    """Number of shares [R] in each of at most 20 equal bins, five or more a bin to be expected."""
    bins = int(np.clip(len(column) // REPLICATIONS_A_BIN, 2, MOST_BINS))
    return np.histogram(column, bins, range=(0, 1))[0]


@cache
def uniform_band(replications: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends, at `POINTS`, of the band that holds the whole empirical distribution function of so many uniform
    numbers with a probability of 95 % (Säilynoja, Bürkner and Vehtari 2022).
    """
    from arviz_stats.ecdf_utils import simulate_confidence_bands  # slow to load

    pointwise = simulate_confidence_bands(replications, 1, POINTS, BAND, TRIALS, np.random.default_rng(0))
    low, high = stats.binom.interval(pointwise, replications, POINTS)
    return low / replications, high / replications


def _uniform(seed: int, number: int, size: int) -> np.ndarray:
    return np.random.default_rng([seed, number, 1]).uniform(size=size)
