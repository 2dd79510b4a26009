"""Differences of two solutions as tables: of policies, of paths with the same shocks, of their moments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate

Array = NDArray[np.float64]
STILL = 1e-9
"""A path whose standard deviation is below this share of its largest value does not move."""
SHARES = (
    "A relative difference is a share of the reference where that keeps its sign, else of its root mean "
    "square; `/ sd` is a share of the standard deviation of the reference's path."
)


class AnyComparison(ABC):
    """A surrogate and a classical solution at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """What is shown, by names that `surrogate.comparison.report` has titles for."""

    @property
    def more_tables(self) -> Mapping[str, pd.DataFrame]:
        """What is only saved."""
        return {}

    @property
    @abstractmethod
    def series(self) -> Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is of either solution period by period."""

    @property
    @abstractmethod
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""


class Policies(NamedTuple):
    """Controls by name, each [n], of both solutions at the same states [n, n_states]."""

    states: Array
    surrogate: Mapping[str, Array]
    reference: Mapping[str, Array]


def observable_frame(columns: Mapping[str, Array]) -> pd.DataFrame:
    """Observables [T] by name as a path: a row a period, columns (kind, variable)."""
    frame = pd.DataFrame(dict(columns))
    frame.columns = pd.MultiIndex.from_product([["observable"], frame.columns], names=["kind", "variable"])
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="period"))


def response(moved: Mapping[str, Array], still: Mapping[str, Array], names: Sequence[str]) -> pd.DataFrame:
    """What an impulse does to observables [T] in logs, in percent: a row a quarter."""
    columns = {name: 100 * (moved[name] - still[name]) for name in names}
    quarters = pd.RangeIndex(1, len(columns[names[0]]) + 1, name="quarter")
    return pd.DataFrame(columns, quarters)


def relative_difference(found: Array, exact: Array) -> Array:
    """|found - exact| [n] as a share of |exact| where `exact` keeps its sign, else of its root mean square;
    NaN if that is zero.
    """
    keeps_sign = exact.min() > 0 or exact.max() < 0
    unit = np.abs(exact) if keeps_sign else np.sqrt(np.mean(exact**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(unit > 0, np.abs(found - exact) / unit, np.nan)


def policy_table(places: Mapping[str, Policies]) -> pd.DataFrame:
    """Mean and largest `relative_difference` of each control, along each slice and along the simulation."""
    rows = {
        (control, place): relative_difference(found, at.reference[control])
        for place, at in places.items()
        for control, found in at.surrogate.items()
    }
    return pd.DataFrame(
        {"mean": [gap.mean() for gap in rows.values()], "max": [gap.max() for gap in rows.values()]},
        index=pd.MultiIndex.from_tuples(rows, names=["control", "along"]),
    ).sort_index(level="control", sort_remaining=False)


def path_table(surrogate: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Mean and largest |difference| of each variable of two simulations, in its unit and as a share of its
    standard deviation; periods in which a variable is undefined are left out.
    """
    gap = (surrogate[reference.columns] - reference).abs()
    spread = reference.std()
    spread = spread.where(spread > STILL * reference.abs().max())
    columns = {"mean": gap.mean(), "max": gap.max()}
    shares = {f"{name} / sd": values / spread for name, values in columns.items()}
    return pd.DataFrame({**columns, **shares})


def moment_table(surrogate: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and first autocorrelation of each variable, solution beside solution."""
    found, exact = moments(surrogate).loc[reference.columns], moments(reference)
    table = pd.DataFrame({"surrogate": found.stack(), "reference": exact.stack()}, index=found.stack().index)
    return table.rename_axis([*reference.columns.names, "moment"])


def moments(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd and first autocorrelation of each column, undefined periods left out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = frame.corrwith(frame.shift(1))
    moving = frame.std() > STILL * frame.abs().max()
    return pd.DataFrame(
        {"mean": frame.mean(), "sd": frame.std(), "autocorrelation": correlation.where(moving)}
    )


def formatted(table: pd.DataFrame, digits: int) -> tuple[list[str], list[list[str]]]:
    """Header and rows of text, the index first; a dash where there is no number."""

    def cell(value: object) -> str:
        """One entry of the table."""
        if not isinstance(value, float):
            return str(value)
        return "-" if np.isnan(value) else f"{value:.{digits}g}"

    flat = table.reset_index()
    rows = [[cell(value) for value in row] for row in flat.to_numpy(dtype=object)]
    return [str(name) for name in flat.columns], rows
