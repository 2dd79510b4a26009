"""Objects made of ONNX files that cross to other processes and machines with those files."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Files = tuple[tuple[str, bytes], ...]

_copies: list[TemporaryDirectory] = []


def files_of(folder: Path) -> Files:
    """Names and contents of the ONNX files in a folder."""
    return tuple((file.name, file.read_bytes()) for file in sorted(folder.glob("*.onnx")))


@lru_cache(maxsize=8)
def rebuilt(build: Callable[..., Any], folder: str, files: Files, *more: Any) -> Any:
    """What ``build(folder, *more)`` makes of ``files``, once in each process: from ``folder`` if they are
    there, else from a copy that lasts as long as the process."""
    place = Path(folder)
    return build(place if files_of(place) == files else _copy(files), *more)


def _copy(files: Files) -> Path:
    _copies.append(TemporaryDirectory(prefix="surrogate-"))
    place = Path(_copies[-1].name)
    for name, content in files:
        (place / name).write_bytes(content)
    return place
