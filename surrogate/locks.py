"""Locks of the operating system on files and folders, which end with the process that holds them.

Where the system or the file system has none, nothing is held, and whoever asks goes on as if alone.
"""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


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
