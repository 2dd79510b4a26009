"""The surrogates that ship: ``artifacts/`` in a checkout, ``surrogate/_artifacts`` in an installed one."""

from pathlib import Path

from surrogate.errors import unknown_name

_PACKAGE = Path(__file__).parent


def available() -> list[str]:
    """Names of the shipped surrogates, sorted."""
    return sorted(folder.parent.name for folder in _root().glob("*/policy.onnx"))


def find(name: str) -> Path:
    """The folder of a shipped surrogate; raises UnknownName with close matches."""
    if name not in available():
        raise unknown_name("surrogate", name, available())
    return _root() / name


def _root() -> Path:
    installed = _PACKAGE / "_artifacts"
    return installed if installed.is_dir() else _PACKAGE.parent / "artifacts"
