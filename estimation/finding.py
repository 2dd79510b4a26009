"""What an analysis finds, one table, what to know about it, and a figure; and how draws become both: tables
of quantiles, lines with bands, numbers as text.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate import Surrogate
from surrogate.artifact.card import expanded_names
from surrogate.errors import MissingPackage, unknown_name
from surrogate.house import figures
from surrogate.house.files import atomic_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HDI_SHARE = 0.9
PAGE = 40  # rows
DECIMALS = {
    "in box": 2,
    "ESS bulk": 0,
    "ESS tail": 0,
    "R-hat": 3,
    "autocorr. time": 1,
    "mean log posterior": 1,
    "highest log posterior": 1,
    "log marginal likelihood": 2,
    "log Bayes factor": 2,
    "numerical standard error": 3,
    "posterior probability": 3,
}
PANELS_A_ROW = 4
BAND_SHARE = 0.9
LOW, MEDIAN, HIGH = "5 %", "median", "95 %"


@dataclass(frozen=True)
class Finding:
    """A result that can be read, copied into a paper and drawn.

    Attributes
    ----------
    name : stem of its files.
    title : one line without a full stop.
    table : numbers, with named index levels.
    note : what to know before using them, one or two sentences.
    draw : makes the figure; None if there is none. It needs the extra ``plot``.
    """

    name: str
    title: str
    table: pd.DataFrame
    note: str
    draw: Callable[[], Figure] | None = None

    def markdown(self) -> str:
        """Title, table and note as Markdown."""
        return f"# {self.title}\n\n{as_markdown(self.table)}\n{self.note}\n"

    def latex(self) -> str:
        """The table in LaTeX, see :func:`as_latex`, under title and note as comments."""
        return f"% {self.title}\n% {self.note}\n{as_latex(self.table)}"


def save(finding: Finding, folder: str | Path) -> list[Path]:
    """Write ``name.csv`` (all digits), ``name.md``, ``name.tex`` and ``name.png`` into ``folder``.

    All of them or none. Without Matplotlib there is no figure, and a warning says what it needs.

    Returns
    -------
    The paths of the files.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    with atomic_files(folder, [finding.name]) as temporary:
        finding.table.to_csv(temporary / f"{finding.name}.csv")
        (temporary / f"{finding.name}.md").write_text(finding.markdown(), encoding="utf-8")
        (temporary / f"{finding.name}.tex").write_text(finding.latex(), encoding="utf-8")
        _draw(finding, temporary / f"{finding.name}.png")
        names = sorted(path.name for path in temporary.iterdir())
    return [Path(folder) / name for name in names]


def save_all(findings: Sequence[Finding], folder: Path) -> None:
    """Write the files of :func:`save` for several findings: all of them or none."""
    with atomic_files(folder, [finding.name for finding in findings]) as temporary:
        for finding in findings:
            save(finding, temporary)


