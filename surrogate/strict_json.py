"""JSON from files that may be damaged or hostile: what Python's reader lets through is refused here."""

import json
import unicodedata
from collections import Counter
from typing import Any

LONGEST_TEXT = 4 << 20
DEEPEST = 32
LARGEST_INTEGER = 2**63


def loads(text: str, constants: bool = False) -> Any:
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
    options: dict[str, Any] = {} if constants else {"parse_constant": _refused, "parse_float": _finite}
    try:
        values = json.loads(text, object_pairs_hook=_distinct, **options)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _require_plain(values, DEEPEST)
    return values


def is_plain(text: str) -> bool:
    """Whether a text has no control characters, but for tabs and ends of lines, and no half characters."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n" for letter in text)


def _require_plain(value: Any, deeper: int) -> None:
    if not deeper:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        _require_plain(list(value), deeper)
        _require_plain(list(value.values()), deeper)
    elif isinstance(value, list):
        for item in value:
            _require_plain(item, deeper - 1)
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


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large")
    return value
