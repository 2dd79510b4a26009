"""What users pass and what files say, held to what it should be: named arrays, TOML and JSON.

Arrays come by name or by position, and become rows of finite numbers. TOML is what users write. JSON comes
from files that may be damaged or hostile: what Python's reader lets through is refused.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadConfiguration, BadData, shown, unknown_name

Floating = TypeVar("Floating", bound=np.floating)
Values = ArrayLike | Mapping[str, ArrayLike]

LARGEST_TOML = 2**24
"""Bytes; what is longer is no file that a user has written."""
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that need no quotes."""

MOST_NAMES = 12
"""In a message; of more, the first ones and the last."""
LONGEST_TEXT = 4 << 20
DEEPEST = 32
LARGEST_INTEGER = 2**63


def whole_number(name: str, value: Any, least: int, most: int) -> int:
    """A count that a user passes; raises BadConfiguration unless it is an integer from `least` to `most`."""
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not integer or not least <= value <= most:
        raise BadConfiguration(
            f"{name} must be a whole number from {least:,} to {most:,}, not {shown(value)}."
        )
    return int(value)


def by_name(values: Any) -> Any:
    """Whatever has labels as name -> values, so that labels and not positions decide; else `values` itself.

    Labels have mappings, a DataFrame (its columns), a Series (its index) and a structured array (its fields).

    Raises
    ------
    BadData : the same label twice.
    """
    if isinstance(values, np.ndarray):
        return {name: values[name] for name in values.dtype.names} if values.dtype.names else values
    if isinstance(values, Mapping) or not hasattr(values, "keys"):
        return values
    names = list(values.keys())
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadData(f"The label {twice[0]!r} occurs more than once: each value needs a name of its own.")
    arrays = {str(name): np.asarray(values[name]) for name in names}
    return {name: array if array.ndim else array.item() for name, array in arrays.items()}


def columns(values: Mapping[str, ArrayLike], names: tuple[str, ...], kind: str) -> NDArray[np.float64]:
    """Stack name -> number or [n] or, for a whole vector group, [n, size] into [n, k].

    Raises
    ------
    UnknownName : a name not among `names`; `kind` says what it should have been.
    BadData : a name without a value, or values that are not numbers of one length.
    """
    entries = _ungrouped(values, names)
    for name in entries:
        if name not in names:
            raise unknown_name(kind, name, names)
    if missing := [name for name in names if name not in entries]:
        raise BadData(f"No value is given for the {kind} {', '.join(missing)}.")
    try:
        columns = np.broadcast_arrays(*(np.asarray(entries[name], dtype=float) for name in names))
    except (ValueError, TypeError) as error:
        raise BadData(f"The {kind} values are not numbers, or arrays of one length ({error}).") from error
    return np.atleast_2d(np.stack(columns, axis=-1))


def rows(
    values: Values, names: tuple[str, ...], group: str, dtype: type[Floating] | np.dtype[Floating]
) -> NDArray[Floating]:
    """What users pass as finite numbers [n, k]; raises UnknownName or BadData, naming the entry."""
    values = by_name(values)
    if isinstance(values, Mapping):
        values = columns(values, names, group.removesuffix("s"))
    try:
        array = np.atleast_2d(np.asarray(values, dtype=dtype))
    except (ValueError, TypeError) as error:
        raise BadData(f"{group} are not numbers ({error}).") from error
    if array.ndim != 2 or array.shape[1] != len(names) or not len(array):
        listed = ", ".join(names if len(names) <= MOST_NAMES else (*names[:MOST_NAMES], "...", names[-1]))
        raise BadData(f"{group} must have shape [n, {len(names)}] ({listed}), not {array.shape}.")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise BadData(
            f"{group}: {names[column]} in row {row} is {array[row, column]}; it must be a finite number."
        )
    return array


