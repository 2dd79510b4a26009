"""The page: an artifact's own functions in JavaScript, what computes with them, and what draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from ..artifact.card import LAWS
from ..artifact.runtime import Surrogate
from ..errors import CannotTranslate, WriteFailed
from ..house.files import atomic_path
from ..translation import source_code

TEMPLATES = Path(__file__).parent / "templates"
GENERATOR = "dsge-surrogate explore"
"""Says at the head of a page who wrote it: only such files are replaced."""
MOST_STATES = 100
"""With more, the simulation behind the moments takes seconds (`docs/benchmark-external-code.md`)."""
STATISTICS = ("mean", "p99", "max")


def write_explorer(surrogate: Surrogate, file: str | Path) -> Path:
    """Write an artifact as one HTML file with sliders, which works offline; it appears whole or not at all.

    Returns
    -------
    The file.

    Raises
    ------
    CannotTranslate : the artifact is too large, has no steady state to begin at, or has an operator without
        a translation to JavaScript.
    WriteFailed : the file cannot be written, or is there already and no such page.
    """
    target = Path(file)
    _require_own(target)
    text = explorer_page(surrogate)
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def explorer_page(surrogate: Surrogate) -> str:
    """The page that `write_explorer` writes, as a text.

    Raises
    ------
    CannotTranslate : the artifact is too large, has no steady state to begin at, or has an operator without
        a translation to JavaScript.
    """
    model = surrogate.card.model
    if surrogate.n_states > MOST_STATES:
        raise CannotTranslate(
            f"{model} has {surrogate.n_states} states: a page answers at once with at most {MOST_STATES}."
        )
    if "steady_state.onnx" not in dict(surrogate.files):
        raise CannotTranslate(f"{model} has no steady_state.onnx, and a page begins at the steady state.")
    return _environment().get_template("page.html").render(_content(surrogate))


def _require_own(target: Path) -> None:
    """Refuse to replace what this module has not written."""
    if not target.is_file():
        return
    try:
        with target.open("rb") as file:
            head = file.read(1000)
    except OSError as error:
        raise WriteFailed(f"{target} cannot be read ({error.strerror}), so it is not replaced.") from None
    if f'content="{GENERATOR}"'.encode() not in head:
        raise WriteFailed(f"{target} is there already, and no page of explore. Give another name.")


def _content(surrogate: Surrogate) -> dict[str, Any]:
    """All that the template says."""
    card = surrogate.card
    groups = {
        group: [column for each in getattr(card, group) for column in _columns(each)]
        for group in ("states", "controls", "shocks", "observables", "parameters")
    }
    for column, parameter in zip(groups["parameters"], card.parameters, strict=True):
        column |= {"lower": parameter.lower, "upper": parameter.upper, "default": parameter.default}
    region = surrogate.region.description if surrogate.region else ""
    laws = [law for law in LAWS if card.accuracy.get(law)]
    return {
        "generator": GENERATOR,
        "card": card,
        "groups": groups,
        "economy": {"model": card.model, "region": region, **groups},
        "code": _inside_script(next(iter(source_code(surrogate, "js").values()))),
        "laws": laws,
        "statistics": STATISTICS,
        "equations": list(dict.fromkeys(name for law in laws for name in card.accuracy[law])),
    }


def _columns(member: Any) -> list[dict[str, Any]]:
    """Of a variable or a parameter: name, description and unit of each column."""
    about = {"description": member.description, "unit": member.unit}
    names = [member.name] if member.size == 1 else [f"{member.name}[{i}]" for i in range(member.size)]
    return [{"name": name, **about} for name in names]


def _inside_script(code: str) -> str:
    """Code that no text of a card, which is in its comments alone, can end before its time."""
    return code.replace("</", "< /").replace("<!", "< !")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
