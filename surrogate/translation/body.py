"""The statements of a program in one language, an expression in the only other one that uses it where that is
short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .languages import Language
from .statements import EACH, Element, Operand, Program, Run, Statement

LONGEST_INLINE = 60
"""Characters of an expression that goes into the only other one that uses it."""
WEAKEST, STRONGEST = 0, 3
STRENGTH = {"Neg": 1, "Add": 1, "Sub": 1, "Mul": 2, "Div": 2}
"""Of operators whose order is the same everywhere; others are put between brackets."""


class Body:
    """The statements of a program as lines of one language.

    `names` gives entries of inputs, such as ``("parameters", 0)``, a name of their own. After that, `lines`
    has the statements, `outputs` by name the expressions for each entry, and `named` which names occur.
    """

    def __init__(self, language: Language, program: Program, names: Mapping[tuple[str, int], str]) -> None:
        self.language, self.program, self.names = language, program, names
        self.named: set[str] = set()
        self._inline: dict[str, tuple[str, int]] = {}
        self._uses = program.uses()
        self._scalars = {each.name for each in program.statements if each.is_scalar}
        self._users = {
            operand.array: statement
            for statement in program.statements
            for operand in statement.operands
            if isinstance(operand, Element | Run)
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
        value = self._joined(statement) if operator == "Join" else self._expression(statement)
        if self._goes_inline(statement, value):
            self._inline[statement.name] = value, self._strength(statement)
            return []
        template = language.loop if operator in EACH else language.made
        template = language.packed if operator == "Pack" else template
        template = language.joined[0] if operator == "Join" else template
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
            k = int(operands[2]) if operator == "Product" and isinstance(operands[2], float) else 1
            shape = {"k": k, "rows": counts[0] // k, "columns": statement.size * k // counts[0]}
            parts = [self._part(each) for each in operands]
            return template.format(*parts, name=statement.name, size=statement.size, counts=counts, **shape)
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

    def _joined(self, statement: Statement) -> str:
        """Arrays one after the other."""
        _, template, between = self.language.joined
        pieces, start = [], 0
        for operand in statement.operands:
            count = operand.count if isinstance(operand, Run) else 1
            part = self._part(operand)
            pieces.append(template.format(part=part, count=count, name=statement.name, start=start))
            start += count
        return between.join(pieces)

    def _value(self, operand: Operand, least: int) -> str:
        """An operand of what is done entry by entry; in brackets if it holds together less than that."""
        if not isinstance(operand, Element | Run):
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
