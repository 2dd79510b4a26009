"""As much of the Protocol Buffers wire format as it takes to look into an ONNX file without its package."""

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
MOST_FIELDS = 150_000
"""Of one message; an ONNX file has some hundreds."""
_FIXED = {FIXED64: 8, FIXED32: 4}


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


def varints(packed: memoryview) -> Iterator[int]:
    """Unsigned integers that stand one after the other; raises Malformed if the last one is cut off."""
    position = 0
    while position < len(packed):
        value, position = _varint(packed, position)
        yield value


def signed(value: int) -> int:
    """An int64 of the wire, where it is unsigned, as a number."""
    return value - (1 << 64) if value >> 63 else value


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
