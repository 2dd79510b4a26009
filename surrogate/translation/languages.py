"""How each language says a program: the syntax, and the expressions for what is done entry by entry.

C and JavaScript loop over arrays; the others compute with arrays as a whole. What a helper function is called
with is the same in all of them; the functions themselves are in the templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .statements import EACH, Element, Operand, Program, Run, Statement

WIDTH = 100
"""Of lines, about."""
LONGEST_INLINE = 60
"""Characters of an expression that goes into the only other one that uses it."""
WEAKEST, STRONGEST = 0, 3
STRENGTH = {"Neg": 1, "Add": 1, "Sub": 1, "Mul": 2, "Div": 2}
"""Of operators whose order is the same everywhere; others are put between brackets."""
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
    "Product": "product({0}, {1})",
    "Dot": "sum({0} * {1})",
    "Sum": "sum({0})",
    "CumSum": "cumulated({0})",
    "Pick": "pick({0}, {1})",
    "Put": "put({0}, {1}, {2})",
    "PutAdd": "put_added({0}, {1}, {2})",
}


def _calls(abs_: str = "abs", ceil: str = "ceil", trunc: str = "trunc", **changes: str) -> dict[str, str]:
    """Expressions of one or two arguments that are calls, under their usual names or others."""
    names = {"Abs": abs_, "Ceil": ceil, "Trunc": trunc}
    names |= dict(Exp="exp", Floor="floor", Log="log", Sqrt="sqrt", Tanh="tanh", Erf="erf")
    names |= dict(Max="maximum", Min="minimum", Pow="pow")
    names |= changes
    two = {"Max", "Min", "Pow"}
    return {key: f"{name}({{0}}, {{1}})" if key in two else f"{name}({{0}})" for key, name in names.items()}


@dataclass(frozen=True)
class Language:
    """Syntax of one language.

    name : as people know it. files : templates that make the files of a translation, `NAME` for the model's.
    first : place of an array's first entry. comment : what begins one.
    scalar, packed, made, loop : statements that give a name to a number, to an array of given entries, to one
    that a helper makes, and to one that is computed entry by entry. pack, separator : an array of given entries.
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
        """Given entries one after the other, over several lines if need be; never nothing at all."""
        return self.pack.format(wrapped(entries, self.separator) or self.number(0.0))

    def arrays(self, expression: str) -> str:
        """An expression of scalars as one of arrays."""
        if self.dotted:
            expression = re.sub(r" (\*|/) ", r" .\1 ", expression)
        if self.dotted == "all":
            expression = re.sub(r" (\+|-|&|\||<=?|==) ", r" .\1 ", expression)
            expression = re.sub(r"\b(\w+)\(", r"\1.(", expression)
            expression = re.sub(r"^([-!])", r".\1", expression)
        return expression


