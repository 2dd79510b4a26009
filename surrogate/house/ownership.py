"""One run at a time in an output folder: a lock of the operating system, which ends with its owner.

A killed run leaves an empty lock file, which the next one takes over, and temporary folders, which it
removes. Processes started meanwhile do not inherit the lock.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar, cast

from ..errors import SurrogateError, WriteFailed
from .files import hold, is_held_alone, sweep

LOCK_FILE = ".lock"
Own = Callable[[Path], AbstractContextManager[None]]
Function = TypeVar("Function", bound=Callable[..., Any])
_held = threading.local()


class InUse(SurrogateError):
    """Another run is writing there."""


@contextmanager
def owned(folder: str | os.PathLike) -> Iterator[None]:
    """Keep every other command out of an output folder, which is made if need be, and removed if left empty.

    A thread that owns it already goes on owning it.

    Raises
    ------
    InUse : another command is at work there; nothing has been changed.
    WriteFailed : the place cannot be written.
    """
    place = Path(folder)
    with _there(place), _locked(place / LOCK_FILE, place):
        sweep(place)
        yield


@contextmanager
def visited(folder: str | os.PathLike) -> Iterator[None]:
    """Keep runs out of a folder, if there is one, while an analysis adds to it; other analyses may, too.

    Raises
    ------
    InUse, WriteFailed : as :func:`owned`.
    """
    place = Path(folder)
    if not place.is_dir():
        yield
        return
    with _locked(place / LOCK_FILE, place, shared=True):
        yield


@contextmanager
def owned_file(file: str | os.PathLike) -> Iterator[None]:
    """Keep every other run from writing a file, by a lock beside it; otherwise as :func:`owned`."""
    path = Path(file)
    with _there(path.parent), _locked(path.with_name(f".{path.name}{LOCK_FILE}"), path):
        sweep(path.parent)
        yield


def owner(argument: str, own: Own = owned) -> Callable[[Function], Function]:
    """Let a function own, while it runs, the folder that it is called with as `argument`, if any."""

    def decorate(function: Function) -> Function:
        """Wrap one function."""

        @wraps(function)
        def owning(*arguments: Any, **named: Any) -> Any:
            """The function, in a folder of its own."""
            place = signature(function).bind(*arguments, **named).arguments.get(argument)
            with nullcontext() if place is None else own(place):
                return function(*arguments, **named)

        return cast(Function, owning)

    return decorate


@contextmanager
def _there(folder: Path) -> Iterator[None]:
    """Make a folder, and remove what was made if it is left empty."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with _clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # from the first that is not empty
            for each in made:
                each.rmdir()


@contextmanager
def _locked(path: Path, what: Path, shared: bool = False) -> Iterator[None]:
    held = _held.__dict__.setdefault("paths", set())
    path = Path(os.path.realpath(path))
    if path in held:
        yield
        return
    with _clear_errors(what):
        descriptor = _acquire(path, what, shared)
    held.add(path)
    try:
        yield
    finally:
        held.remove(path)
        _release(path, descriptor)


def _acquire(path: Path, what: Path, shared: bool) -> int | None:
    """The descriptor that holds the lock on the file that is at `path`, not on one that was removed."""
    while True:
        try:
            descriptor = hold(path, shared, create=True)
        except BlockingIOError:
            raise InUse(
                f"{what} is in use by another command; wait until that has ended, or choose another output."
            ) from None
        if descriptor is None or _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _release(path: Path, descriptor: int | None) -> None:
    """Let go; the last one removes the file, while nobody else can hold it."""
    if descriptor is None:
        return
    with suppress(OSError):
        if is_held_alone(descriptor) and _is_at(descriptor, path):
            path.unlink()
    os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


@contextmanager
def _clear_errors(what: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteFailed(f"Cannot write {what}: {error.strerror or error}.") from error
