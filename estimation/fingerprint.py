"""Hashes of what a run depends on, so that it never resumes under a changed model, prior or data, and
checksums of what it writes, so that it goes on with files as they were.
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from surrogate import Surrogate, __version__
from surrogate.errors import Changed

from .priors import PriorSet

PACKAGES = ("numpy", "scipy", "onnxruntime", "emcee", "arviz-stats")
CHECKSUM = "crc32"


def hash_of(value: Any) -> str:
    """Short hash of bytes or of anything that JSON can write."""
    text = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:16]


def of_surrogate(surrogate: Surrogate) -> str:
    """Hash of every ONNX file of the artifact."""
    return hash_of([[name, hash_of(content)] for name, content in sorted(surrogate.files)])


def of_data(data: pd.DataFrame) -> str:
    """Hash of names, dates and values of a sample."""
    values = np.ascontiguousarray(data.to_numpy(dtype=float)).tobytes()
    return hash_of([list(map(str, data.columns)), list(map(str, data.index)), hash_of(values)])


def of_priors(priors: PriorSet) -> str:
    """Hash of names, densities and truncation of priors, order included."""
    return hash_of(
        [
            [name, prior.density, dict(prior.settings), prior.lower, prior.upper]
            for name, prior in priors.priors.items()
        ]
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide about numbers."""
    packages = {package: metadata.version(package) for package in PACKAGES}
    return {"python": platform.python_version(), "dsge-surrogate": __version__, **packages}


def require_unchanged(before: Mapping[str, str], now: Mapping[str, str], where: str) -> None:
    """Refuse to go on with a run whose ingredients differ from those of the saved one.

    Parameters
    ----------
    before, now : ingredient -> hash, for the saved run and this one.
    where : the saved run, for the message.

    Raises
    ------
    Changed : naming every ingredient that differs.
    """
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if changed:
        raise Changed(
            f"The {' and the '.join(changed)} changed since {where} was started; a chain must not mix them. "
            "Put back what was there, or start again in another output folder."
        )


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their checksum as the last."""
    return {**values, CHECKSUM: _checksum(json.dumps(dict(values)))}


def unseal(values: Any) -> dict[str, Any]:
    """The values without their checksum; raises ``ValueError`` if it is missing or wrong."""
    if not isinstance(values, dict):
        raise ValueError("not a table of names and values")
    checksum = values.get(CHECKSUM)
    plain = {name: value for name, value in values.items() if name != CHECKSUM}
    if checksum != _checksum(json.dumps(plain)):
        raise ValueError("wrong checksum")
    return plain


def seal_text(text: str) -> str:
    """The text after a line, a comment in CSV files, with its checksum."""
    return f"# {CHECKSUM} {_checksum(text)}\n{text}"


def unseal_text(text: str) -> str:
    """The text without that line; raises ``ValueError`` if the checksum is missing or wrong."""
    _, _, plain = text.partition("\n")
    if seal_text(plain) != text:
        raise ValueError("wrong checksum")
    return plain


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
