"""How each language says a program: the syntax, and the expressions for what is done entry by entry.

C and JavaScript loop over arrays; the others compute with arrays as a whole. What a helper function is called
with is the same in all of them; the functions themselves are in the templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

WIDTH = 100
"""Of lines, about."""
INFIX = {
    "Add": "{0} + {1}",
    "Sub": "{0} - {1}",
    "Mul": "{0} * {1}",
    "Div": "{0} / {1}",
    "Neg": "-{0}",
    "Less": "{0} < {1}",
    "LessOrEqual": "{0} <= {1}",
    "Equal": "{0} == {1}",
    "And": "{0} && {1}",
    "Or": "{0} || {1}",
    "Not": "!{0}",
}
HELPERS = {
    "Product": "product({0}, {1}, {k})",
    "Dot": "sum({0} * {1})",
    "Sum": "sum({0})",
    "CumSum": "cumulated({0})",
    "Pick": "pick({0}, {1})",
    "Put": "put({0}, {1}, {2})",
    "PutAdd": "put_added({0}, {1}, {2})",
}


def _calls(**others: str) -> dict[str, str]:
    """Expressions that are calls of functions, under their usual names or others."""
    usual = ("Abs", "Ceil", "Erf", "Exp", "Floor", "Log", "Sqrt", "Tanh", "Trunc")
    one = {operator: others.get(operator, operator.lower()) for operator in usual}
    two = {"Max": "maximum", "Min": "minimum", "Pow": "pow"}
    two |= {operator: name for operator, name in others.items() if operator in two}
    calls = {operator: f"{name}({{0}})" for operator, name in one.items()}
    return calls | {operator: f"{name}({{0}}, {{1}})" for operator, name in two.items()}


@dataclass(frozen=True)
class Language:
    """Syntax of one language.

    name : as people know it. files : templates that make the files of a translation, `NAME` for the model's.
    first : place of an array's first entry. comment : what begins one.
    scalar, packed, made, loop : statements that give a name to a number, to an array of given entries, to one
    that a helper makes, and to one that is computed entry by entry.
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
    first: int = 1
    separator: str = ", "
    dotted: str = ""
    infinity: str = "Inf"
    nan: str = "NaN"
    constants: str = ""
    expressions: Mapping[str, str] = field(default_factory=dict)

    @property
    def loops(self) -> bool:
        """Whether entries of arrays are computed one by one."""
        return "[i]" in self.loop

    def number(self, value: float) -> str:
        """A double, exactly."""
        text = repr(float(value)) if np.isfinite(value) else self.nan if np.isnan(value) else self.infinity
        return f"-{self.infinity}" if value == -np.inf else text

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


