"""Settings of an estimation as the user writes them, in TOML or as Python mappings, and what they mean."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, field, fields
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import pandas as pd

from estimation.measurement import MeasurementError, measurement_error
from estimation.priors import Prior, make_prior
from surrogate.errors import BadConfiguration, shown, unknown_name
from surrogate.house.records import by_name

Settings = TypeVar("Settings")
KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
MOST = "most"
MEASUREMENT_ERROR = ("sd", "share_of_sd", "share_of_variance")
PRIOR_NUMBERS = ("mean", "sd", "s", "nu", "lower", "upper")
PRIOR = ("density", *PRIOR_NUMBERS, "truncate")


def at_most(most: int, **given: Any) -> Any:
    """A field of a settings dataclass that is a whole number with an upper end, beyond which only a slip of
    the keyboard asks for it, or memory does not suffice; ``given`` is what ``dataclasses.field`` takes.
    """
    return field(**given, metadata={MOST: most})


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
    BadConfiguration : a missing setting, or a value of the wrong type or beyond its largest value.
    """
    known = {item.name: item for item in fields(kind)}  # pyright: ignore[reportArgumentType]
    types = get_type_hints(kind)
    checked = {}
    for name, value in require_mapping(section, values).items():
        checked[name] = checked_value(section, name, value, types.get(name), known)
        most = known[name].metadata.get(MOST)
        if value is not None and most is not None and value > most:
            raise BadConfiguration(f"{name} in [{section}] must be at most {most:,}, not {shown(value)}.")
    required = [name for name, item in known.items() if item.default is item.default_factory is MISSING]
    missing = [name for name in required if name not in checked]
    if missing:
        raise BadConfiguration(f"[{section}] needs {missing[0]}.")
    return kind(**checked)


def require_mapping(section: str, values: Any) -> Mapping[str, Any]:
    """Return ``values`` if they are a mapping from names to settings; else raise ``BadConfiguration``."""
    if not isinstance(values, Mapping):
        raise BadConfiguration(f"[{section}] must have a name for each of its settings, not {shown(values)}.")
    return values


def checked_value(section: str, name: str, value: Any, expected: Any, known: Mapping[str, Any]) -> Any:
    """Return a setting's value if name and type are right; whole numbers serve where numbers are expected.

    Raises
    ------
    UnknownName : a name that is not in ``known``.
    BadConfiguration : another type than the ``expected`` one, which may be optional; a number that is none.
    """
    if name not in known:
        raise unknown_name(f"setting in [{section}]", name, known)
    kinds = set(get_args(expected)) if isinstance(expected, UnionType) else {expected}
    if NoneType in kinds and value is None:
        return value
    plain = [kind for kind in kinds if kind in KINDS]
    if len(kinds - {NoneType}) != 1 or not plain:
        return value
    if not _is_a(plain[0], value):
        raise BadConfiguration(f"{name} in [{section}] must be {KINDS[plain[0]]}, not {shown(value)}.")
    return value


def _is_a(kind: type, value: Any) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is not float:
        return isinstance(value, kind)
    try:
        return isinstance(value, int | float) and not math.isnan(float(value))
    except OverflowError:  # an integer beyond all floats
        return False


def read_priors(values: Mapping[str, Prior | Mapping[str, Any]]) -> dict[str, Prior]:
    """Turn parameter -> prior, or the arguments of :func:`estimation.priors.make_prior`, into priors."""
    return {name: _read_prior(name, value) for name, value in require_mapping("priors", values).items()}


def given_prior(value: Prior | Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings from which :func:`read_priors` makes a prior like this one."""
    if not isinstance(value, Prior):
        return value
    return {"density": value.density, **value.settings, "truncate": [value.lower, value.upper]}


def read_measurement_error(
    data: pd.DataFrame, values: Mapping[str, Any], estimated: Sequence[str], required: bool = True
) -> MeasurementError:
    """Turn ``sd``, ``share_of_sd`` and ``share_of_variance`` into measurement errors of ``data``.

    Raises
    ------
    UnknownName, BadConfiguration : as :func:`estimation.measurement.measurement_error`, and for other names.
    """
    known: dict[str, Any] = dict.fromkeys(MEASUREMENT_ERROR)
    for name, value in require_mapping("measurement_error", values).items():
        single = None if isinstance(by_name(value), Mapping) else float
        checked_value("measurement_error", name, value, single, known)
    return measurement_error(data, **values, estimated=estimated, required=required)


def read_numbers(values: Mapping[str, Any], section: str) -> dict[str, float]:
    """Check a mapping, or Series, of names to numbers."""
    return {
        name: checked_value(section, name, value, float, values)
        for name, value in require_mapping(section, by_name(values)).items()
    }


def _read_prior(name: str, value: Prior | Mapping[str, Any]) -> Prior:
    if isinstance(value, Prior):
        return value
    section = f"priors.{name}"
    for key, setting in require_mapping(section, value).items():
        checked_value(section, key, setting, float if key in PRIOR_NUMBERS else None, dict.fromkeys(PRIOR))
    if not isinstance(value.get("density"), str):
        raise BadConfiguration(f'[{section}] needs a density, such as density = "normal_pdf".')
    try:
        return make_prior(**value)
    except BadConfiguration as error:
        raise BadConfiguration(f"[{section}] {error}") from None
