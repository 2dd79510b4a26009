"""From sections to one HTML file without external resources: figures are embedded, no script is needed."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from pandas.api.types import is_numeric_dtype

from surrogate.errors import MissingPackage
from surrogate.house.files import atomic_path

from ..finding import Finding, formatted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = Path(__file__).with_name("page.html")
DOTS_PER_INCH = 110
LONG_TABLE = 30
"""Rows beyond which a table is folded away until one asks for it."""


@dataclass(frozen=True)
class Item:
    """One finding as the template shows it: figure as base64, cells as text, columns of words by number."""

    heading: str
    caption: str
    image: str
    description: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: Sequence[int]

    @property
    def long(self) -> bool:
        """Whether the table is folded away."""
        return len(self.rows) > LONG_TABLE


@dataclass(frozen=True)
class Section:
    """A chapter: sentences, facts by name, findings."""

    title: str
    text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[Item] = ()

    @property
    def anchor(self) -> str:
        """Where the table of contents leads."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    title: str
    subtitle: str
    warnings: Sequence[str]
    sections: Sequence[Section]
    footer: str


def render(page: Page) -> str:
    """The page as HTML; every text is escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(page=page)


def write(page: Page, path: Path) -> Path:
    """Write the page, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(render(page), encoding="utf-8")
    return path


def item(finding: Finding, heading: bool = True) -> Item:
    """A finding for the template, drawn where Matplotlib is installed."""
    table = finding.table
    text = formatted(table).reset_index() if len(table.columns) else formatted(table)
    levels = table.index.nlevels if len(table.columns) else 0
    words = list(range(levels)) + [
        levels + number for number, name in enumerate(table.columns) if not is_numeric_dtype(table[name])
    ]
    image, problem = _image(finding.draw)
    return Item(
        finding.title if heading else "",
        " ".join(filter(None, [finding.note, problem])).replace("`", ""),
        image,
        f"Figure: {finding.title}",
        [str(name) for name in text.columns],
        text.astype(str).to_numpy().tolist(),
        words,
    )


def _image(draw: "Callable[[], Figure] | None") -> tuple[str, str]:
    """A figure as base64, or what it needs."""
    if draw is None:
        return "", ""
    try:
        figure = draw()
    except MissingPackage as error:
        return "", str(error)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight")
    return base64.b64encode(buffer.getvalue()).decode("ascii"), ""
