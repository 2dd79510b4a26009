"""Quantiles over draws as tables, and as lines with bands."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHARE = 0.9
LOW, MEDIAN, HIGH = "5 %", "median", "95 %"


def band_table(values: NDArray[np.floating], levels: Mapping[str, Sequence]) -> pd.DataFrame:
    """Median and 90 % interval, equal tails, over the first axis of `values` [draws, a, b, ...].

    `levels` names the other axes and their labels; the table has a row for each combination.
    """
    index = pd.MultiIndex.from_product(list(levels.values()), names=list(levels))
    columns = zip((LOW, MEDIAN, HIGH), interval(values), strict=True)
    return pd.DataFrame({name: quantile.ravel() for name, quantile in columns}, index=index)


def interval(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lower end of the 90 % interval with equal tails, median and upper end [3, ...] over the first axis."""
    return np.quantile(values, [(1 - SHARE) / 2, 0.5, (1 + SHARE) / 2], axis=0)


def draw_band(panel: Any, x: Sequence, table: pd.DataFrame, color: str, label: str) -> None:
    """A line for the median and a band around it, from the rows of a :func:`band_table`."""
    panel.fill_between(x, table[LOW], table[HIGH], color=color, alpha=0.2, linewidth=0)
    panel.plot(x, table[MEDIAN], color=color, linewidth=1.4, label=label)


def years(quarters: Iterable) -> list[float]:
    """Where quarters, or their names such as ``2009Q1``, stand on an axis of years."""
    periods = pd.PeriodIndex([str(quarter) for quarter in quarters], freq="Q")
    return [period.year + (period.quarter - 1) / 4 for period in periods]
