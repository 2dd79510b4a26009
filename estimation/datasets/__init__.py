"""Quarterly US series that ship with the package; README.md beside this file says where they come from."""

from importlib import resources
from pathlib import Path


def dataset_names() -> list[str]:
    """Return the file names of the shipped data sets."""
    return sorted(entry.name for entry in resources.files(__name__).iterdir() if entry.name.endswith(".csv"))


def dataset_path(name: str) -> Path:
    """Return the path of one shipped data set, named with or without ``.csv``."""
    file_name = name if name.endswith(".csv") else f"{name}.csv"
    return Path(str(resources.files(__name__).joinpath(file_name)))
