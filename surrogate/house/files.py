"""Files and folders that appear whole or not at all, also where a run is killed.

What is written goes into a folder of its own beside the target first, under a name that says so and a lock
that dies with its owner. Who writes to the same place next sweeps away what killed runs have left there.

Two things are asked of the operating system for that: that two folders change places in one step, and locks
that end with the process that holds them. Where the system or the file system has no locks, nothing is held,
and whoever asks goes on as if alone.
"""

from __future__ import annotations

import ctypes
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

from ..errors import WriteFailed

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

RESULTS = {".csv", ".md", ".tex", ".png", ".nc", ".html"}
"""Suffixes of what analyses leave."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.dsge-surrogate")

SWAP = 2
"""RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS."""
AT_WORKING_DIRECTORY = -100
ASIDE = "aside"
"""Name of what the target was, beside the new one, between the two steps of a system that needs two."""


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


def disk_is_full(error: OSError) -> bool:
    """Whether the operating system, or a library in its words, says that no space is left."""
    return error.errno in _FULL or "No space left" in str(error)


def exchange(new: Path, target: Path) -> None:
    """Put the folder `new` in the place of the folder `target`, and that one in the place of `new`.

    Without help from the system there is a moment without `target`; `finish` ends what a killed run has left
    undone then.

    Raises
    ------
    OSError : the two cannot be renamed.
    """
    if _in_one_step(new, target):
        return
    aside = new.with_name(ASIDE)
    target.rename(aside)
    new.rename(target)
    aside.rename(new)


def finish(folder: Path, target: Path) -> None:
    """Put the new folder in `folder` in the place of `target` if an exchange stopped half-way."""
    if (folder / ASIDE).exists() and not target.exists():
        (folder / target.name).rename(target)


def hold(path: Path, shared: bool = False, create: bool = False) -> int | None:
    """Open a file or folder, which `create` makes if need be, and lock it: alone, or with others who share.

    Returns
    -------
    The descriptor that holds the lock until it is closed; None where there are no locks.

    Raises
    ------
    BlockingIOError : somebody else holds it.
    OSError : it cannot be opened.
    """
    if fcntl is None:
        return None
    flags = os.O_RDWR | os.O_CREAT if create else os.O_RDONLY
    descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # the file system has no locks
        os.close(descriptor)
        return None
    return descriptor


def is_held_alone(descriptor: int) -> bool:
    """Whether nobody shares a lock; then it is ours alone from now on."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # pyright: ignore[reportOptionalMemberAccess]
    except OSError:
        return False
    return True


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


def _concerns(error: OSError, target: Path) -> bool:
    if not isinstance(error.filename, str | os.PathLike):
        return False
    failed = Path(error.filename)
    return failed.parent == target.parent or failed in target.parents or target.parent in failed.parents


def _in_one_step(new: Path, target: Path) -> bool:
    if os.name != "posix":
        return False
    library, names = ctypes.CDLL(None, use_errno=True), (os.fsencode(new), os.fsencode(target))
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(*names, SWAP)
        else:
            failed = library.renameat2(AT_WORKING_DIRECTORY, names[0], AT_WORKING_DIRECTORY, names[1], SWAP)
    except AttributeError:  # the C library is older than the system call
        return False
    code = ctypes.get_errno() if failed else 0
    if code in (0, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return code == 0
    raise OSError(code, os.strerror(code), str(target))
