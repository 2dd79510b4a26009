"""Surrogates by name: those that ship (``artifacts/`` in a checkout, ``surrogate/_artifacts`` in an installed
one) and those that come with economies of installed packages.
"""

from pathlib import Path

from surrogate import economies
from surrogate.errors import unknown_name

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


def _folders() -> dict[str, Path]:
    added = {name: economy.artifact_folder() for name, economy in economies.known().items()}
    return {name: folder for name, folder in added.items() if folder is not None} | _shipped()


def _shipped() -> dict[str, Path]:
    return {path.parent.name: path.parent for path in _root().glob("*/policy.onnx")}


def _root() -> Path:
    installed = _PACKAGE / "_artifacts"
    return installed if installed.is_dir() else _PACKAGE.parent / "artifacts"
