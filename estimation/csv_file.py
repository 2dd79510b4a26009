"""CSV files as people have them: what separates cells, marks decimals and encodes letters is found out, and
so is how their dates name quarters.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from surrogate.errors import BadData, shown

SEPARATORS = (",", ";", "\t")
NO_DATA = re.compile(r"\s*#|sep=", re.IGNORECASE)
"""How comments begin, and the line by which a spreadsheet notes what separates cells."""
MISSING = frozenset(("", ".", "..", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none"))
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
MINUS = str.maketrans({"\N{MINUS SIGN}": "-"})
HOW = "write 1983-Q1, 1983Q1 or 1983-03-31"
YEAR = r"(?P<year>[12]\d{3})"
QUARTERS = (
    rf"{YEAR}[-:./ ]?Q(?P<quarter>[1-4])",
    rf"Q(?P<quarter>[1-4])[-:./ ]?{YEAR}",
    rf"{YEAR}:(?P<quarter>[1-4])",
)
MONTHS = (rf"{YEAR}[-:./ ]?M(?P<month>\d\d?)", rf"{YEAR}-(?P<month>\d\d)", rf"{YEAR}/(?P<month>\d\d)")
DAYS = ("%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%b %Y", "%B %Y", "%Y/%m/%d")
SLASHED = re.compile(r"\d\d?/\d\d?/\d{4}", re.ASCII)
DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
FRACTIONS = ("0", "25", "5", "75")
EXCEL_SERIAL = re.compile(r"[1-9]\d{4}(\.0*)?")


def read_csv(path: Path, name: str | Path) -> pd.DataFrame:
    """The cells of a file as text, without the space around them; ``name`` is what messages call the file.

    Cells are separated by commas, semicolons or tabs, whichever the header has most of. Lines that begin with
    ``#`` and empty ones do not count, nor do empty cells at the end of all lines.

    Raises
    ------
    BadData : not a text file, no header, columns without a name or of the same name, or a line that is longer
        or shorter than the header.
    """
    try:
        lines = _lines(path.read_bytes())
        separator = max(SEPARATORS, key=lines[0].count)
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except (csv.Error, UnicodeError, IndexError, OSError) as error:
        why = "it is empty" if isinstance(error, IndexError) else error
        raise BadData(f"{name} cannot be read as a CSV file: {why}.") from None
    header = [cell.strip() for cell in rows[0]]
    width = len(_without_empty_end(header))
    if width < 2:
        raise BadData(
            f"The first line of {name} names only one column, {shown(''.join(header[:width]))}: separate "
            "columns by commas, semicolons or tabs."
        )
    twice = sorted({column for column in header[:width] if column and header[:width].count(column) > 1})
    if twice:
        raise BadData(f"{name} has more than one column {twice[0]}: give each a name of its own.")
    for row in rows[1:]:
        cells = len(row) if len(row) < width else max(width, len(_without_empty_end(row)))
        if cells != width:
            hint = " Decimal commas need semicolons between columns." if separator == "," else ""
            line = shown(separator.join(row))
            raise BadData(f"{name} has a line of {cells} cells below a header of {width}: {line}.{hint}")
    return pd.DataFrame([[cell.strip() for cell in row[:width]] for row in rows[1:]], columns=header[:width])


def numbers(cells: Sequence[str], column: str, decimal_comma: bool) -> np.ndarray:
    """Floats [n] of cells; NaN where they are empty or say so.

    Raises
    ------
    BadData : a cell that is not a plain number.
    """
    values = []
    for cell in cells:
        plain = cell.translate(MINUS)
        if decimal_comma and "." not in plain:
            plain = plain.replace(",", ".")
        if cell.lower() in MISSING:
            values.append(np.nan)
        elif NUMBER.fullmatch(plain):
            values.append(float(plain))
        else:
            raise BadData(f"Column {column} holds {shown(cell)}, which is not a number{_remedy(cell)}.")
    return np.array(values, dtype=float)


def has_decimal_commas(cells: Sequence[str]) -> bool:
    """Whether commas in these cells, the numbers of a file, stand for decimal points.

    Raises
    ------
    BadData : they may be separators of thousands.
    """
    commas = [cell for cell in cells if "," in cell and "." not in cell]
    if commas and all(THOUSANDS.fullmatch(cell.translate(MINUS)) for cell in commas):
        raise BadData(
            f"{commas[0]!r} may be a decimal number or one with a separator of thousands: write decimal "
            "points and no separators."
        )
    points = any("." in cell and NUMBER.fullmatch(cell) for cell in cells)
    return bool(commas) and not points


def parse_quarter(date: str) -> pd.Period:
    """Turn one date into its quarter: ``1983Q1``, ``1983-Q1``, ``Q1 1983``, ``1983:1``, ``1983M3``,
    ``1983-03``, ``1983-03-31``, ``31.03.1983``, ``31-Mar-1983`` or ``1983.25``.

    Raises
    ------
    BadData : another date, or one such as ``01/04/1983`` that may be in either of two quarters.
    """
    return parse_quarters([date])[0]


def parse_quarters(dates: Sequence[object]) -> list[pd.Period]:
    """Turn a column of dates into quarters. Whether ``01/04/1983`` is in April or in January, and whether
    ``1983`` is the first quarter beside ``1983.25``, is decided by the whole column.

    Raises
    ------
    BadData : a date that cannot be read, or not in one way only.
    """
    texts = [str(date).strip() for date in dates]
    if any("/" in text for text in texts) and all(SLASHED.fullmatch(text) for text in texts):
        return _in_either_order(texts)
    if any(re.fullmatch(rf"{YEAR}\.\d+", text) for text in texts):
        return [_decimal_year(text) for text in texts]
    return [_quarter(text) for text in texts]


def _lines(content: bytes) -> list[str]:
    """The lines of a text file that count, whatever its line ends and encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16")
    elif b"\0" in content:
        raise UnicodeError("it is no text; save the sheet as CSV")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    lines = io.StringIO(text, newline=None).read().split("\n")
    return [line for line in lines if line.strip(" ,;\t") and not NO_DATA.match(line)]


