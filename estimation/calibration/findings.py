"""What a calibration found: tests of the ranks, coverage of intervals, and their figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from estimation.calibration.ranks import (
    BAND,
    POINTS,
    Shares,
    counts,
    coverage,
    uniform_band,
    uniformity,
    worst_p,
)
from estimation.calibration.replication import Replication
from estimation.finding import Finding
from surrogate.house import figures
from surrogate.house.figures import BLUE, GRAY, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS_A_ROW = 4
MOST_MEMORY = 0.1


def findings(shares: Shares) -> list[Finding]:
    """Uniformity of the ranks with their difference from a uniform distribution function, their histograms,
    and the coverage of credible intervals.
    """
    return [_uniformity(shares), _histograms(shares), _coverage(shares)]


def verdict(shares: Shares) -> str:
    """One sentence: whether the ranks are uniform."""
    p = worst_p(uniformity(shares))
    said = "are not uniform" if p < 1 - BAND else "may well be uniform"
    return (
        f"The ranks of {_replications(shares)} {said}: worst p value {p:.2g}, counted for all tests together."
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


def _uniformity(shares: Shares) -> Finding:
    note = (
        f"{verdict(shares)} The figure: the distribution function of the share of the posterior below the "
        "truth, less that of a uniform one, with a band that holds all of it with a probability of 95 %."
    )
    draw = partial(_by_quantity, shares, draw_difference, "share of the posterior below the truth")
    return Finding("uniformity", "Are posterior ranks uniform?", uniformity(shares), note, draw)


def _histograms(shares: Shares) -> Finding:
    table = pd.DataFrame(
        {name: counts(column) for name, column in zip(shares.names, shares.values.T, strict=True)}
    )
    table.index = pd.Index([f"{(i + 1) / len(table):.2f}" for i in range(len(table))], name="share below")
    note = (
        "Replications by the share of the posterior below the truth: posteriors are too wide in a hump, too "
        "narrow in a valley, shifted on a slope. Each bar stays in the band with a probability of 95 %."
    )
    draw = partial(_by_quantity, shares, _histogram, "share of the posterior below the truth")
    return Finding("rank_histograms", "Histograms of posterior ranks", table, note, draw)


def _coverage(shares: Shares) -> Finding:
    note = (
        f"Share of {_replications(shares)} in which the central credible interval holds the truth. If the "
        "posterior is right, each number stays in the band with a probability of 95 %, and so does the whole "
        "line in the figure."
    )
    draw = partial(_by_quantity, shares, draw_coverage, "credibility of the interval")
    return Finding("coverage", "Coverage of credible intervals", coverage(shares), note, draw)


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


def draw_difference(panel: Any, values: np.ndarray) -> None:
    """The distribution function of shares below the truth [R] less the uniform one, with its band; red if
    it leaves the band.
    """
    low, high = uniform_band(len(values))
    found = _distribution(values)
    panel.fill_between(POINTS, low - POINTS, high - POINTS, color=GRAY, alpha=0.25, linewidth=0)
    panel.plot(POINTS, found - POINTS, color=_color(found, low, high), drawstyle="steps-mid", linewidth=1)
    panel.axhline(0, color=GRAY, linewidth=0.6)


def _histogram(panel: Any, values: np.ndarray) -> None:
    heights = counts(values)
    low, high = stats.binom.interval(BAND, len(values), 1 / len(heights))
    panel.axhspan(low, high, color=GRAY, alpha=0.25, linewidth=0)
    panel.stairs(heights, np.linspace(0, 1, len(heights) + 1), fill=True, color=BLUE, alpha=0.7)


def draw_coverage(panel: Any, values: np.ndarray) -> None:
    """How often central intervals of every level hold the truth, from shares below it [R], with the band;
    red if the line leaves it.
    """
    distance = 2 * np.abs(values - 0.5)
    low, high = uniform_band(len(values))
    found = _distribution(distance)
    panel.fill_between(POINTS, low, high, color=GRAY, alpha=0.25, linewidth=0)
    panel.plot(POINTS, POINTS, color=GRAY, linewidth=0.6)
    panel.plot(POINTS, found, color=_color(found, low, high), linewidth=1)
    panel.set_ylim(0, 1)


def _distribution(values: np.ndarray) -> np.ndarray:
    """Empirical distribution function at POINTS."""
    return (values[:, None] <= POINTS).mean(axis=0)


def _color(found: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    return BLUE if np.all((found >= low) & (found <= high)) else RED
