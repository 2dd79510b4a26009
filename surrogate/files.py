"""Files and folders that appear whole or not at all, also where a run is killed.

What is written goes into a folder of its own beside the target first, under a name that says so and a lock
that dies with its owner. Who writes to the same place next sweeps away what killed runs have left there.
"""

import errno
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from surrogate.errors import WriteFailed
from surrogate.exchange import exchange, finish
from surrogate.locks import hold

RESULTS = {".csv", ".md", ".tex", ".png", ".nc", ".html"}
"""Suffixes of what analyses leave."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.dsge-surrogate")


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path; put what is there in place on success, remove it on any failure.

    The temporary file has the name of the target, because some writers choose the format by it. Missing
    parent folders are made. A link stays, and what it leads to is replaced. A device, a pipe, or standard
    output, which cannot be replaced, is written to.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    target = Path(path)
    with _clear_errors(target):
        if target.is_dir():
            raise WriteFailed(f"{target} is a folder; give the name of a file.")
        if target.exists() and (not target.is_file() or _standard(target) is not None):
            with TemporaryDirectory() as folder:
                yield (temporary := Path(folder) / target.name)
                number = _standard(target)
                place = target if number is None else os.dup(number)  # which shares the position
                with temporary.open("rb") as source, open(place, "ab") as stream:
                    shutil.copyfileobj(source, stream)
            return
        with _beside(target) as folder:
            yield (temporary := folder / target.name)
            _synchronise(temporary)
            os.replace(temporary, _followed(target))


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary folder; put it in place of `path` on success, remove it on any failure.

    A folder already there is replaced only if everything in it has a counterpart of the same name in the
    new one, so that no unrelated file is ever lost. Old and new change places in one step.

    Raises
    ------
    WriteFailed : the disk is full, the place cannot be written, or it holds other files.
    """
    target = Path(path)
    with _clear_errors(target), _beside(target) as folder:
        temporary, place = folder / target.name, _followed(target)
        temporary.mkdir()
        yield temporary
        _refuse_other_files({item.name for item in temporary.iterdir()}, target)
        for file in temporary.iterdir():
            _synchronise(file)
        if place.exists():
            exchange(temporary, place)
        else:
            temporary.rename(place)


@contextmanager
def atomic_files(folder: str | os.PathLike, generation: Iterable[str] = ()) -> Iterator[Path]:
    """Give a temporary folder; on success put its files into `folder`, on any failure none of them.

    Files of an earlier generation go before the first new one comes: those that are replaced, and tables,
    draws and figures with one of the stems `generation`. So what is in `folder` never belongs to two. Other
    files stay.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    target = Path(folder)
    with _clear_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        with _beside(target / "files") as temporary:
            yield temporary
            new = sorted(temporary.iterdir())
            for file in new:
                _synchronise(file)
            names, stems = {file.name for file in new}, set(generation)
            for old in list(target.iterdir()):
                if old.name in names or (old.suffix in RESULTS and old.stem in stems):
                    old.unlink()
            for file in new:
                os.replace(file, target / file.name)


def require_replaceable(path: str | os.PathLike, files: Iterable[str]) -> None:
    """Find out before long work whether a folder of these `files` can be put at `path`.

    Raises
    ------
    WriteFailed : the place cannot be written, or it holds other files.
    """
    target = Path(path)
    with _clear_errors(target), _beside(target):
        _refuse_other_files(set(files), target)


def _followed(path: Path) -> Path:
    """Where a link leads."""
    return Path(os.path.realpath(path))


def _standard(target: Path) -> int | None:
    """The descriptor of standard output or error if that is what a path leads to."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or none of the system's
            stream.flush()
            if os.path.samestat(target.stat(), os.fstat(stream.fileno())):
                return stream.fileno()
    return None


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A locked temporary folder on the same disk as `target`, after sweeping what killed runs have left."""
    place = _followed(target)
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place.parent)
    folder, lock = _locked_folder(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _locked_folder(place: Path) -> tuple[Path, int | None]:
    """A new temporary folder, and the descriptor that holds its lock until it is closed or its owner dies."""
    while True:
        folder = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.dsge-surrogate")
        folder.mkdir()
        with suppress(FileNotFoundError, BlockingIOError):  # swept by another run before it was locked
            lock = hold(folder, shared=True)
            if folder.exists():
                return folder, lock
            if lock is not None:
                os.close(lock)


def sweep(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose owners have died; none where there are no locks."""
    for folder in [item for item in parent.iterdir() if _TEMPORARY.fullmatch(item.name)]:
        with suppress(OSError):
            lock = hold(folder)
            if lock is None:
                return
            try:
                finish(folder, parent / folder.name[1:].rsplit(".", 2)[0])
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _synchronise(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _refuse_other_files(files: set[str], target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise WriteFailed(f"{target} is a file; give the name of a folder.")
    if other := sorted({item.name for item in target.iterdir()} - files):
        raise WriteFailed(f"{target} holds other files ({', '.join(other[:3])}); choose a new folder.")


@contextmanager
def _clear_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if disk_is_full(error):
            message = f"The disk is full: {target} was not written. Free some space and run this again."
        elif _concerns(error, target) or _concerns(error, _followed(target)):
            message = f"Cannot write {target}: {error.strerror or error}."
        else:
            raise
        raise WriteFailed(message) from error


def disk_is_full(error: OSError) -> bool:
    """Whether the operating system, or a library in its words, says that no space is left."""
    return error.errno in _FULL or "No space left" in str(error)


def _concerns(error: OSError, target: Path) -> bool:
    if not isinstance(error.filename, str | os.PathLike):
        return False
    failed = Path(error.filename)
    return failed.parent == target.parent or failed in target.parents or target.parent in failed.parents
