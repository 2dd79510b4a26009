"""What depends on parameters alone, computed once for each of them and not at every call.

A graph is cut in two. Operators that parameters and constants decide come first, such as a steady state, a
first-order solution or what a network makes of parameters; the others take what these have found as further
inputs. A simulation or a filter that calls the same parameters again and again runs the second part only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from onnxruntime import InferenceSession

from .onnx_bytes import (
    GRAPH,
    INITIALIZER,
    METADATA,
    NODE,
    NODE_INPUT,
    NODE_OUTPUT,
    TENSOR_NAME,
    Field,
    field,
    fields,
    nested,
    number_field,
    text,
)

GRAPH_NAME, GRAPH_INPUT, GRAPH_OUTPUT = 2, 11, 12  # of a graph
VALUE_NAME, VALUE_TYPE, TENSOR_TYPE, ELEMENT, SHAPE, DIMENSION, LENGTH = 1, 2, 1, 1, 2, 1, 1
ELEMENTS = {"float": 1, "int32": 6, "int64": 7, "bool": 9, "double": 11}
"""Of tensors, as ONNX counts them."""
PARAMETERS = "parameters"
LARGEST_KEPT = 1 << 26
"""Bytes that may be kept for the next call."""
WORTH = 100
"""Operators that parameters decide, from which on a graph is cut: two calls take longer than one."""

Array = np.ndarray


class _Node(NamedTuple):
    """An operator: its bytes, and what it takes and makes."""

    content: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Cut:
    """A graph in two parts that is used like a session of ONNX Runtime; it remembers what the first part said
    of the parameters that it was last asked for.
    """

    def __init__(self, first: InferenceSession, rest: InferenceSession) -> None:
        self.first, self.rest = first, rest
        self.through = [each.name for each in first.get_outputs()]
        self.taken = [each.name for each in rest.get_inputs()]
        self.last: tuple[Array, dict[str, Any]] | None = None

    def get_inputs(self) -> list[Any]:
        """Those of the whole graph, in any order."""
        further = {PARAMETERS, *self.through}
        return [
            *(each for each in self.rest.get_inputs() if each.name not in further),
            *self.first.get_inputs(),
        ]

    def get_outputs(self) -> list[Any]:
        """Those of the whole graph."""
        return list(self.rest.get_outputs())

    def run(self, outputs: Sequence[str], feed: dict[str, Array]) -> Sequence[Any]:
        """What the whole graph returns."""
        given = {**feed, **self._decided(feed[PARAMETERS])}
        return self.rest.run(outputs, {name: given[name] for name in self.taken})

    def _decided(self, parameters: Array) -> dict[str, Any]:
        last = self.last
        if last is not None and np.array_equal(last[0], parameters):
            return last[1]
        answers: Any = self.first.run(self.through, {PARAMETERS: parameters})
        found = dict(zip(self.through, answers, strict=True))
        small = sum(each.nbytes for each in found.values()) <= LARGEST_KEPT
        self.last = (parameters.copy(), found) if small else None
        return found


class Parts(NamedTuple):
    """The two parts of a model, before the second one knows the types of its further inputs."""

    whole: bytes
    around: bytes
    """What belongs to either of them."""
    name: bytes
    fixed: list[_Node]
    """Operators on constants, which both parts have."""
    decided: list[_Node]
    rest: list[_Node]
    constants: dict[str, bytes]
    inputs: dict[str, bytes]
    outputs: dict[str, bytes]

    @classmethod
    def of(cls, content: bytes) -> Parts:
        """Look through a model that was found to be plain, in which operators come after what they take."""
        view = memoryview(content)
        parts = list(fields(view))
        (graph,) = (list(nested(part)) for part in parts if part.number == GRAPH)
        (body,) = (part.value for part in parts if part.number == GRAPH)
        around = b"".join(_raw(view, part) for part in parts if part.number not in (GRAPH, METADATA))

        def named(number: int, name: int) -> dict[str, bytes]:
            of_kind = [part for part in graph if part.number == number]
            return {_text(list(nested(part)), name): _raw(body, part) for part in of_kind}

        constants = named(INITIALIZER, TENSOR_NAME)
        fixed, decided, rest = [], [], []
        known = {*constants, ""}
        of_parameters = {*known, PARAMETERS}
        for node in (_node(body, part) for part in graph if part.number == NODE):
            if known.issuperset(node.inputs):
                fixed.append(node)
                known.update(node.outputs)
                of_parameters.update(node.outputs)
            elif of_parameters.issuperset(node.inputs):
                decided.append(node)
                of_parameters.update(node.outputs)
            else:
                rest.append(node)
        name = b"".join(_raw(body, part) for part in graph if part.number == GRAPH_NAME)
        inputs, outputs = named(GRAPH_INPUT, VALUE_NAME), named(GRAPH_OUTPUT, VALUE_NAME)
        return cls(content, around, name, fixed, decided, rest, constants, inputs, outputs)

    @property
    def made(self) -> set[str]:
        """What parameters decide."""
        return {name for node in self.decided for name in node.outputs} - {""}

    @property
    def through(self) -> list[str]:
        """What the first part makes and the second one takes."""
        made = self.made
        return list(dict.fromkeys(n for node in self.rest for n in node.inputs if n in made))

    @property
    def worth_it(self) -> bool:
        """Whether much is decided by parameters, but no output."""
        return len(self.decided) >= WORTH and bool(self.through) and self.made.isdisjoint(self.outputs)

    def open(self, session: Callable[[bytes, int], InferenceSession]) -> InferenceSession | Cut:
        """Sessions of both parts, from their bytes and numbers of operators; one of the whole if it is not
        worth it, or if the parts do not run, as where something of a rare type goes from one to the other.
        """
        of_first, of_rest = (len(self.fixed) + len(nodes) for nodes in (self.decided, self.rest))
        if self.worth_it:
            with suppress(Exception):  # others' graphs may be stranger than this file knows: whole, they run
                first = session(self._first_model(), of_first)
                cut = Cut(first, session(self._second_model(first.get_outputs()), of_rest))
                if {each.name for each in cut.get_inputs()} == self.inputs.keys() - self.constants.keys():
                    return cut
        return session(self.whole, of_first + len(self.rest))

    def _first_model(self) -> bytes:
        """From parameters to what they decide."""
        outputs = [field(GRAPH_OUTPUT, field(VALUE_NAME, name.encode())) for name in self.through]
        return self._model(self.decided, [PARAMETERS], outputs)

    def _second_model(self, decided: Iterable[Any]) -> bytes:
        """The whole, given what the first part returns, `decided` as ONNX Runtime describes it."""
        used = {name for node in self.rest for name in node.inputs}
        given = [n for n in self.inputs if n not in self.constants and (n != PARAMETERS or n in used)]
        return self._model(self.rest, given, [*map(_further_input, decided), *self.outputs.values()])

    def _model(self, nodes: list[_Node], given: list[str], values: list[bytes]) -> bytes:
        """With the constants that it uses, which older files list among the inputs as well."""
        every = [*self.fixed, *nodes]
        used = {name for node in every for name in node.inputs}
        constants = [name for name in self.constants if name in used]
        inputs = [self.inputs[name] for name in (*given, *constants) if name in self.inputs]
        contents = [*(node.content for node in every), self.name, *(self.constants[n] for n in constants)]
        graph = b"".join([*contents, *inputs, *values])
        return self.around + field(GRAPH, graph)


def _further_input(value: Any) -> bytes:
    lengths = [number_field(LENGTH, each) if isinstance(each, int) else b"" for each in value.shape]
    # of no length: a number, or nobody knows
    shape = field(SHAPE, b"".join(field(DIMENSION, length) for length in lengths)) if lengths else b""
    tensor = field(TENSOR_TYPE, number_field(ELEMENT, ELEMENTS[_kind(value)]) + shape)
    return field(GRAPH_INPUT, field(VALUE_NAME, value.name.encode()) + field(VALUE_TYPE, tensor))


def _kind(value: Any) -> str:
    return value.type.removeprefix("tensor(").removesuffix(")")


def _node(graph: Any, part: Field) -> _Node:
    parts = list(nested(part))
    inputs, outputs = (
        tuple(text(each) for each in parts if each.number == number) for number in (NODE_INPUT, NODE_OUTPUT)
    )
    return _Node(_raw(graph, part), inputs, outputs)


def _raw(message: Any, part: Field) -> bytes:
    return bytes(message[part.start : part.end])


def _text(parts: list[Field], number: int) -> str:
    return "".join(text(part) for part in parts if part.number == number)
