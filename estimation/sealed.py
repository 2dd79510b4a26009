"""Values in JSON, and text, that carry a checksum: files that a run goes on with must be as they were."""

import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

CHECKSUM = "crc32"


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their checksum as the last."""
    return {**values, CHECKSUM: _checksum(json.dumps(dict(values)))}


def unseal(values: Any) -> dict[str, Any]:
    """The values without their checksum; raises ``ValueError`` if it is missing or wrong."""
    if not isinstance(values, dict):
        raise ValueError("not a table of names and values")
    checksum = values.get(CHECKSUM)
    plain = {name: value for name, value in values.items() if name != CHECKSUM}
    if checksum != _checksum(json.dumps(plain)):
        raise ValueError("wrong checksum")
    return plain


def seal_text(text: str) -> str:
    """The text after a line, a comment in CSV files, with its checksum."""
    return f"# {CHECKSUM} {_checksum(text)}\n{text}"


def unseal_text(text: str) -> str:
    """The text without that line; raises ``ValueError`` if the checksum is missing or wrong."""
    _, _, plain = text.partition("\n")
    if seal_text(plain) != text:
        raise ValueError("wrong checksum")
    return plain


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
