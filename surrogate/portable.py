"""Surrogates that cross to other processes and machines with their files."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surrogate.runtime import Surrogate

Files = tuple[tuple[str, bytes], ...]

_copies: list[TemporaryDirectory] = []


def files_of(folder: Path) -> Files:
    """Names and contents of the ONNX files in a folder."""
    return tuple((file.name, file.read_bytes()) for file in sorted(folder.glob("*.onnx")))


@lru_cache(maxsize=8)
def rebuilt(folder: str, threads: int, files: Files) -> "Surrogate":
    """The surrogate of ``files``, opened once in each process: from ``folder`` if they are there, else from a
    copy that lasts as long as the process."""
    from surrogate.runtime import Surrogate  # which needs this module

    place = Path(folder)
    return Surrogate(place if files_of(place) == files else _copy(files), threads)


def _copy(files: Files) -> Path:
    _copies.append(TemporaryDirectory(prefix="surrogate-"))
    place = Path(_copies[-1].name)
    for name, content in files:
        (place / name).write_bytes(content)
    return place
