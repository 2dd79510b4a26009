"""Read observed series from a CSV file into a quarterly table, refusing what would silently go wrong."""

import re
from collections.abc import Iterable, Mapping
from datetime import date as Date
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from estimation.datasets import dataset_names, dataset_path
from surrogate.errors import BadData, unknown_name

DATE_COLUMN = "date"
QUARTER = re.compile(r"(\d{4})[-:. ]?[Qq]([1-4])")


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
    file : path of a CSV file, or the name of a shipped data set such as ``"herbst_schorfheide_us"``.
    columns : observable name -> column of the file. The order of the result is the order given here.
    start, end : first and last quarter of the sample, both included; ``None`` takes what the file has.
    date_column : the column with dates, written ``1983-Q1``, ``1983Q1`` or ``1983-03-31``.

    Returns
    -------
    Table [T, n_observables] with a quarterly ``PeriodIndex``; a missing observation is NaN.

    Raises
    ------
    BadData : unreadable file, unparsable, duplicate or missing dates, text among the numbers, infinities,
        or an empty sample.
    UnknownName : a column that the file does not have.
    """
    table = _read(_locate(file), file)
    if not columns:
        raise BadData('Choose columns of the data, such as {"inflation": "INFL"}.')
    for column in (date_column, *columns.values()):
        if column not in table.columns:
            raise unknown_name(f"column of {file}", column, table.columns)
    index = pd.PeriodIndex([parse_quarter(date) for date in table[date_column]], freq="Q", name=date_column)
    sample = pd.DataFrame(
        {name: _numbers(table[column].tolist(), column) for name, column in columns.items()}
    )
    return select_sample(sample.set_index(index), start, end)


def parse_quarter(date: str) -> pd.Period:
    """Turn ``1983-Q1``, ``1983Q1`` or an ISO date such as ``1983-03-31`` into a quarter."""
    text = str(date).strip()
    match = QUARTER.fullmatch(text)
    try:
        quarter = f"{match[1]}Q{match[2]}" if match else Date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadData(f"Cannot read the date {text!r}: write 1983-Q1, 1983Q1 or 1983-03-31.") from None
    return cast(pd.Period, pd.Period(quarter, freq="Q"))


def select_sample(table: pd.DataFrame, start: str | None = None, end: str | None = None) -> pd.DataFrame:
    """Check a quarterly table (see :func:`check_table`) and cut it to ``start`` .. ``end``, both included."""
    first = parse_quarter(start) if start is not None else table.index.min()
    last = parse_quarter(end) if end is not None else table.index.max()
    check_table(table)
    if first < table.index[0] or last > table.index[-1]:
        raise BadData(f"The sample {first} to {last} is not within the data, {_span(table)}.")
    sample = table.loc[first:last]
    if sample.empty or not sample.notna().to_numpy().any():
        raise BadData(f"There is no observation from {first} to {last}; the data run {_span(table)}.")
    return sample


def check_table(table: pd.DataFrame) -> None:
    """Raise ``BadData`` unless quarters follow one another without gap and every number is finite or NaN."""
    quarterly = isinstance(table.index, pd.PeriodIndex) and table.index.freqstr.startswith("Q")
    if not quarterly:
        raise BadData("Data must be a table with a quarterly PeriodIndex; load_data makes one.")
    if table.empty:
        raise BadData("The data have no rows or no columns.")
    duplicated = table.index[table.index.duplicated()]
    if len(duplicated):
        raise BadData(f"The quarter {duplicated[0]} occurs more than once; the data must be quarterly.")
    gap = np.flatnonzero(np.diff(table.index.astype("int64")) != 1)
    if len(gap):
        before, after = table.index[gap[0]], table.index[gap[0] + 1]
        raise BadData(
            f"The quarter after {before} is {after}; keep every quarter and leave missing cells empty."
        )
    infinite = np.argwhere(np.isinf(table.to_numpy(dtype=float)))
    if len(infinite):
        row, column = infinite[0]
        where = f"{table.columns[column]} is infinite in {table.index[row]}"
        raise BadData(f"{where}; leave the cell empty if it is missing.")


def _locate(file: str | Path) -> Path:
    path = Path(file)
    if path.is_file():
        return path
    shipped = dataset_path(path.name)
    if shipped.is_file() and path.parent == Path("."):
        return shipped
    raise BadData(f"There is no data file {file}. Shipped data sets: {', '.join(dataset_names())}.")


def _read(path: Path, name: str | Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise BadData(f"{name} cannot be read as a CSV file: {error}") from None


def _numbers(cells: Iterable[Any], column: str) -> list[float]:
    numbers = []
    for cell in cells:
        try:
            numbers.append(float(cell))
        except (ValueError, TypeError):
            raise BadData(f"Column {column} holds {cell!r}, which is not a number.") from None
    return numbers


def _span(table: pd.DataFrame) -> str:
    return f"{table.index[0]} to {table.index[-1]}"
