"""CSV files as people have them: what separates cells, marks decimals and encodes letters is found out."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

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
        told = "it is empty" if isinstance(error, IndexError) else error
        raise BadData(f"{name} cannot be read as a CSV file: {told}.") from None
    header = [cell.strip() for cell in rows[0]]
    width = len(_without_empty_end(header))
    _check_header(header[:width], name)
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
    found = []
    for cell in cells:
        plain = cell.translate(MINUS)
        if decimal_comma and "." not in plain:
            plain = plain.replace(",", ".")
        if cell.lower() in MISSING:
            found.append(np.nan)
        elif NUMBER.fullmatch(plain):
            found.append(float(plain))
        else:
            raise BadData(f"Column {column} holds {shown(cell)}, which is not a number{_remedy(cell)}.")
    return np.array(found, dtype=float)


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


def _check_header(header: Sequence[str], name: str | Path) -> None:
    if len(header) < 2:
        raise BadData(
            f"The first line of {name} names only one column, {shown(''.join(header))}: separate columns by "
            "commas, semicolons or tabs."
        )
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise BadData(f"{name} has more than one column {twice[0]}: give each a name of its own.")


def _remedy(cell: str) -> str:
    if "%" in cell:
        return ": write percentages without the sign"
    if "," in cell:
        return ": write decimal points, and no separators of thousands"
    return ""
