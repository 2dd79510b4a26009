"""How every figure and every table in Markdown looks.

Matplotlib comes with the extra ``plot`` and is loaded when a figure is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingPackage
from .files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, RED, GRAY = "#2f6f9f", "#c1440e", "#6b6b6b"
STYLE: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
}
DOTS_PER_INCH = 150


def plotting(name: str) -> Any:
    """Import a package of the extra ``plot``.

    Raises
    ------
    MissingPackage : it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        package = name.split(".")[0]
        raise MissingPackage(
            f"Figures need {package}: install it with `pip install 'dsge-surrogate[plot]'`."
        ) from None


def styled(**changes: Any) -> AbstractContextManager[None]:
    """The house style, with some settings changed, for what is drawn inside a ``with``."""
    return plotting("matplotlib").rc_context({**STYLE, **changes})


def panels(rows: int, columns: int, width: float, height: float, **shared: Any) -> tuple[Figure, Any]:
    """A figure and its panels [rows, columns], each of `width` and `height` in inches."""
    size = (width * columns + 0.5, height * rows + 0.6)
    figure = plotting("matplotlib.figure").Figure(figsize=size, layout="constrained")
    with styled():
        return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def legend(figure: Figure, panel: Any) -> None:
    """Explain the lines of all panels below them, by the labels in one."""
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure to `path`, whole or not at all; its suffix says in which format."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DOTS_PER_INCH, bbox_inches="tight")
    return path


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines of a table whose first column is aligned left and whose other ones right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
