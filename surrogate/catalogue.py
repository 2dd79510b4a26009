"""Surrogates by name: those that ship (``artifacts/`` in a checkout, ``surrogate/_artifacts`` in an installed
one) and those that come with economies of installed packages.
"""

import os
from pathlib import Path

from . import economies
from .artifact.runtime import Surrogate
from .errors import BrokenArtifact, unknown_name

_PACKAGE = Path(__file__).parent


def available() -> list[str]:
    """Names of the surrogates that can be loaded by name, sorted."""
    return sorted(_folders())


def find(name: str) -> Path:
    """The folder of a surrogate; raises UnknownName with close matches."""
    shipped = _shipped()
    if name in shipped:  # without a look at every installed package
        return shipped[name]
    folders = _folders()
    if name not in folders:
        raise unknown_name("surrogate", name, sorted(folders))
    return folders[name]


def load(path_or_name: str | os.PathLike, threads: int = 1) -> Surrogate:
    """Open a surrogate: a folder, or the name of one that ships with the package.

    Raises
    ------
    UnknownName : neither a folder nor a shipped surrogate.
    BrokenArtifact, NewerFormat : see `Surrogate`.
    """
    path = Path(path_or_name)
    if path.is_file():
        path = path.parent
    if path.is_dir():
        return Surrogate(path, threads)
    if len(path.parts) > 1:
        raise BrokenArtifact(
            f"There is no folder {path}. Give an artifact's folder or the name of a shipped surrogate."
        )
    return Surrogate(find(str(path)), threads)


def _folders() -> dict[str, Path]:
    added = {name: economy.artifact_folder() for name, economy in economies.known().items()}
    return {name: folder for name, folder in added.items() if folder is not None} | _shipped()


def _shipped() -> dict[str, Path]:
    installed = _PACKAGE / "_artifacts"
    root = installed if installed.is_dir() else _PACKAGE.parent / "artifacts"
    return {path.parent.name: path.parent for path in root.glob("*/policy.onnx")}
