"""Two folders that change places, in one step where the system can."""

import ctypes
import errno
import os
import sys
from pathlib import Path

SWAP = 2
"""RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS."""
AT_WORKING_DIRECTORY = -100
ASIDE = "aside"
"""Name of what the target was, beside the new one, between the two steps of a system that needs two."""


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
