"""Settings of an estimation as the user writes them, in TOML or as Python mappings, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

import pandas as pd

from estimation.measurement import MeasurementError, measurement_error
from estimation.priors import Prior, make_prior
from surrogate.errors import BadConfiguration, unknown_name

Settings = TypeVar("Settings")


def read_settings(kind: type[Settings], values: Mapping[str, Any], section: str) -> Settings:
    """Build a settings dataclass from a mapping.

    Parameters
    ----------
    kind : dataclass whose fields are the settings.
    values : name -> value.
    section : what the settings belong to, for messages.

    Raises
    ------
    UnknownName : a name that is not a field, with close matches.
    BadConfiguration : a missing setting or a value of the wrong type.
    """
    known = {item.name: item for item in fields(kind)}  # pyright: ignore[reportArgumentType]
    types = get_type_hints(kind)
    checked = {
        name: checked_value(section, name, value, types.get(name), known) for name, value in values.items()
    }
    required = [name for name, item in known.items() if item.default is item.default_factory is MISSING]
    missing = [name for name in required if name not in checked]
    if missing:
        raise BadConfiguration(f"[{section}] needs {missing[0]}.")
    return kind(**checked)


def checked_value(section: str, name: str, value: Any, expected: Any, known: Mapping[str, Any]) -> Any:
    """Return a setting's value if name and type are right; whole numbers serve where numbers are expected."""
    if name not in known:
        raise unknown_name(f"setting in [{section}]", name, known)
    simple = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if expected not in simple:
        return value
    accepted = (int, float) if expected is float else expected
    if not isinstance(value, accepted) or (isinstance(value, bool) and expected is not bool):
        raise BadConfiguration(f"{name} in [{section}] must be {simple[expected]}, not {value!r}.")
    return value


def read_priors(values: Mapping[str, Prior | Mapping[str, Any]]) -> dict[str, Prior]:
    """Turn parameter -> prior, or the arguments of :func:`estimation.priors.make_prior`, into priors."""
    return {name: _read_prior(name, value) for name, value in values.items()}


def read_measurement_error(
    data: pd.DataFrame, values: Mapping[str, Any], estimated: Sequence[str]
) -> MeasurementError:
    """Turn ``sd``, ``share_of_sd`` and ``share_of_variance`` into measurement errors of ``data``.

    Raises
    ------
    UnknownName, BadConfiguration : as :func:`estimation.measurement.measurement_error`, and for other names.
    """
    known: dict[str, Any] = dict.fromkeys(("sd", "share_of_sd", "share_of_variance"))
    for name, value in values.items():
        single = None if isinstance(value, Mapping) else float
        checked_value("measurement_error", name, value, single, known)
    return measurement_error(data, **values, estimated=estimated)


def read_numbers(values: Mapping[str, Any], section: str) -> dict[str, float]:
    """Check a mapping of names to numbers."""
    return {name: checked_value(section, name, value, float, values) for name, value in values.items()}


def _read_prior(name: str, value: Prior | Mapping[str, Any]) -> Prior:
    if isinstance(value, Prior):
        return value
    numbers = ("mean", "sd", "s", "nu", "lower", "upper")
    known = ("density", *numbers, "truncate")
    section = f"priors.{name}"
    for key, setting in value.items():
        checked_value(section, key, setting, float if key in numbers else None, dict.fromkeys(known))
    if not isinstance(value.get("density"), str):
        raise BadConfiguration(f'[{section}] needs a density, such as density = "normal_pdf".')
    try:
        return make_prior(**value)
    except BadConfiguration as error:
        raise BadConfiguration(f"[{section}] {error}") from None
