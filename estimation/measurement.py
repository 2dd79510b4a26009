"""Standard deviations of the measurement errors: fixed, a share of each series' variation, or estimated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from surrogate.errors import BadConfiguration, shown, unknown_name
from surrogate.house.records import by_name

PREFIX = "measurement_sd_"
LARGEST = float(np.finfo(float).max)
PerSeries = float | Mapping[str, float]


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
                chosen[name] = _positive(name, float(convert(float(value), scale[name]))) if value else 0.0
    if required:
        _require_all(chosen, observables)
    return MeasurementError(observables, np.array([chosen.get(name, 0.0) for name in observables]))


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


def _positive(name: str, sd: float) -> float:
    if not 0 < sd < np.inf:
        raise BadConfiguration(
            f"{name} hardly varies, or overflows, so that no share of its variation is a measurement error "
            f"(sd {sd:g}): give the sd itself, or put a prior on {PREFIX}{name}."
        )
    return sd


def _require_all(chosen: Mapping[str, float], observables: tuple[str, ...]) -> None:
    missing = [name for name in observables if name not in chosen]
    if missing:
        raise BadConfiguration(
            f"Particle filters need a measurement error for every observable, and none is given for "
            f"{', '.join(missing)}: set sd, share_of_sd or share_of_variance, or put a prior on "
            f'{PREFIX}{missing[0]}. Without any, method = "inversion" is the likelihood to choose.'
        )
