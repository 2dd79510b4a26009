"""What an ONNX file is made of, looked at without its package: the wire format, and the operators in it.

Whoever runs a file runs what is in it. So before that, each operator of its graph must be one of
`OPERATORS`: arithmetic on tensors, all of it inside the file, the same numbers at every call, no loops or
branches, nothing that a runtime would have to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
MOST_FIELDS = 150_000
"""Of one message; an ONNX file has some hundreds."""
_FIXED = {FIXED64: 8, FIXED32: 4}

_ELEMENT_BY_ELEMENT = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast CastLike Ceil Celu Clip Cos Cosh Div Elu Equal Erf
    Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less
    LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign
    Sin Sinh Softplus Softsign Sqrt Sub Sum Tan Tanh ThresholdedRelu Where Xor
"""
_OF_TENSORS = """
    ArgMax ArgMin Concat Constant ConstantOfShape CumSum Det Einsum Expand EyeLike Flatten Gather
    GatherElements GatherND Gemm Hardmax LayerNormalization LogSoftmax MatMul NonZero OneHot Pad Range
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Reshape ScatterElements ScatterND Shape Size Slice Softmax Split Squeeze Tile TopK
    Transpose Trilu Unsqueeze
"""
OPERATORS = frozenset(f"{_ELEMENT_BY_ELEMENT} {_OF_TENSORS}".split())
DOMAINS = ("", "ai.onnx")
MOST_NODES = 100_000
MOST_DIMENSIONS = 16
LARGEST = 1 << 24
"""Of the elements of a constant, and of an integer, which may be a size; only ends of slices go beyond."""
GRAPH, OPSET, METADATA, TRAINING, FUNCTIONS = 7, 8, 14, 20, 25  # fields of a model
NODE, INITIALIZER, SPARSE = 1, 5, 15  # of a graph
NODE_INPUT, NODE_OUTPUT, OPERATOR, ATTRIBUTE, DOMAIN = 1, 2, 4, 5, 7  # of a node
ATTRIBUTE_INTEGER, ATTRIBUTE_TENSOR, ATTRIBUTE_INTEGERS = 3, 5, 8  # of an attribute
PLAIN_ATTRIBUTES = {1, 2, 3, 4, 5, 7, 8, 9, 13, 20}  # the others hold graphs, types or references
DIMENSIONS, KIND, INT32, INT64, TENSOR_NAME, RAW, UINT64 = 1, 2, 5, 7, 8, 9, 11  # of a tensor
TEXTS, EXTERNAL, LOCATION = 6, 13, 14
INTEGERS = {6: "<i4", 7: "<i8", 12: "<u4", 13: "<u8"}


class Malformed(ValueError):
    """Bytes that are no message."""


