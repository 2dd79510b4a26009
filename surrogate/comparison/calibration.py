"""A calibration: parameters by name, in a TOML file with one ``name = number`` a line."""

from collections.abc import Mapping
from pathlib import Path

from surrogate import toml
from surrogate.errors import BadConfiguration, shown

BEYOND = 1e300


def read_calibration(path: Path) -> dict[str, float]:
    """Parameters by name.

    Raises
    ------
    BadConfiguration : no such file, not TOML, or something else than numbers in it.
    """
    values = toml.read(path)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < BEYOND:
            raise BadConfiguration(
                f"{path} must have lines such as `alpha = 0.3`, but {name} is {shown(value)}."
            )
    return {name: float(value) for name, value in values.items()}


def calibration_text(parameters: Mapping[str, float]) -> str:
    """The file that `read_calibration` reads back."""
    return "".join(f"{name} = {value!r}\n" for name, value in parameters.items())
