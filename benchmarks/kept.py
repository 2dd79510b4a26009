"""Results that a benchmark keeps, so that it can be stopped and gone on with, by several processes too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surrogate.house.files import atomic_path


def kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is at `path`, or what `make` returns, kept there as JSON for the next time."""
    if not path.exists():
        found = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    return read(path)


def read(path: Path) -> dict[str, Any]:
    """One result."""
    return json.loads(path.read_text(encoding="utf-8"))
