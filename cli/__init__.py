"""The command line, thin: the work is done by `surrogate` and `estimation`."""

import sys
from importlib.util import find_spec
from pathlib import Path

_HERE = Path(__file__).resolve().parents[1]


def _require_own(package: str) -> None:
    """Exit with one clear message where a user's own folder or file has the name of one of our packages.

    Python takes what comes first on its path, which is the current folder under ``python -m`` and whatever
    ``PYTHONPATH`` has. This must come before any import from the packages, which would fail and not say why.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        sys.exit(f"Error: The package {package} of dsge-surrogate is missing: install dsge-surrogate again.")
    found = Path(spec.origin).resolve()
    place = found.parent if found.name == "__init__.py" else found
    if place != _HERE / package:
        sys.exit(
            f"Error: {place} hides the package {package} of dsge-surrogate, because its folder comes first "
            "on Python's path: rename it, or run dsge-surrogate from another folder and without PYTHONPATH."
        )


for _package in ("surrogate", "estimation"):
    _require_own(_package)
