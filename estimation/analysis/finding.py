"""What an analysis finds: one table, what to know about it, and a figure."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from estimation.table import as_latex, as_markdown
from surrogate import figures
from surrogate.errors import MissingPackage
from surrogate.files import atomic_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        """The table in LaTeX, see :func:`estimation.table.as_latex`, under title and note as comments."""
        return f"% {self.title}\n% {self.note}\n{as_latex(self.table)}"


def save(finding: Finding, folder: Path) -> list[Path]:
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
    return [folder / name for name in names]


def _draw(finding: Finding, path: Path) -> None:
    if finding.draw is None:
        return
    try:
        figures.save(finding.draw(), path)
    except MissingPackage as error:
        warnings.warn(str(error), stacklevel=3)
