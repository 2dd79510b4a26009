"""Which configuration file a folder of results came from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surrogate.errors import BadConfiguration
from surrogate.files import atomic_path
from surrogate.ownership import LOCK_FILE

FILE = "configuration.txt"


@contextmanager
def remembered(configuration: Path, folder: Path) -> Iterator[None]:
    """Note the configuration in a folder of one's own that has no chains yet, relative to the folder. A run
    that fails before it has left anything else takes the note with it.
    """
    if not any((folder / "chains").glob("ensemble_*")):
        with atomic_path(folder / FILE) as path:
            path.write_text(
                os.path.relpath(configuration.resolve(), folder.resolve()) + "\n", encoding="utf-8"
            )
    try:
        yield
    except Exception:
        if {each.name for each in folder.iterdir()} <= {FILE, LOCK_FILE}:
            (folder / FILE).unlink()
        raise


def recall(folder: Path) -> Path:
    """The configuration that `remembered` noted; raises BadConfiguration if there is none or it has gone."""
    record = folder / FILE
    if not record.is_file():
        raise BadConfiguration(f"{folder} holds no results of `dsge-surrogate estimate`.")
    configuration = folder / record.read_text(encoding="utf-8", errors="replace").strip()
    if not configuration.is_file():
        raise BadConfiguration(f"{configuration} has gone; say where it is with --configuration.")
    return configuration.resolve()
