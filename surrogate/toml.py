"""Read the TOML files that users write, and write what they might have written."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.errors import BadConfiguration
from surrogate.inputs import by_name

LARGEST = 2**24
"""Bytes; what is longer is no file that a user has written."""
PLAIN = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that need no quotes."""


def read(path: Path) -> dict[str, Any]:
    """What a TOML file says; raises BadConfiguration if it cannot be read or is not TOML."""
    return parse(text_of(path), path)


def text_of(path: Path) -> str:
    """The text of a file; raises BadConfiguration if it cannot be read, is too large or no text."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BadConfiguration(f"{path} is too large for a configuration.")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadConfiguration(f"There is no file {path}.") from None
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None


def parse(text: str, path: Path) -> dict[str, Any]:
    """What the text of the file at `path` says; raises BadConfiguration if it is not TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, thousands of digits or of brackets
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None


def written(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections of plain values as TOML; raises TypeError for what no file can hold."""
    lines = []
    for name, section in sections.items():
        lines += [f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in section.items()), ""]
    return "\n".join(lines)


def _key(name: Any) -> str:
    return str(name) if PLAIN.fullmatch(str(name)) else json.dumps(str(name), ensure_ascii=False)


def _value(value: Any) -> str:
    """Text of one value; numbers keep all their digits."""
    value = by_name(value)
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return float.__repr__(value)
    return json.dumps(value, ensure_ascii=False)
