"""Files and folders that appear whole or not at all."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from surrogate.errors import WriteFailed

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`; put it in place on success, remove it on any failure.

    The temporary name keeps the suffix, because some writers choose the format by it. Missing parent
    folders are made.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    target = Path(path)
    with _clear_errors(target):
        temporary = _sibling(target)
        try:
            yield temporary
            _synchronise(temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary folder beside `path`; put it in place on success, remove it on any failure.

    A folder already there is replaced only if everything in it has a counterpart of the same name in the
    new one, so that no unrelated file is ever lost.

    Raises
    ------
    WriteFailed : the disk is full, the place cannot be written, or it holds other files.
    """
    target = Path(path)
    with _clear_errors(target):
        temporary = _sibling(target)
        temporary.mkdir()
        try:
            yield temporary
            _replace_folder(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def atomic_files(folder: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary folder; on success put its files into `folder`, on any failure none of them.

    Other files in `folder` stay.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    target = Path(folder)
    with _clear_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        temporary = _sibling(target / "files")
        temporary.mkdir()
        try:
            yield temporary
            for file in temporary.iterdir():
                _synchronise(file)
            for file in temporary.iterdir():
                os.replace(file, target / file.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def require_replaceable(path: str | os.PathLike, files: Iterable[str]) -> None:
    """Find out before long work whether a folder of these `files` can be put at `path`.

    Raises
    ------
    WriteFailed : the place cannot be written, or it holds other files.
    """
    target = Path(path)
    with _clear_errors(target):
        probe = _sibling(target)
        probe.mkdir()
        probe.rmdir()
        _refuse_other_files(set(files), target)


def _sibling(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.stem}-{uuid.uuid4().hex[:8]}.tmp{target.suffix}")


def _synchronise(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _replace_folder(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    _refuse_other_files({item.name for item in temporary.iterdir()}, target)
    old = _sibling(target)
    target.rename(old)
    temporary.rename(target)
    shutil.rmtree(old)


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
        elif _concerns(error, target):
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
