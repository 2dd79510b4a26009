"""Read observed series from a CSV file into a quarterly table, refusing what would silently go wrong."""

import warnings
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from surrogate.errors import BadData, shown, unknown_name

from .csv_file import has_decimal_commas, numbers, parse_quarter, parse_quarters, read_csv
from .datasets import dataset_names, dataset_path

DATE_COLUMN = "date"
FAR = 3
"""Ranges of a series' other values; a -999 so far from them says that a value is missing."""


def load_data(
    file: str | Path,
    columns: Mapping[str, str],
    start: str | None = None,
    end: str | None = None,
    date_column: str = DATE_COLUMN,
) -> pd.DataFrame:
    """Read a sample of quarterly observations.

    Parameters
    ----------
    file : path of a CSV file, or the name of a shipped data set such as ``"herbst_schorfheide_us"``. Columns
        may also be separated by semicolons or tabs, and numbers may have decimal commas.
    columns : observable name -> column of the file. The order of the result is the order given here.
    start, end : first and last quarter of the sample, both included; ``None`` takes what the file has.
    date_column : the column with dates, written ``1983-Q1``, ``1983Q1``, ``1983-03-31`` or otherwise as
        :func:`estimation.csv_file.parse_quarter` reads them.

    Returns
    -------
    Table [T, n_observables] with a quarterly ``PeriodIndex``, first quarter first; a missing observation is
    NaN.

    Raises
    ------
    BadData : unreadable file, unparsable, duplicate or missing dates, text among the numbers, infinities,
        a number that stands for a missing value, or an empty sample.
    UnknownName : a column that the file does not have.
    """
    if not columns:
        raise BadData('Choose columns of the data, such as {"inflation": "INFL"}.')
    table = read_csv(_locate(file), file)
    if date_column not in table:
        raise unknown_name(f"column of {file} for the dates (date_column)", date_column, table)
    for column in columns.values():
        if column not in table:
            raise unknown_name(f"column of {file}", column, table)
    index = pd.PeriodIndex(parse_quarters(table[date_column].tolist()), freq="Q", name=date_column)
    cells = {column: table[column].tolist() for column in columns.values()}
    comma = has_decimal_commas(list(chain.from_iterable(cells.values())))
    series = {name: numbers(cells[column], column, comma) for name, column in columns.items()}
    return select_sample(pd.DataFrame(series, index=index), start, end)


def select_sample(table: pd.DataFrame, start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Check a quarterly table (see :func:`check_table`) and cut it to ``start`` .. ``end``, both included.

    Returns
    -------
    Floats [T, n_y], first quarter first.

    Raises
    ------
    BadData : see :func:`check_table`; a sample that is not within the data, or in which a series is empty.

    Warns
    -----
    UserWarning : a series is the same number in every quarter.
    """
    first = parse_quarter(start) if start is not None else None
    last = parse_quarter(end) if end is not None else None
    table = check_table(table)
    first, last = first or table.index[0], last or table.index[-1]
    if first < table.index[0] or last > table.index[-1]:
        raise BadData(f"The sample {first} to {last} is not within the data, {_span(table)}.")
    sample = table.loc[first:last]
    for name in sample:
        if not sample[name].notna().any():
            raise BadData(
                f"There is no observation of {name} from {first} to {last}; the data run {_span(table)}. "
                "Leave the series out or take another sample."
            )
        if sample[name].nunique() == 1 < sample[name].count():
            value = sample[name].dropna().iloc[0]
            warnings.warn(f"{name} is {value:g} in every quarter of the sample.", stacklevel=2)
    return sample


def check_table(table: pd.DataFrame) -> pd.DataFrame:
    """The numbers of a table [T, n_y] as floats in the order of time, NaN where they are missing.

    Raises
    ------
    BadData : quarters do not follow one another without gap, two columns have the same name, or a value is
        no number, infinite, or a number such as -999 that stands for a missing one.
    """
    if not isinstance(table, pd.DataFrame) or getattr(table.index, "freqstr", None) != "Q-DEC":
        raise BadData("Data must be a table with a quarterly PeriodIndex; load_data makes one.")
    if table.empty:
        raise BadData("The data have no rows or no columns.")
    if not table.columns.is_unique:
        raise BadData(f"The data have more than one column {table.columns[table.columns.duplicated()][0]}.")
    table = _floats(table).sort_index()
    _check_quarters(table.index)
    for name in table:
        _check_values(str(name), cast(pd.Series, table[name]))
    return table


def _locate(file: str | Path) -> Path:
    path = Path(file)
    if path.is_file():
        return path
    shipped = dataset_path(path.name)
    if shipped.is_file() and path.parent == Path("."):
        return shipped
    raise BadData(f"There is no data file {file}. Shipped data sets: {', '.join(dataset_names())}.")


def _floats(table: pd.DataFrame) -> pd.DataFrame:
    """The same table of floats; raises BadData for truth values, text and whatever else is no number."""

    def as_float(value: Any, name: object) -> float:
        """One cell; NaN if it is missing."""
        if value is None or value is pd.NA:
            return np.nan
        if isinstance(value, str | bool | np.bool_):
            raise BadData(f"Column {name} of the data holds {shown(value)}, which is not a number.")
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise BadData(f"Column {name} of the data holds {shown(value)}, which is not a number.") from None

    columns = {name: [as_float(value, name) for value in table[name]] for name in table}
    return pd.DataFrame(columns, index=table.index, dtype=float)


def _check_quarters(quarters: pd.Index) -> None:
    """Raise ``BadData`` unless sorted quarters follow one another."""
    steps = np.diff(quarters.astype("int64"))
    rows = len(quarters) / quarters.nunique()
    if rows > 1:
        cause = " The data seem to be monthly: average them over quarters." if round(rows) == 3 else ""
        twice = quarters[quarters.duplicated()][0]
        raise BadData(f"The quarter {twice} occurs more than once; the data must be quarterly.{cause}")
    gap = np.flatnonzero(steps != 1)
    if len(gap):
        cause = "keep every quarter and leave missing cells empty"
        if (steps == 4).all():
            cause = "the data seem to be annual, and must be quarterly"
        raise BadData(f"The quarter after {quarters[gap[0]]} is {quarters[gap[0] + 1]}; {cause}.")


def _check_values(name: str, series: pd.Series) -> None:
    infinite = series.index[np.isinf(series)]
    if len(infinite):
        raise BadData(f"{name} is infinite in {infinite[0]}; leave the cell empty if it is missing.")
    codes = series.map(_is_all_nines)
    others = series.loc[~codes].dropna()
    if not codes.any() or others.empty:
        return
    distance = FAR * max(others.max() - others.min(), 1.0)
    for quarter, value in series.loc[codes].items():
        if value < others.min() - distance or value > others.max() + distance:
            raise BadData(
                f"{name} is {value:g} in {quarter}, which seems to stand for a missing value: leave the cell "
                "empty."
            )


def _is_all_nines(value: float) -> bool:
    """Whether a number is written with nines alone, such as -999 or -99.99."""
    digits = f"{abs(value):.12g}".replace(".", "")
    return len(digits) > 1 and set(digits) == {"9"}


def _span(table: pd.DataFrame) -> str:
    return f"{table.index[0]} to {table.index[-1]}"
