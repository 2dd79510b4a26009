"""From operations on tensors to the statements of a program.

A tensor is a NumPy array whose entries are numbers or `Element` s of arrays that the program computes.
Whatever only moves entries (reshaping, slicing, broadcasting) is done by NumPy here and leaves no trace in
the program; what is known before it runs is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import CannotTranslate
from .statements import FOLDED, TRUTHS, Element, Operand, Program, Run, Statement

SHORT = 8
"""Entries that may be written one by one where they are of several arrays, or out of order."""
MOST_ENTRIES = 1 << 20
"""Of all arrays of a program together: more is not code that anybody reads."""


class Constants:
    """Arrays of numbers by name that the programs of one artifact share; equal ones have one name."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[np.float64]] = {}
        self._names: dict[bytes, str] = {}

    def named(self, values: NDArray) -> str:
        """The name of the array with these entries."""
        array = np.ascontiguousarray(values, dtype=float).ravel()
        name = self._names.setdefault(array.tobytes(), f"CONSTANT_{len(self._names) + 1}")
        self.arrays[name] = array
        return name


class Builder:
    """Collects the statements of one program. Tensors go in and come out; equal statements are one."""

    def __init__(self, constants: Constants, inputs: Mapping[str, int]) -> None:
        self.constants = constants
        self.inputs = dict(inputs)
        self.sizes = dict(inputs)
        self._kinds = dict.fromkeys(inputs, "f")
        self._scalars: set[str] = set()
        self._statements: dict[tuple, Statement] = {}

    def input(self, name: str) -> NDArray:
        """An input as a row [1, entries]."""
        return self._elements(name)[np.newaxis]

    def kind(self, tensor: NDArray) -> str:
        """ "f" for numbers, "i" for integers, "b" for truth values."""
        element = next((entry for entry in tensor.flat if isinstance(entry, Element)), None)
        return tensor.dtype.kind if element is None else self._kinds[element.array]

    def each(self, operator: str, *tensors: NDArray) -> NDArray:
        """Entry by entry, after broadcasting."""
        tensors = tuple(plain(tensor) for tensor in tensors)
        if not any(tensor.dtype == object for tensor in tensors):
            with np.errstate(all="ignore"):
                return np.asarray(FOLDED[operator](*tensors))
        spread = np.broadcast_arrays(*tensors)
        kind = "b" if operator in TRUTHS else self.kind(tensors[0 if operator == "Pow" else -1])
        operands = [self._operand(tensor.ravel()) for tensor in spread]
        if not any(isinstance(operand, Run) for operand in operands):  # the same number everywhere
            return np.broadcast_to(self._new(operator, 1, operands, kind), spread[0].shape)
        return self._new(operator, spread[0].size, operands, kind).reshape(spread[0].shape)

    def product(self, left: NDArray, right: NDArray) -> NDArray:
        """Matrix [rows, k] times matrix [k, columns]: [rows, columns]."""
        shape = left.shape[0], right.shape[1]
        if shape[0] > 1 and shape[1] == 1:  # loops over rows are faster
            return self.product(right.T, left.T).T
        operands: list[Operand] = [self._run(left.ravel()), self._run(right.ravel())]
        if shape == (1, 1):
            return self._new("Dot", 1, operands, "f").reshape(shape)
        operands.append(float(left.shape[1]))
        return self._new("Product", shape[0] * shape[1], operands, "f").reshape(shape)

    def sum(self, row: NDArray) -> NDArray:
        """Of the entries of a vector, as [1]."""
        return self._new("Sum", 1, [self._run(row)], self.kind(row))

    def cumulated(self, row: NDArray) -> NDArray:
        """Running sums of a vector."""
        return self._new("CumSum", len(row), [self._run(row)], self.kind(row))

    def pick(self, row: NDArray, places: NDArray) -> NDArray:
        """The entries of a vector [k] at integer places [m], which the program computes: [m]."""
        return self._new("Pick", len(places), [self._run(row), self._run(places)], self.kind(row))

    def put(self, row: NDArray, places: NDArray, values: NDArray, add: bool) -> NDArray:
        """A vector [k] with values [m] written, or added, at integer places [m]."""
        operands = [self._run(each) for each in (row, places, values)]
        return self._new("PutAdd" if add else "Put", len(row), operands, self.kind(values))

    def program(self, outputs: Mapping[str, NDArray]) -> Program:
        """What the outputs need of all statements so far."""
        entries = {name: tuple(_entry(each) for each in value.flat) for name, value in outputs.items()}
        needed = {each.array for output in entries.values() for each in output if isinstance(each, Element)}
        kept: list[Statement] = []
        for statement in reversed(self._statements.values()):
            if statement.name in needed:
                kept.append(statement)
                needed |= {each.array for each in statement.operands if isinstance(each, Element | Run)}
        return Program(self.inputs, tuple(reversed(kept)), entries, self.sizes)

    def _new(self, operator: str, size: int, operands: Sequence[Operand], kind: str) -> NDArray:
        key = (operator, size, *operands)
        if key not in self._statements:
            name = f"v{len(self._statements) + 1}"
            self._statements[key] = Statement(name, size, operator, tuple(operands))
            if self._statements[key].is_scalar:
                self._scalars.add(name)
            self.sizes[name], self._kinds[name] = size, kind
            if sum(self.sizes.values()) > MOST_ENTRIES:
                raise CannotTranslate("The graph has too many numbers to be written as source code.")
        return self._elements(self._statements[key].name)

    def _elements(self, name: str) -> NDArray:
        elements = np.empty(self.sizes[name], dtype=object)
        elements[:] = [Element(name, index) for index in range(len(elements))]
        return elements

    def _operand(self, entries: NDArray) -> Operand:
        """A vector as an operand: a scalar if all entries are the same."""
        first = entries[0]
        same = all(entry == first for entry in entries) or len(entries) == 1
        return _entry(first) if same else self._run(entries, contiguous=False)

    def _run(self, entries: NDArray, contiguous: bool = True) -> Run:
        """A vector as a run of one array, which is made if there is none."""
        entries = plain(entries)
        if entries.dtype != object:
            return self._whole(self.constants.named(entries), len(entries))
        arrays = {entry.array if isinstance(entry, Element) else "" for entry in entries}
        if len(arrays) == 1 and (name := arrays.pop()) not in self._scalars:
            places = np.array([entry.index for entry in entries])
            steps = set(np.diff(places).tolist()) or {1}
            if steps == {1} or (len(steps) == 1 and steps != {0} and not contiguous):
                return Run(name, int(places[0]), steps.pop(), len(places))
            if len(places) > SHORT:
                operands = [Run(name, 0, 1, self.sizes[name]), self._run(places)]
                return self._whole(self._new("Pick", len(places), operands, self._kinds[name])[0].array)
        pieces = list(self._pieces(entries))
        if len(entries) > SHORT and len(pieces) <= len(entries) // 4:
            made: list[Operand] = [self._piece(each) for each in pieces]
            return self._whole(self._new("Join", len(entries), made, self.kind(entries))[0].array)
        packed = self._new("Pack", len(entries), [_entry(each) for each in entries], self.kind(entries))
        return self._whole(packed[0].array)

    def _pieces(self, entries: NDArray) -> Iterator[NDArray]:
        """Cut a vector where a run of one array, a repeated entry, or a stretch of numbers ends."""
        start, follows = 0, ""
        for place in range(1, len(entries)):
            kind = self._relation(entries[place - 1], entries[place])
            if not kind or (follows and kind != follows):
                yield entries[start:place]
                start, follows = place, ""
            else:
                follows = kind
        yield entries[start:]

    def _relation(self, one: float | Element, other: float | Element) -> str:
        """How the second entry follows the first."""
        if isinstance(one, Element) and isinstance(other, Element):
            following = Element(one.array, one.index + 1)
            return "same" if one == other else "next" if other == following else ""
        return "" if isinstance(one, Element) or isinstance(other, Element) else "number"

    def _piece(self, entries: NDArray) -> Run:
        if len(entries) > 1 and isinstance(entries[0], Element) and entries[0] == entries[1]:
            repeated = self._new("Repeat", len(entries), [entries[0]], self.kind(entries))
            return self._whole(repeated[0].array)
        return self._run(entries)

    def _whole(self, name: str, size: int | None = None) -> Run:
        size = self.sizes.setdefault(name, size or 0)
        return Run(name, 0, 1, size)


def plain(tensor: NDArray) -> NDArray:
    """A tensor of numbers only as an array of numbers, any other one as it is."""
    if tensor.dtype != object or any(isinstance(entry, Element) for entry in tensor.flat):
        return tensor
    return np.array(tensor.tolist()).reshape(tensor.shape)


def known(tensor: NDArray | None, otherwise: list[int] | None = None) -> list[int] | None:
    """Whole numbers that are known before the program runs, or, where there is no tensor, an attribute."""
    if tensor is None:
        return otherwise
    if (tensor := plain(tensor)).dtype == object:
        raise CannotTranslate("A shape in it depends on numbers.")
    return [int(each) for each in tensor.ravel()]


def _entry(entry: float | Element) -> float | Element:
    return entry if isinstance(entry, Element) else float(entry)
