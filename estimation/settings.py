"""Settings of an estimation as the user writes them, in TOML or as Python mappings, and what they mean.

Those of a section become the fields of a dataclass, of the right type and size. Measurement errors are fixed,
a share of each series' variation, or estimated.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from numbers import Real
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
import pandas as pd

from surrogate.errors import BadConfiguration, shown, unknown_name
from surrogate.house.records import by_name

from .priors import Prior, make_prior

PREFIX = "measurement_sd_"
LARGEST = float(np.finfo(float).max)
PerSeries = float | Mapping[str, float]
Settings = TypeVar("Settings")
KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
MOST = "most"
MEASUREMENT_ERROR = ("sd", "share_of_sd", "share_of_variance")
PRIOR_NUMBERS = ("mean", "sd", "s", "nu", "lower", "upper")
PRIOR = ("density", *PRIOR_NUMBERS, "truncate")


@dataclass(frozen=True)
class MeasurementError:
    """Measurement-error standard deviations of named observables.

    Attributes
    ----------
    observables : names, in the order of the data's columns.
    sd : fixed standard deviations [n_y] in the observables' units; NaN where they are estimated.
    """

    observables: tuple[str, ...]
    sd: np.ndarray

    @property
    def free_names(self) -> tuple[str, ...]:
        """Names of the parameters to estimate, such as ``measurement_sd_inflation``."""
        return tuple(
            PREFIX + name for name, sd in zip(self.observables, self.sd, strict=True) if np.isnan(sd)
        )

    def values(self, free: Mapping[str, np.ndarray], vectors: int) -> np.ndarray:
        """Standard deviations [w, n_y] for w = ``vectors`` parameter vectors.

        ``free`` maps each of :attr:`free_names` to its values [w].
        """
        sd = np.repeat(self.sd[None], vectors, axis=0)
        for column, observable in enumerate(self.observables):
            if np.isnan(self.sd[column]):
                sd[:, column] = free[PREFIX + observable]
        return sd


def measurement_error(
    data: pd.DataFrame,
    *,
    sd: PerSeries | None = None,
    share_of_sd: PerSeries | None = None,
    share_of_variance: PerSeries | None = None,
    estimated: Iterable[str] = (),
    required: bool = True,
) -> MeasurementError:
    """Decide the measurement error of every column of ``data`` [T, n_y].

    Parameters
    ----------
    sd : standard deviation itself, one number for all series or one for each.
    share_of_sd : fraction of each series' sample standard deviation.
    share_of_variance : fraction of each series' sample variance.
    estimated : parameters such as ``measurement_sd_inflation`` that have a prior.
    required : whether every series needs an error; else those without a rule have none, and zero is allowed.

    Raises
    ------
    BadConfiguration : a series with two rules, or with none although it needs one, or a number that is not
        positive.
    UnknownName : a series that the data do not have.
    """
    observables = tuple(str(name) for name in data.columns)
    free = {_observable(name, observables) for name in estimated}
    scale = dict(zip(observables, data.std().to_numpy(dtype=float), strict=True))
    rules = {
        "sd": (sd, lambda value, series_sd: value),
        "share_of_sd": (share_of_sd, lambda value, series_sd: value * series_sd),
        "share_of_variance": (share_of_variance, lambda value, series_sd: np.sqrt(value) * series_sd),
    }
    chosen: dict[str, float] = dict.fromkeys(free, np.nan)
    for rule, (given, convert) in rules.items():
        for name, value in _per_series(given, observables, free).items():
            _check(rule, name, value, name in chosen, required)
            with np.errstate(over="ignore"):
                chosen[name] = float(convert(float(value), scale[name])) if value else 0.0
            if value and not 0 < chosen[name] < np.inf:
                raise BadConfiguration(
                    f"{name} hardly varies, or overflows, so that no share of its variation is a measurement "
                    f"error (sd {chosen[name]:g}): give the sd itself, or put a prior on {PREFIX}{name}."
                )
    missing = [name for name in observables if name not in chosen]
    if required and missing:
        raise BadConfiguration(
            f"Particle filters need a measurement error for every observable, and none is given for "
            f"{', '.join(missing)}: set sd, share_of_sd or share_of_variance, or put a prior on "
            f'{PREFIX}{missing[0]}. Without any, method = "inversion" is the likelihood to choose.'
        )
    return MeasurementError(observables, np.array([chosen.get(name, 0.0) for name in observables]))


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


def read_priors(values: Mapping[str, Prior | Mapping[str, Any]]) -> dict[str, Prior]:
    """Turn parameter -> prior, or the arguments of :func:`estimation.priors.make_prior`, into priors."""
    priors = {}
    for name, value in require_mapping("priors", values).items():
        if isinstance(value, Prior):
            priors[name] = value
            continue
        section = f"priors.{name}"
        for key, setting in require_mapping(section, value).items():
            expected = float if key in PRIOR_NUMBERS else None
            checked_value(section, key, setting, expected, dict.fromkeys(PRIOR))
        if not isinstance(value.get("density"), str):
            raise BadConfiguration(f'[{section}] needs a density, such as density = "normal_pdf".')
        try:
            priors[name] = make_prior(**value)
        except BadConfiguration as error:
            raise BadConfiguration(f"[{section}] {error}") from None
    return priors


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
    UnknownName, BadConfiguration : as :func:`estimation.settings.measurement_error`, and for other names.
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


def _observable(parameter: str, observables: tuple[str, ...]) -> str:
    name = parameter.removeprefix(PREFIX)
    if name not in observables:
        raise unknown_name(
            "measurement error parameter", parameter, [PREFIX + known for known in observables]
        )
    return name


def _per_series(given: PerSeries | None, observables: tuple[str, ...], free: set[str]) -> dict[str, float]:
    if given is None:
        return {}
    labelled: Any = by_name(given)
    if not isinstance(labelled, Mapping):
        return {name: labelled for name in observables if name not in free}
    for name in labelled:
        if name not in observables:
            raise unknown_name("observable", name, observables)
    return dict(labelled)


def _check(rule: str, name: str, value: float, taken: bool, required: bool) -> None:
    if taken:
        raise BadConfiguration(
            f"The measurement error of {name} has two rules: keep one of sd, share_of_sd, share_of_variance "
            f"or a prior on {PREFIX}{name}."
        )
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (0 < value <= LARGEST or (value == 0 and not required)):
        raise BadConfiguration(
            f"The measurement error {rule} of {name} must be a positive number, not {shown(value)}."
        )


def _is_a(kind: type, value: Any) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is not float:
        return isinstance(value, kind)
    try:
        return isinstance(value, int | float) and not math.isnan(float(value))
    except OverflowError:  # an integer beyond all floats
        return False
