"""What a run depends on, as short hashes, so that it never resumes under a changed model, prior or data."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from estimation.priors import PriorSet
from surrogate import Surrogate, __version__
from surrogate.errors import Changed

PACKAGES = ("numpy", "scipy", "onnxruntime", "emcee", "arviz-stats")


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