LANGUAGES = {
    "c": Language(
        name="C",
        files=("NAME.h", "NAME.c", "NAME_self_test.c"),
        comment="//",
        first=0,
        scalar="const double {name} = {value};",
        packed="const double {name}[{size}] = {value};",
        made="double {name}[{size}];\n{value};",
        loop="double {name}[{size}];\nfor (int i = 0; i < {size}; i++) {name}[i] = {value};",
        joined=("double {name}[{size}];\n{value}", "copy({part}, {count}, {name} + {start});", "\n"),
        pack="{{{}}}",
        entry="{array}[{index}]",
        part="{array} + {first}",
        strided="",
        infinity="INFINITY",
        nan="NAN",
        expressions={
            **INFIX,
            **_calls(Abs="fabs"),
            "Where": "{0} ? {1} : {2}",
            "Sum": "sum({0}, {counts[0]})",
            "Product": "product({0}, {1}, {rows}, {k}, {columns}, {name})",
            "Repeat": "repeat({0}, {size}, {name})",
            "Dot": "dot({0}, {1}, {counts[0]})",
            "CumSum": "cumulated({0}, {size}, {name})",
            "Pick": "pick({0}, {counts[0]}, {1}, {size}, {name})",
            "Put": "put({0}, {size}, {1}, {2}, {counts[1]}, 0, {name})",
            "PutAdd": "put({0}, {size}, {1}, {2}, {counts[1]}, 1, {name})",
        },
    ),
    "js": Language(
        name="JavaScript",
        files=("NAME.js", "NAME_self_test.js"),
        comment="//",
        first=0,
        scalar="const {name} = {value};",
        packed="const {name} = {value};",
        made="const {name} = {value};",
        loop="const {name} = new Float64Array({size});\n"
        "for (let i = 0; i < {size}; i++) {name}[i] = {value};",
        joined=("const {name} = [{value}];", "...{part}", ", "),
        pack="[{}]",
        entry="{array}[{index}]",
        part="{array}.slice({first}, {stop})",
        strided="",
        infinity="Infinity",
        expressions={
            **INFIX,
            **{key: f"Math.{call}" for key, call in _calls(Max="max", Min="min").items()},
            "Erf": "erf({0})",
            "Where": "{0} ? {1} : {2}",
            **HELPERS,
            "Repeat": "Array({size}).fill({0})",
            "Dot": "dot({0}, {1})",
        },
    ),
    "m": Language(
        name="MATLAB and Octave",
        files=("NAME.m", "NAME_self_test.m"),
        comment="%",
        scalar="{name} = {value};",
        packed="{name} = {value};",
        made="{name} = {value};",
        loop="{name} = {value};",
        joined=("{name} = [{value}];", "{part}", "; "),
        pack="[{}]",
        separator="; ",
        entry="{array}({index})",
        part="{array}({first}:{last})",
        strided="{array}({first}:{step}:{last})",
        dotted="operators",
        constants="c.",
        expressions={
            **INFIX,
            **HELPERS,
            **_calls(Trunc="fix", Log="real_log", Sqrt="real_sqrt", Pow="real_power"),
            "And": "{0} & {1}",
            "Or": "{0} | {1}",
            "Not": "~{0}",
            "Where": "choose({0}, {1}, {2})",
            "Repeat": "repmat({0}, {size}, 1)",
            "Dot": "sum({0} .* {1})",
            "CumSum": "cumsum({0})",
        },
    ),
    "r": Language(
        name="R",
        files=("NAME.R", "NAME_self_test.R"),
        comment="#",
        scalar="{name} <- {value}",
        packed="{name} <- {value}",
        made="{name} <- {value}",
        loop="{name} <- {value}",
        joined=("{name} <- c({value})", "{part}", ", "),
        pack="c({})",
        entry="{array}[{index}]",
        part="{array}[{first}:{last}]",
        strided="{array}[seq({first}, {last}, {step})]",
        expressions={
            **INFIX,
            **HELPERS,
            **_calls(Ceil="ceiling", Max="pmax", Min="pmin"),
            "Pow": "{0} ^ {1}",
            "Repeat": "rep({0}, {size})",
            "Less": "holds({0} < {1})",
            "LessOrEqual": "holds({0} <= {1})",
            "Equal": "holds({0} == {1})",
            "And": "{0} & {1}",
            "Or": "{0} | {1}",
            "Where": "choose({0}, {1}, {2})",
            "CumSum": "cumsum({0})",
        },
    ),
    "julia": Language(
        name="Julia",
        files=("NAME.jl", "NAME_self_test.jl"),
        comment="#",
        scalar="{name} = {value}",
        packed="{name} = {value}",
        made="{name} = {value}",
        loop="{name} = {value}",
        joined=("{name} = [{value}]", "{part}", "; "),
        pack="[{}]",
        entry="{array}[{index}]",
        part="{array}[{first}:{last}]",
        strided="{array}[{first}:{step}:{last}]",
        dotted="all",
        expressions={
            **INFIX,
            **HELPERS,
            **_calls(Log="real_log", Sqrt="real_sqrt", Pow="real_power", Max="max", Min="min"),
            "And": "both({0}, {1})",
            "Or": "either({0}, {1})",
            "Not": "opposite({0})",
            "Where": "choose({0}, {1}, {2})",
            "Repeat": "fill({0}, {size})",
            "Dot": "sum({0} .* {1})",
            "CumSum": "cumsum({0})",
        },
    ),
}
"""By the name that the command takes."""