def _without_empty_end(row: list[str]) -> list[str]:
    while row and not row[-1].strip():
        row = row[:-1]
    return row


def _remedy(cell: str) -> str:
    if "%" in cell:
        return ": write percentages without the sign"
    if "," in cell:
        return ": write decimal points, and no separators of thousands"
    return ""


def _quarter(text: str) -> pd.Period:
    """The quarter of a date that has only one meaning."""
    for pattern in (*QUARTERS, *MONTHS):
        if match := re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII):
            parts = match.groupdict()
            if "quarter" in parts:
                return _period(int(parts["year"]), int(parts["quarter"]))
            if 1 <= int(parts["month"]) <= 12:
                return _of_month(int(parts["year"]), int(parts["month"]))
    readers: list[Callable[[str], datetime]] = [datetime.fromisoformat]
    readers += [lambda text, style=style: datetime.strptime(text, style) for style in DAYS]
    for read in readers:
        try:
            day = read(text)
        except ValueError:
            continue
        return _of_month(day.year, day.month)
    raise BadData(f"Cannot read the date {shown(text)}: {_what_it_may_be(text)}{HOW}.")


def _what_it_may_be(text: str) -> str:
    if not text:
        return "the cell is empty; "
    if re.fullmatch(YEAR, text, re.ASCII):
        return "it is a year, and the data must be quarterly; "
    if EXCEL_SERIAL.fullmatch(text):
        return "it may be a spreadsheet's number of a day; format these cells as dates, or "
    if re.fullmatch(rf"{YEAR}:\d\d", text, re.ASCII):
        return "it may be a month or a quarter; "
    return ""


def _decimal_year(text: str) -> pd.Period:
    year, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0") or "0"
    if not re.fullmatch(YEAR, year, re.ASCII) or fraction not in FRACTIONS:
        raise BadData(
            f"Cannot read the date {shown(text)}: decimal years end in .0, .25, .5 or .75; otherwise {HOW}."
        )
    return _period(int(year), FRACTIONS.index(fraction) + 1)


def _in_either_order(texts: list[str]) -> list[pd.Period]:
    """Dates with slashes, in that order of day and month in which each is in a quarter of its own."""
    readings = []
    for style in (DAY_FIRST, MONTH_FIRST):
        try:
            days = [datetime.strptime(text, style) for text in texts]
        except ValueError:
            continue
        readings.append([_of_month(day.year, day.month) for day in days])
    if not readings:
        raise BadData(f"Cannot read the dates with slashes, such as {texts[0]!r}, as days: {HOW}.")
    distinct = [quarters for quarters in readings if len(set(quarters)) == len(texts) > 1]
    readings = distinct if len(distinct) == 1 else readings
    if readings[0] != readings[-1]:
        raise BadData(f"The date {texts[0]!r} may begin with the day or with the month: {HOW}.")
    return readings[0]


def _of_month(year: int, month: int) -> pd.Period:
    return _period(year, (month + 2) // 3)


def _period(year: int, quarter: int) -> pd.Period:
    return cast(pd.Period, pd.Period(year=year, quarter=quarter, freq="Q"))
