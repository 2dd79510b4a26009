"""The operators and constants of an ONNX file, read without its package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..artifact.onnx_bytes import (
    ATTRIBUTE,
    DIMENSIONS,
    GRAPH,
    INITIALIZER,
    INT32,
    INT64,
    KIND,
    NODE,
    NODE_INPUT,
    NODE_OUTPUT,
    OPERATOR,
    RAW,
    TENSOR_NAME,
    Field,
    content_of,
    fields,
    integers,
    nested,
    signed,
    text,
)
from ..errors import CannotTranslate

ATTRIBUTE_NAME, FLOATING, INTEGER, STRING, TENSOR, FLOATINGS, INTEGERS = 1, 2, 3, 4, 5, 7, 8
FLOAT_DATA, DOUBLE_DATA = 4, 10
TYPES = {1: "<f4", 6: "<i4", 7: "<i8", 9: "<b1", 11: "<f8"}
"""Element types of tensors, by the number that ONNX gives them."""
WIDER = {"f": np.float64, "i": np.int64, "b": np.bool_}
"""What a translation computes with, by the kind of the type."""


class Node(NamedTuple):
    """One operator: names of the tensors that it takes ("" for none) and gives, and its attributes."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


class Nodes(NamedTuple):
    """A graph: operators in an order in which they can run, and its constant tensors by name."""

    nodes: tuple[Node, ...]
    constants: dict[str, NDArray]


def read_nodes(content: bytes) -> Nodes:
    """The graph in the bytes of an ONNX file that has been looked through (`ModelFile.parsed`).

    Raises
    ------
    CannotTranslate : a constant of a type other than float, double, int32, int64 and bool.
    """
    (graph,) = (part for part in fields(memoryview(content)) if part.number == GRAPH)
    parts = list(nested(graph))
    tensors = [list(nested(part)) for part in parts if part.number == INITIALIZER]
    constants = {_first_text(tensor, TENSOR_NAME): _tensor(tensor) for tensor in tensors}
    nodes = tuple(_node(list(nested(part))) for part in parts if part.number == NODE)
    return Nodes(nodes, constants)


def _node(parts: list[Field]) -> Node:
    attributes = [list(nested(part)) for part in parts if part.number == ATTRIBUTE]
    return Node(
        _first_text(parts, OPERATOR),
        tuple(text(part) for part in parts if part.number == NODE_INPUT),
        tuple(text(part) for part in parts if part.number == NODE_OUTPUT),
        {_first_text(attribute, ATTRIBUTE_NAME): _value(attribute) for attribute in attributes},
    )


def _value(attribute: list[Field]) -> Any:
    """A number, a text, a tensor or a list of numbers."""
    by_number = {part.number: part for part in attribute}
    if TENSOR in by_number:
        return _tensor(list(nested(by_number[TENSOR])))
    if STRING in by_number:
        return text(by_number[STRING])
    if FLOATING in by_number:
        return float(np.frombuffer(content_of(by_number[FLOATING]), "<f4")[0])
    if INTEGER in by_number:
        return next(_numbers(attribute, INTEGER))
    if FLOATINGS in by_number:
        return _packed(attribute, FLOATINGS, "<f4").tolist()
    return list(_numbers(attribute, INTEGERS))


def _tensor(parts: list[Field]) -> NDArray:
    """A constant, floats as float64 and integers as int64; each way in which ONNX stores elements."""
    kind = next(_numbers(parts, KIND), 0)
    if kind not in TYPES:
        raise CannotTranslate(f"The graph has a constant of the ONNX type {kind}, which is not translated.")
    shape = tuple(_numbers(parts, DIMENSIONS))
    if any(part.number == RAW for part in parts):
        values = _packed(parts, RAW, TYPES[kind])
    elif kind in (1, 11):
        values = _packed(parts, *((FLOAT_DATA, "<f4") if kind == 1 else (DOUBLE_DATA, "<f8")))
    else:
        values = np.array([*_numbers(parts, INT32), *_numbers(parts, INT64)], dtype=TYPES[kind])
    return values.reshape(shape).astype(WIDER[np.dtype(TYPES[kind]).kind])


def _packed(parts: Iterable[Field], number: int, dtype: str) -> NDArray:
    return np.frombuffer(b"".join(content_of(part) for part in parts if part.number == number), dtype)


def _numbers(parts: Iterable[Field], number: int) -> Iterator[int]:
    return (signed(value) for part in parts if part.number == number for value in integers(part))


def _first_text(parts: Iterable[Field], number: int) -> str:
    return next((text(part) for part in parts if part.number == number), "")