class Field(NamedTuple):
    """One field of a message: its number, what it holds, and where its bytes begin and end.

    `value` is an integer for a varint and the bytes of anything else, nested messages included.
    """

    number: int
    value: int | memoryview
    start: int
    end: int


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in the order of its bytes, which they cover completely.

    Raises
    ------
    Malformed : the bytes end early, or are no message.
    """
    position = count = 0
    while position < len(message):
        start, count = position, count + 1
        tag, position = _varint(message, position)
        number, wire = tag >> 3, tag & 7
        value, position = _value(message, position, wire)
        if not number or count > MOST_FIELDS:
            raise Malformed(f"no field at byte {start}")
        yield Field(number, value, start, position)


def field(number: int, content: bytes) -> bytes:
    """The encoding of one field that holds bytes."""
    return _encoded(number << 3 | BYTES) + _encoded(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """The encoding of one field that holds a number."""
    return _encoded(number << 3 | VARINT) + _encoded(value)


def varints(packed: memoryview) -> Iterator[int]:
    """Unsigned integers that stand one after the other; raises Malformed if the last one is cut off."""
    position = 0
    while position < len(packed):
        value, position = _varint(packed, position)
        yield value


def signed(value: int) -> int:
    """An int64 of the wire, where it is unsigned, as a number."""
    return value - (1 << 64) if value >> 63 else value


class Refused(ValueError):
    """A graph with something in it that is not run."""


def require_plain(model: list[Field]) -> None:
    """Look through the fields of a model.

    Raises
    ------
    Refused, Malformed : what is in it that a surrogate has no use for, or where it is no model.
    """
    for part in model:
        if part.number in (TRAINING, FUNCTIONS):
            raise Refused("it has functions or a training procedure of its own")
        if part.number == OPSET:
            _require_domain(text(entry) for entry in nested(part) if entry.number == 1)
        if part.number != GRAPH:
            continue
        graph = list(nested(part))
        nodes = [each for each in graph if each.number == NODE]
        if len(nodes) > MOST_NODES:
            raise Refused(f"it has {len(nodes)} operators")
        if any(each.number == SPARSE for each in graph):
            raise Refused("it has sparse constants")
        huge = {_huge_tensor(each) for each in graph if each.number == INITIALIZER}
        for node in nodes:
            _require_plain_node(list(nested(node)), huge)


def _value(message: memoryview, position: int, wire: int) -> tuple[int | memoryview, int]:
    if wire == VARINT:
        return _varint(message, position)
    size = _FIXED.get(wire)
    if wire == BYTES:
        size, position = _varint(message, position)
    if size is None or size > len(message) - position:
        raise Malformed(f"no field of {size} bytes at byte {position}")
    return message[position : position + size], position + size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(message[position : position + LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + shift + 1
    raise Malformed(f"no number at byte {position}")


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _require_plain_node(node: list[Field], huge: set[str | None]) -> None:
    """Refuse a node, or note in `huge` the name of its output if that is a constant with huge integers."""
    operator = " ".join(text(part) for part in node if part.number == OPERATOR)
    if operator not in OPERATORS:
        raise Refused(f"it has the operator {operator[:40]!r}")
    _require_domain(text(part) for part in node if part.number == DOMAIN)
    beyond = [_huge_attribute(list(nested(part))) for part in node if part.number == ATTRIBUTE]
    if operator == "Slice":
        return
    if any(beyond):
        if operator != "Constant":
            raise Refused(f"{operator} has an integer beyond {LARGEST}")
        huge.update(text(part) for part in node if part.number == NODE_OUTPUT)
    if any(part.number == NODE_INPUT and text(part) in huge for part in node):
        raise Refused(f"{operator} takes an integer beyond {LARGEST}")


def _huge_attribute(attribute: list[Field]) -> bool:
    """Whether an attribute of a plain kind holds an integer beyond the limit."""
    if unknown := {part.number for part in attribute} - PLAIN_ATTRIBUTES:
        raise Refused(f"an operator has an attribute of the kind {unknown.pop()}, such as a graph")
    of_integers = (ATTRIBUTE_INTEGER, ATTRIBUTE_INTEGERS)
    numbers = [signed(value) for part in attribute if part.number in of_integers for value in integers(part)]
    tensors = [_huge_tensor(part) for part in attribute if part.number == ATTRIBUTE_TENSOR]
    return any(abs(number) > LARGEST for number in numbers) or any(name is not None for name in tensors)


def _huge_tensor(tensor: Field) -> str | None:
    """The name of a constant tensor if it holds an integer beyond the limit."""
    parts = list(nested(tensor))
    if any(part.number in (TEXTS, EXTERNAL) or (part.number == LOCATION and part.value) for part in parts):
        raise Refused("it has constants that are text or lie outside the file")
    dimensions = [value for part in parts if part.number == DIMENSIONS for value in integers(part)]
    if len(dimensions) > MOST_DIMENSIONS or prod(dimensions) > LARGEST:
        raise Refused(f"it has a constant of more than {LARGEST} elements")
    huge = any(abs(number) > LARGEST for number in _integer_data(parts))
    return "".join(text(part) for part in parts if part.number == TENSOR_NAME) if huge else None


def _integer_data(tensor: list[Field]) -> Iterator[int]:
    """The integers in a tensor, or the ends of their range."""
    for kind in [value for part in tensor if part.number == KIND for value in integers(part)]:
        for part in tensor:
            if part.number in (INT32, INT64, UINT64):
                yield from integers(part) if part.number == UINT64 else map(signed, integers(part))
            elif part.number == RAW and kind in INTEGERS:
                size, content = np.dtype(INTEGERS[kind]).itemsize, content_of(part)
                numbers = np.frombuffer(content[: len(content) // size * size], INTEGERS[kind])
                yield from (int(end) for end in (numbers.min(), numbers.max())) if len(numbers) else ()


def _require_domain(names: Iterator[str]) -> None:
    for name in names:
        if name not in DOMAINS:
            raise Refused(f"it has operators of the domain {name[:40]!r}")


def nested(part: Field) -> Iterator[Field]:
    """The fields of a message that is itself a field; raises Malformed."""
    return fields(content_of(part))


def content_of(part: Field) -> memoryview:
    """What a field holds that is no number; raises Malformed if it is one."""
    if isinstance(part.value, int):
        raise Malformed(f"field {part.number} at byte {part.start} is a number")
    return part.value


def text(part: Field) -> str:
    """A field as text, with question marks for bytes that are no UTF-8."""
    return str(content_of(part), "utf-8", errors="replace")


def integers(part: Field) -> Iterator[int]:
    """The numbers of a field of integers, packed or not; raises Malformed."""
    return iter([part.value]) if isinstance(part.value, int) else varints(part.value)
