"""Which configuration file a folder of results came from."""

import os
from pathlib import Path

from surrogate.errors import BadConfiguration
from surrogate.files import atomic_path

FILE = "configuration.txt"


def remember(configuration: Path, folder: Path) -> None:
    """Note the configuration in a folder that has no chains yet; the path is relative to the folder."""
    if any((folder / "chains").glob("*.h5")):
        return
    with atomic_path(folder / FILE) as path:
        path.write_text(os.path.relpath(configuration.resolve(), folder.resolve()) + "\n", encoding="utf-8")


def recall(folder: Path) -> Path:
    """The configuration that `remember` noted; raises BadConfiguration if there is none or it has gone."""
    record = folder / FILE
    if not record.is_file():
        raise BadConfiguration(f"{folder} holds no results of `dsge-surrogate estimate`.")
    configuration = folder / record.read_text(encoding="utf-8", errors="replace").strip()
    if not configuration.is_file():
        raise BadConfiguration(f"{configuration} has gone; say where it is with --configuration.")
    return configuration.resolve()
