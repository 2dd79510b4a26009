"""Dates as people and programs write them."""

import pandas as pd
import pytest

from estimation.csv_file import parse_quarter, parse_quarters
from surrogate.errors import BadData


@pytest.mark.parametrize(
    "text",
    [
        "1983-Q2",
        "1983Q2",
        "1983q2",
        "1983:Q2",
        " 1983Q2 ",
        "Q2 1983",
        "Q2-1983",
        "1983:2",
        "1983M5",
        "1983m06",
        "1983-04",
        "1983/05",
        "1983-04-01",
        "1983-06-30",
        "1983-06-30 00:00:00",
        "19830630",
        "30.06.1983",
        "30-Jun-1983",
        "Apr 1983",
        "30/06/1983",
        "6/30/1983",
        "1983.25",
        "1983.250",
    ],
)
def test_a_date_with_one_meaning_is_read(text: str) -> None:
    assert parse_quarter(text) == pd.Period("1983Q2", freq="Q")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1983-Q5", "Cannot read the date '1983-Q5': write 1983-Q1"),
        ("spring", "Cannot read"),
        ("", "the cell is empty"),
        ("83Q1", "Cannot read"),
        ("Mar-83", "Cannot read"),
        ("1983", "it is a year, and the data must be quarterly"),
        ("30317", "a spreadsheet's number of a day"),
        ("1983:01", "a month or a quarter"),
        ("1983.1", "decimal years end in"),
        ("01/04/1983", "may begin with the day or with the month"),
        ("32/13/1983", "Cannot read the dates with slashes"),
        ("x" * 10_000, r"\.\.\."),
    ],
)
def test_another_date_is_refused_with_the_cause(text: str, words: str) -> None:
    with pytest.raises(BadData, match=words) as refusal:
        parse_quarter(text)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    "column",
    [
        ["1983", "1983.25", "1983.5", "1983.75"],
        ["01/01/1983", "01/04/1983", "01/07/1983", "01/10/1983"],
        ["01/01/1983", "04/01/1983", "07/01/1983", "10/01/1983"],
        ["31/03/1983", "30/06/1983", "30/09/1983", "31/12/1983"],
    ],
)
def test_the_whole_column_decides_what_one_date_leaves_open(column: list[str]) -> None:
    assert parse_quarters(column) == list(pd.period_range("1983Q1", "1983Q4", freq="Q"))
