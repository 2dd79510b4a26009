"""How each language says a program, from the table in `languages.toml`.

C and JavaScript loop over arrays; the others compute with arrays as a whole. What a helper function is called
with is the same in all of them; the functions themselves are in the templates.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 100
"""Of lines, about."""
OPERANDS = {"Max": 2, "Min": 2, "Pow": 2, "And": 2, "Or": 2, "Pick": 2, "Where": 3, "Put": 3, "PutAdd": 3}
"""How many an operator has that can be a call; others have one."""


@dataclass(frozen=True)
class Language:
    """Syntax of one language.

    name : as people know it. files : templates that make the files of a translation, `NAME` for the model's.
    first : place of an array's first entry. comment : what begins one.
    scalar, packed, made, loop : statements that give a name to a number, to an array of given entries, to one
    that a helper makes, and to one that is computed entry by entry; in the table, `assign` stands for each
    that is not there.
    joined : what makes an array of arrays: around all, for each, and between them.
    pack, separator : an array of given entries.
    entry, part, strided : one entry of an array, consecutive ones, and every so-many-th.
    expressions : for scalars; `dotted` says how they look for arrays: "" the same, "operators" with points at
    products and quotients, "all" also at calls. constants : what goes before the names of constants.
    """

    name: str
    files: tuple[str, ...]
    comment: str
    scalar: str
    packed: str
    made: str
    loop: str
    joined: tuple[str, str, str]
    pack: str
    entry: str
    part: str
    strided: str
    first: int
    separator: str
    dotted: str
    infinity: str
    nan: str
    constants: str
    expressions: Mapping[str, str]

    @property
    def loops(self) -> bool:
        """Whether entries of arrays are computed one by one."""
        return "[i]" in self.loop

    def number(self, value: float) -> str:
        """A double, exactly."""
        text = repr(float(value)) if np.isfinite(value) else self.nan if np.isnan(value) else self.infinity
        return f"-{self.infinity}" if value == -np.inf else text

    def named(self, name: str, array: str, index: int) -> str:
        """A statement that gives a name to one entry of an array."""
        entry = self.entry.format(array=array, index=index + self.first)
        return self.scalar.format(name=name, value=entry)

    def array(self, entries: list[str]) -> str:
        """Given entries one after the other, over several lines if need be."""
        return self.pack.format(wrapped(entries, self.separator))

    def numbers(self, values: Iterable[float]) -> str:
        """An array of known numbers; never nothing at all, which C has no arrays of."""
        return self.array([self.number(value) for value in values] or [self.number(0.0)])

    def arrays(self, expression: str) -> str:
        """An expression of scalars as one of arrays."""
        if self.dotted:
            expression = re.sub(r" (\*|/) ", r" .\1 ", expression)
        if self.dotted == "all":
            expression = re.sub(r" (\+|-|&|\||<=?|==) ", r" .\1 ", expression)
            expression = re.sub(r"\b(\w+)\(", r"\1.(", expression)
            expression = re.sub(r"^([-!])", r".\1", expression)
        return expression


def wrapped(words: list[str], separator: str = ", ") -> str:
    """Words with separators, on several lines if they are many."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) > WIDTH:
            lines.append(line)
            line = ""
        line += (separator if line else "") + word
    return f"{separator.rstrip()}\n    ".join([*lines, line])


def _languages(tables: dict[str, dict[str, Any]]) -> dict[str, Language]:
    usual = tables.pop("usual")
    made = {}
    for key, own in tables.items():
        table: dict[str, Any] = usual | own
        table["expressions"] = _expressions(usual["expressions"] | own["expressions"])
        for statement in ("scalar", "packed", "made", "loop"):
            table.setdefault(statement, table["assign"])
        made[key] = Language(**{name: value for name, value in table.items() if name != "assign"})
    return made


def _expressions(table: Mapping[str, str]) -> dict[str, str]:
    """With the operands of calls written out."""
    places = {operator: ", ".join(f"{{{i}}}" for i in range(OPERANDS.get(operator, 1))) for operator in table}
    return {key: text if "{" in text else f"{text}({places[key]})" for key, text in table.items()}


LANGUAGES = _languages(tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8")))
"""By the name that the command takes."""