class Body:
    """The statements of a program as lines of one language.

    `names` gives entries of inputs, such as ``("parameters", 0)``, a name of their own. After that, `lines` has
    the statements, `outputs` by name the expressions for each entry, and `named` which names occur.
    """

    def __init__(
        self, language: Language, program: Program, names: Mapping[tuple[str, int], str]
    ) -> None:
        self.language, self.program, self.names = language, program, names
        self.named: set[str] = set()
        self._inline: dict[str, tuple[str, int]] = {}
        self._uses = program.uses()
        self._scalars = {each.name for each in program.statements if each.is_scalar}
        self._users = {
            operand.array: statement
            for statement in program.statements
            for operand in statement.operands
            if not isinstance(operand, float)
        }
        self.lines = [line for statement in program.statements for line in self._statement(statement)]
        self.outputs = {
            name: [self._value(entry, WEAKEST) for entry in entries]
            for name, entries in program.outputs.items()
        }

    def whole(self, name: str) -> str | None:
        """An array that holds an output as it is, if there is one."""
        entries = self.program.outputs[name]
        array = entries[0].array if entries and isinstance(entries[0], Element) else ""
        same = tuple(Element(array, index) for index in range(self.program.sizes.get(array, 0)))
        return array if len(entries) > 1 and entries == same else None

    def _statement(self, statement: Statement) -> list[str]:
        """Its lines, or none if its expression goes into the only other one that uses it."""
        language, operator = self.language, statement.operator
        value = self._expression(statement)
        if self._goes_inline(statement, value):
            self._inline[statement.name] = value, self._strength(statement)
            return []
        template = language.loop if operator in EACH else language.made
        template = language.packed if operator == "Pack" else template
        template = language.scalar if statement.is_scalar else template
        return template.format(name=statement.name, size=statement.size, value=value).splitlines()

    def _goes_inline(self, statement: Statement, value: str) -> bool:
        user = self._users.get(statement.name)
        short = len(value) <= LONGEST_INLINE and self._uses[statement.name] == 1
        if not short or statement.operator not in EACH:
            return False
        if user is None or user.operator == "Pack":
            return statement.is_scalar
        return user.operator in EACH and user.size == statement.size

    def _strength(self, statement: Statement) -> int:
        """How tightly an expression holds together: what binds less is put between brackets."""
        call = re.match(r"^[\w.]+\(", self.language.expressions[statement.operator])
        return STRONGEST if call else STRENGTH.get(statement.operator, WEAKEST)

    def _expression(self, statement: Statement) -> str:
        language, operator, operands = self.language, statement.operator, statement.operands
        if operator == "Pack":
            return language.array([self._value(each, WEAKEST) for each in operands])
        template = language.expressions[operator]
        if operator not in EACH:
            counts = [each.count if isinstance(each, Run) else 1 for each in operands]
            parts = [self._part(each) for each in operands]
            return template.format(*parts, name=statement.name, size=statement.size, counts=counts)
        own = self._strength(statement)
        if own == STRONGEST:  # a call
            needed = [WEAKEST] * len(operands)
        elif own == WEAKEST or operator == "Neg":
            needed = [STRONGEST] * len(operands)
        else:
            needed = [own, own + 1]
        values = [self._value(each, least) for each, least in zip(operands, needed, strict=True)]
        template = template if statement.size == 1 or language.loops else language.arrays(template)
        return template.format(*values)

    def _value(self, operand: Operand, least: int) -> str:
        """An operand of what is done entry by entry; in brackets if it holds together less than that."""
        if isinstance(operand, float):
            text = self.language.number(operand)
            return f"({text})" if text.startswith("-") and least > WEAKEST else text
        if operand.array in self._inline:
            text, strength = self._inline[operand.array]
            return text if strength >= least else f"({text})"
        if isinstance(operand, Element):
            return self._element(operand)
        if not self.language.loops:
            return self._part(operand)
        start = f"{operand.start} + " if operand.start else ""
        step = "" if operand.step == 1 else f"{operand.step} * "
        return f"{self._array(operand.array)}[{start}{step}i]"

    def _element(self, element: Element) -> str:
        if name := self.names.get((element.array, element.index)):
            self.named.add(name)
            return name
        if element.array in self._scalars:
            return element.array
        index = element.index + self.language.first
        return self.language.entry.format(array=self._array(element.array), index=index)

    def _part(self, operand: Operand) -> str:
        """An operand as an array."""
        if not isinstance(operand, Run):
            return self._value(operand, WEAKEST)
        array = self._array(operand.array)
        if operand == Run(operand.array, 0, 1, self.program.sizes[operand.array]):
            return array
        first = operand.start + self.language.first
        last = first + operand.step * (operand.count - 1)
        template = self.language.part if operand.step == 1 else self.language.strided
        return template.format(array=array, first=first, last=last, stop=last + 1, step=operand.step)

    def _array(self, name: str) -> str:
        return f"{self.language.constants}{name}" if name.startswith("CONSTANT") else name


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
        pack="{{{}}}",
        entry="{array}[{index}]",
        part="{array} + {first}",
        strided="",
        infinity="INFINITY",
        nan="NAN",
        expressions={
            **INFIX,
            **_calls(abs_="fabs"),
            "Where": "{0} ? {1} : {2}",
            "Sum": "sum({0}, {counts[0]})",
            "Product": "product({0}, {counts[0]}, {1}, {size}, {name})",
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
            **_calls(trunc="fix", Log="real_log", Sqrt="real_sqrt", Pow="real_power"),
            "And": "{0} & {1}",
            "Or": "{0} | {1}",
            "Not": "~{0}",
            "Where": "choose({0}, {1}, {2})",
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
        pack="c({})",
        entry="{array}[{index}]",
        part="{array}[{first}:{last}]",
        strided="{array}[seq({first}, {last}, {step})]",
        expressions={
            **INFIX,
            **HELPERS,
            **_calls(ceil="ceiling", Max="pmax", Min="pmin"),
            "Pow": "{0} ^ {1}",
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
        pack="[{}]",
        entry="{array}[{index}]",
        part="{array}[{first}:{last}]",
        strided="{array}[{first}:{step}:{last}]",
        dotted="all",
        expressions={
            **INFIX,
            **HELPERS,
            **_calls(Log="real_log", Sqrt="real_sqrt", Pow="real_power", Max="max", Min="min"),
            "And": "{0} & {1}",
            "Or": "{0} | {1}",
            "Where": "ifelse({0}, {1}, {2})",
            "Dot": "sum({0} .* {1})",
            "CumSum": "cumsum({0})",
        },
    ),
}
"""By the name that the command takes."""
