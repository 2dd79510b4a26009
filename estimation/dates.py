"""Quarters from the dates that people and programs write."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

import pandas as pd

from surrogate.errors import BadData, shown

HOW = "write 1983-Q1, 1983Q1 or 1983-03-31"
YEAR = r"(?P<year>[12]\d{3})"
QUARTERS = (
    rf"{YEAR}[-:./ ]?Q(?P<quarter>[1-4])",
    rf"Q(?P<quarter>[1-4])[-:./ ]?{YEAR}",
    rf"{YEAR}:(?P<quarter>[1-4])",
)
MONTHS = (rf"{YEAR}[-:./ ]?M(?P<month>\d\d?)", rf"{YEAR}-(?P<month>\d\d)", rf"{YEAR}/(?P<month>\d\d)")
DAYS = ("%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%b %Y", "%B %Y", "%Y/%m/%d")
DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
FRACTIONS = ("0", "25", "5", "75")
EXCEL_SERIAL = re.compile(r"[1-9]\d{4}(\.0*)?")


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
    if any("/" in text for text in texts) and all(_slashed(text) for text in texts):
        return _in_either_order(texts)
    if any(re.fullmatch(rf"{YEAR}\.\d+", text) for text in texts):
        return [_decimal_year(text) for text in texts]
    return [_quarter(text) for text in texts]


def _quarter(text: str) -> pd.Period:
    """The quarter of a date that has only one meaning."""
    for pattern in (*QUARTERS, *MONTHS):
        if match := re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII):
            found = match.groupdict()
            if "quarter" in found:
                return _period(int(found["year"]), int(found["quarter"]))
            if 1 <= int(found["month"]) <= 12:
                return _of_month(int(found["year"]), int(found["month"]))
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


def _slashed(text: str) -> bool:
    return re.fullmatch(r"\d\d?/\d\d?/\d{4}", text, re.ASCII) is not None


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