def formatted(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as text: as many digits as each row's ``sd`` deserves, else four significant ones."""
    if "sd" not in table:
        columns = {name: table[name].map(_short(DECIMALS.get(str(name)))) for name in table.columns}
        return pd.DataFrame(columns, index=table.index)
    deserved = 2 - np.floor(np.log10(table["sd"].to_numpy(dtype=float)))
    digits = np.clip(np.nan_to_num(deserved, posinf=3), 3, 9).astype(int)
    text = table.astype(object)
    for column in table.columns:
        decimals = digits if column not in DECIMALS else np.full(len(table), DECIMALS[column])
        text[column] = [
            f"{value:.{number}f}" if isinstance(value, float) else str(value)
            for value, number in zip(table[column], decimals, strict=True)
        ]
    return text


def as_text(table: pd.DataFrame) -> str:
    """Aligned columns for a terminal, in several blocks if it is too narrow for all."""
    text = formatted(table)
    text.index.name = None
    return text.to_string(line_width=get_terminal_size().columns)


def as_markdown(table: pd.DataFrame) -> str:
    """A Markdown table."""
    text = formatted(table).reset_index().astype(str)
    return figures.markdown_table(list(text.columns), text.to_numpy().tolist()) + "\n"


def as_latex(table: pd.DataFrame) -> str:
    """A LaTeX ``tabular`` for a document that loads ``booktabs``, a ``longtable`` where it is longer than a
    page; special characters are escaped.
    """
    text = formatted(table).reset_index()
    columns = "l" + "r" * (text.shape[1] - 1)
    return text.to_latex(index=False, escape=True, column_format=columns, longtable=len(text) > PAGE)


def save_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write ``name.csv`` with all digits, and ``name.md`` and ``name.tex`` for reading: all or none."""
    with atomic_files(folder) as temporary:
        table.to_csv(temporary / f"{name}.csv")
        for suffix, write in {"md": as_markdown, "tex": as_latex}.items():
            (temporary / f"{name}.{suffix}").write_text(write(table), encoding="utf-8")


def named_panels(names: tuple[str, ...], height: float) -> tuple[Figure, list[Any]]:
    """A figure with a panel for each name, four in a row, and the panels."""
    columns = min(PANELS_A_ROW, len(names))
    rows = math.ceil(len(names) / columns)
    figure, grid = figures.panels(rows, columns, width=2.6, height=height)
    panels = list(grid.flat)
    for panel in panels[len(names) :]:
        panel.remove()
    for panel, name in zip(panels, names, strict=False):
        panel.set_title(name, loc="left")
    return figure, panels[: len(names)]


def band_table(values: NDArray[np.floating], levels: Mapping[str, Sequence]) -> pd.DataFrame:
    """Median and 90 % interval, equal tails, over the first axis of `values` [draws, a, b, ...].

    `levels` names the other axes and their labels; the table has a row for each combination.
    """
    index = pd.MultiIndex.from_product(list(levels.values()), names=list(levels))
    columns = zip((LOW, MEDIAN, HIGH), interval(values), strict=True)
    return pd.DataFrame({name: quantile.ravel() for name, quantile in columns}, index=index)


def interval(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lower end of the 90 % interval with equal tails, median and upper end [3, ...] over the first axis."""
    return np.quantile(values, [(1 - BAND_SHARE) / 2, 0.5, (1 + BAND_SHARE) / 2], axis=0)


def draw_band(panel: Any, x: Sequence, table: pd.DataFrame, color: str, label: str) -> None:
    """A line for the median and a band around it, from the rows of a :func:`band_table`."""
    panel.fill_between(x, table[LOW], table[HIGH], color=color, alpha=0.2, linewidth=0)
    panel.plot(x, table[MEDIAN], color=color, linewidth=1.4, label=label)


def years(quarters: Iterable) -> list[float]:
    """Where quarters, or their names such as ``2009Q1``, stand on an axis of years."""
    periods = pd.PeriodIndex([str(quarter) for quarter in quarters], freq="Q")
    return [period.year + (period.quarter - 1) / 4 for period in periods]


def known_names(kind: str, names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """`names`, each once, or all that are `known` if there are none; raises UnknownName for others."""
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known)
    return tuple(dict.fromkeys(names)) or tuple(known)


def labels(surrogate: Surrogate) -> dict[str, str]:
    """Observable -> its name and, if the card has one, its unit."""
    return {
        name: f"{name}, {variable.unit}" if variable.unit else name
        for variable in surrogate.card.observables
        for name in expanded_names((variable,))
    }


def _draw(finding: Finding, path: Path) -> None:
    if finding.draw is None:
        return
    try:
        figures.save(finding.draw(), path)
    except MissingPackage as error:
        warnings.warn(str(error), stacklevel=3)


def _short(decimals: int | None) -> Callable[[object], str]:
    """Text of a number with so many decimals, or with four significant digits."""
    style = ".4g" if decimals is None else f".{decimals}f"
    return lambda value: format(value, style) if isinstance(value, float) else str(value)
