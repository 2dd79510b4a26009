"""Whether ranks are uniform, and how often credible intervals hold the truth: tests, tables and figures.

A truth that is above r of L independent posterior draws has rank r, uniform on 0, ..., L if the posterior is
right (Talts et al. 2018, theorem 1). So (r + U) / (L + 1) is uniform on (0, 1) with U uniform: the share of
the posterior below the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from surrogate.errors import BadConfiguration
from surrogate.house import figures
from surrogate.house.figures import BLUE, GRAY, RED

from ..finding import PANELS_A_ROW, Finding
from .replication import Replication

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = (0.5, 0.8, 0.9, 0.95)
TESTS = ("chi-square p", "KS p", "CvM p")
LEAST = 8
"""Replications below which no test says anything."""
MOST_BINS, REPLICATIONS_A_BIN = 20, 5
BAND = 0.95
TRIALS = 2000
POINTS = np.linspace(0.01, 0.99, 99)
MOST_MEMORY = 0.1


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
        (
            np.array([item.ranks[name] for name in names])
            + np.random.default_rng([seed, item.number, 1]).uniform(size=len(names))
        )
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
    columns = {f"{level:.0%}": (distance < level).mean(axis=0) for level in levels}
    table = pd.DataFrame(columns, index=pd.Index(shares.names, name="quantity"))
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


def findings(shares: Shares) -> list[Finding]:
    """Uniformity of the ranks with their difference from a uniform distribution function, their histograms,
    and the coverage of credible intervals.
    """
    below = "share of the posterior below the truth"
    of_uniformity = (
        f"{verdict(shares)} The figure: the distribution function of the share of the posterior below the "
        "truth, less that of a uniform one, with a band that holds all of it with a probability of 95 %."
    )
    bars = pd.DataFrame(
        {name: counts(column) for name, column in zip(shares.names, shares.values.T, strict=True)}
    )
    bars.index = pd.Index([f"{(i + 1) / len(bars):.2f}" for i in range(len(bars))], name="share below")
    of_bars = (
        "Replications by the share of the posterior below the truth: posteriors are too wide in a hump, too "
        "narrow in a valley, shifted on a slope. Each bar stays in the band with a probability of 95 %."
    )
    of_coverage = (
        f"Share of {_replications(shares)} in which the central credible interval holds the truth. If the "
        "posterior is right, each number stays in the band with a probability of 95 %, and so does the whole "
        "line in the figure."
    )
    differences = partial(_by_quantity, shares, draw_difference, below)
    histograms = partial(_by_quantity, shares, draw_histogram, below)
    levels = partial(_by_quantity, shares, draw_coverage, "credibility of the interval")
    return [
        Finding("uniformity", "Are posterior ranks uniform?", uniformity(shares), of_uniformity, differences),
        Finding("rank_histograms", "Histograms of posterior ranks", bars, of_bars, histograms),
        Finding("coverage", "Coverage of credible intervals", coverage(shares), of_coverage, levels),
    ]


def verdict(shares: Shares) -> str:
    """One sentence: whether the ranks are uniform."""
    p = worst_p(uniformity(shares))
    judged = "are not uniform" if p < 1 - BAND else "may well be uniform"
    return (
        f"The ranks of {_replications(shares)} {judged}: worst p value {p:.2g}, counted for all tests "
        "together."
    )


def warnings_of(replications: Sequence[Replication]) -> list[str]:
    """What to know before believing the ranks; empty if all is well."""
    warnings = []
    failures = [item.failure for item in replications if item.failure]
    if failures:
        warnings.append(f"{len(failures)} replications failed, the first with: {failures[0]}")
    memories = [item.memory for item in replications if not item.failure]
    if memories and np.mean(memories) > MOST_MEMORY:
        memory = f"correlation {np.mean(memories):.2f}"
        warnings.append(f"Draws remember where their walkers started ({memory}): take more --steps.")
    return warnings


def draw_difference(panel: Any, values: np.ndarray) -> None:
    """The distribution function of shares below the truth [R] less the uniform one, with its band; red if
    it leaves the band.
    """
    low, high = uniform_band(len(values))
    heights = _distribution(values)
    panel.fill_between(POINTS, low - POINTS, high - POINTS, color=GRAY, alpha=0.25, linewidth=0)
    panel.plot(POINTS, heights - POINTS, color=_color(heights, low, high), drawstyle="steps-mid", linewidth=1)
    panel.axhline(0, color=GRAY, linewidth=0.6)


def draw_coverage(panel: Any, values: np.ndarray) -> None:
    """How often central intervals of every level hold the truth, from shares below it [R], with the band;
    red if the line leaves it.
    """
    distance = 2 * np.abs(values - 0.5)
    low, high = uniform_band(len(values))
    shares_held = _distribution(distance)
    panel.fill_between(POINTS, low, high, color=GRAY, alpha=0.25, linewidth=0)
    panel.plot(POINTS, POINTS, color=GRAY, linewidth=0.6)
    panel.plot(POINTS, shares_held, color=_color(shares_held, low, high), linewidth=1)
    panel.set_ylim(0, 1)


def _replications(shares: Shares) -> str:
    failed = f" ({shares.failed} more failed)" if shares.failed else ""
    return f"{len(shares.values)} replications{failed}"


def _by_quantity(shares: Shares, draw: Callable[[Any, np.ndarray], None], label: str) -> Figure:
    """One panel for each name."""
    columns = min(len(shares.names), PANELS_A_ROW)
    rows = math.ceil(len(shares.names) / columns)
    figure, grid = figures.panels(rows, columns, 2.4, 2.0)
    for panel, name, values in zip(grid.flat, shares.names, shares.values.T, strict=False):
        draw(panel, values)
        panel.set_title(name)
        panel.set_xlim(0, 1)
    for panel in grid.flat[len(shares.names) :]:
        panel.set_visible(False)
    figure.supxlabel(label, fontsize=9)
    return figure


def draw_histogram(panel: Any, values: np.ndarray) -> None:
    """How many shares below the truth [R] are in each bin, with the band for one bin."""
    heights = counts(values)
    low, high = stats.binom.interval(BAND, len(values), 1 / len(heights))
    panel.axhspan(low, high, color=GRAY, alpha=0.25, linewidth=0)
    panel.stairs(heights, np.linspace(0, 1, len(heights) + 1), fill=True, color=BLUE, alpha=0.7)


def _distribution(values: np.ndarray) -> np.ndarray:
    """Empirical distribution function at POINTS."""
    return (values[:, None] <= POINTS).mean(axis=0)


def _color(line: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    return BLUE if np.all((line >= low) & (line <= high)) else RED