def same_length(arrays: list[NDArray[np.floating]], at_least: int) -> list[NDArray[np.floating]]:
    """Repeat single rows until all have n, a multiple of `at_least`; raises BadData if they cannot."""
    n = max([at_least, *map(len, arrays)])
    if unequal := {len(array) for array in arrays} - {1, n}:
        raise BadData(
            f"One input has {n} rows and another {unequal.pop()}; give each as many, or a single one."
        )
    share(n, at_least)
    return [np.repeat(array, n, axis=0) if len(array) == 1 else array for array in arrays]


def share(n: int, w: int) -> int:
    """How many of n rows each of w parameter vectors serves; raises BadData if w does not divide n."""
    if n % w:
        raise BadData(f"{w} parameter vectors cannot serve {n} rows in equal shares.")
    return n // w


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file says; raises BadConfiguration if it cannot be read or is not TOML."""
    return parse_toml(text_of(path), path)


def text_of(path: Path) -> str:
    """The text of a file; raises BadConfiguration if it cannot be read, is too large or no text."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_TOML + 1)
        if len(content) > LARGEST_TOML:
            raise BadConfiguration(f"{path} is too large for a configuration.")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadConfiguration(f"There is no file {path}.") from None
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """What the text of the file at `path` says; raises BadConfiguration if it is not TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, thousands of digits or of brackets
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from None


def as_toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections of plain values as TOML; raises TypeError for what no file can hold."""
    lines = []
    for name, section in sections.items():
        entries = (f"{_toml_key(key)} = {_toml_value(value)}" for key, value in section.items())
        lines += [f"[{name}]", *entries, ""]
    return "\n".join(lines)


def read_json(text: str, constants: bool = False) -> Any:
    """Read a JSON text.

    Parameters
    ----------
    constants : whether numbers may be NaN and infinite, which JSON does not know.

    Raises
    ------
    ValueError : no JSON, or too long, nested too deeply, a name twice in one object, an integer beyond 64
        bits, a number beyond floating point, text with control characters or half a character.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"more than {LONGEST_TEXT} characters")
    options: dict[str, Any] = {} if constants else {"parse_constant": _refused, "parse_float": _finite_number}
    try:
        values = json.loads(text, object_pairs_hook=_distinct, **options)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _require_plain_json(values, DEEPEST)
    return values


def is_plain(text: str) -> bool:
    """Whether a text has no control characters, but for tabs and ends of lines, and no half characters."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n" for letter in text)


def _ungrouped(values: Mapping[str, ArrayLike], names: tuple[str, ...]) -> dict[str, ArrayLike]:
    """The values with the entries of vector groups apart."""
    entries: dict[str, ArrayLike] = {}
    for name, value in values.items():
        members = [full for full in names if full.startswith(f"{name}[")]
        if not members:
            entries[name] = value
            continue
        array = np.asarray(value, dtype=float)
        if array.ndim == 0 or array.shape[-1] != len(members):
            raise BadData(
                f"{name} is a vector of {len(members)} entries, but its value has shape {array.shape}."
            )
        entries.update(zip(members, np.moveaxis(array, -1, 0), strict=True))
    return entries


def _toml_key(name: Any) -> str:
    return str(name) if PLAIN_KEY.fullmatch(str(name)) else json.dumps(str(name), ensure_ascii=False)


def _toml_value(value: Any) -> str:
    """Text of one value; numbers keep all their digits."""
    value = by_name(value)
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        items = (f"{_toml_key(name)} = {_toml_value(item)}" for name, item in value.items())
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, float):
        return float.__repr__(value)
    return json.dumps(value, ensure_ascii=False)


def _require_plain_json(value: Any, deeper: int) -> None:
    if not deeper:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        _require_plain_json(list(value), deeper)
        _require_plain_json(list(value.values()), deeper)
    elif isinstance(value, list):
        for item in value:
            _require_plain_json(item, deeper - 1)
    elif isinstance(value, str) and not is_plain(value):
        raise ValueError(f"a text with characters that cannot be shown: {value[:40]!a}")
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError("an integer beyond 64 bits")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name[:40]!a} twice")
    return values


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _finite_number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large")
    return value
