"""Objects made of ONNX files that cross to other processes and machines with those files."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Files = tuple[tuple[str, bytes], ...]

_copies: list[TemporaryDirectory] = []


def files_of(folder: Path, names: Iterable[str], largest: int) -> Files:
    """Names and contents of those of the files that a folder has, none of them larger than `largest` bytes by
    more than one. All are of one generation, even if the folder is replaced meanwhile.
    """
    while True:
        before = _generation(folder)
        found = {name: _content(folder / name, largest) for name in names}
        if before == _generation(folder):
            return tuple((name, content) for name, content in found.items() if content is not None)


@lru_cache(maxsize=8)
def rebuilt(build: Callable[..., Any], folder: str, files: Files, *more: Any) -> Any:
    """What ``build(folder, *more)`` makes of ``files``, once in each process: from ``folder`` if they are
    there, else from a copy that lasts as long as the process."""
    place, largest = Path(folder), max(len(content) for _, content in files)
    there = files_of(place, [name for name, _ in files], largest)
    return build(place if there == files else _copy(files), *more)


def _generation(folder: Path) -> tuple[int, ...]:
    """What changes when a folder is replaced, or a file in it: nothing while there is none."""
    try:
        found = folder.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _content(path: Path, largest: int) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(largest + 1)
    except FileNotFoundError:
        return None


def _copy(files: Files) -> Path:
    _copies.append(TemporaryDirectory(prefix="surrogate-"))
    place = Path(_copies[-1].name)
    for name, content in files:
        (place / name).write_bytes(content)
    return place
