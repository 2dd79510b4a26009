"""Moments of quarterly samples: by name, or functions of the caller.

Names are ``mean(x)``, ``sd(x)``, ``autocorr(x, lag)``, ``corr(x, y)`` and ``corr(x, y, lag)``, the
correlation of x in t with y in t - lag. A :class:`Moment` is a function of many samples at once; any other
function takes one sample as a DataFrame and returns a number or several named ones.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from estimation.moments import series as of_series
from estimation.moments.series import Array, Series
from surrogate.errors import BadConfiguration, BadData, shown, unknown_name

CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,6}", re.ASCII)
FrameFunction = Callable[[pd.DataFrame], Any]
Contributions = Callable[[Series], Array]


class Moments(Protocol):
    """One or more statistics of a sample."""

    @property
    def names(self) -> tuple[str, ...]:
        """How tables call them."""
        ...

    @property
    def contributions(self) -> Contributions | None:
        """What each quarter contributes [w, T], or ``None`` where there is no formula."""
        ...

    def values(self, series: Series) -> Array:
        """The statistics [w, n_moments] of samples, observable -> [w, T]."""
        ...


@dataclass(frozen=True)
class Moment:
    """A statistic of a sample, computed for many samples at once.

    Attributes
    ----------
    name : how tables call it.
    function : takes observable -> samples [w, T] and returns [w]. Worker processes must be able to import it.
    contributions : takes the same and returns the influence function of each quarter [w, T]; without it, it
        is found by numerical means.
    """

    name: str
    function: Callable[[Series], Array]
    contributions: Contributions | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The name alone."""
        return (self.name,)

    def values(self, series: Series) -> Array:
        """The statistic [w, 1] of samples, observable -> [w, T].

        Raises
        ------
        BadData : the function does not return one number for each sample.
        """
        samples = len(next(iter(series.values())))
        value = np.asarray(self.function(series), dtype=float)
        if value.shape != (samples,):
            raise BadData(
                f"The moment {self.name} has shape {value.shape}; it must give one number for each of the "
                f"{samples} samples."
            )
        return value[:, None]


@dataclass(frozen=True)
class FrameMoments:
    """Statistics that a function computes of one sample at a time.

    Attributes
    ----------
    function : takes a DataFrame [T, n_y], one column for each observable, and returns a number, or a Series
        or mapping of named numbers. Worker processes must be able to import it.
    names : what it returns.
    """

    function: FrameFunction
    names: tuple[str, ...]
    contributions: None = None

    @classmethod
    def of(cls, function: FrameFunction, data: pd.DataFrame) -> "FrameMoments":
        """Learn the names from ``data`` [T, n_y]."""
        return cls(function, tuple(_named(function, data)))

    def values(self, series: Series) -> Array:
        """The statistics [w, n_moments] of samples, observable -> [w, T].

        Raises
        ------
        BadData : a sample for which the function returns other moments than for the data.
        """
        samples = np.stack(list(series.values()), axis=-1)
        frames = (pd.DataFrame(sample, columns=list(series)) for sample in samples)
        return np.array([self._of_one(frame) for frame in frames], dtype=float)

    def _of_one(self, frame: pd.DataFrame) -> list[float]:
        found = _named(self.function, frame)
        if tuple(found) != self.names:
            raise BadData(
                f"The function {_name(self.function)} returned {len(found)} moments ({', '.join(found)}) for "
                f"one sample and {len(self.names)} ({', '.join(self.names)}) for the data; it must "
                "always return the same."
            )
        return list(found.values())


# name -> (function, contributions, how many observables, numbers of lags that may follow)
FUNCTIONS = {
    "mean": (of_series.mean, of_series.mean_contributions, 1, (0,)),
    "sd": (of_series.sd, of_series.sd_contributions, 1, (0,)),
    "autocorr": (of_series.autocorr, of_series.autocorr_contributions, 1, (1,)),
    "corr": (of_series.corr, of_series.corr_contributions, 2, (0, 1)),
}
CORRELATIONS = ("autocorr", "corr")
EXAMPLES = {
    "mean": "mean(x)",
    "sd": "sd(x)",
    "autocorr": "autocorr(x, 1)",
    "corr": "corr(x, y) or corr(x, y, 1)",
}


def read_moment(moment: str | Moments | FrameFunction, data: pd.DataFrame) -> Moments:
    """Turn a name, or a function of a DataFrame like ``data`` [T, n_y], into moments.

    Raises
    ------
    UnknownName, BadConfiguration : see :func:`parse_moment`.
    BadData : a function that does not return numbers.
    """
    if isinstance(moment, Moment | FrameMoments):
        return moment
    if callable(moment):
        return FrameMoments.of(moment, data)
    return parse_moment(str(moment), [str(name) for name in data.columns])


def parse_moment(text: str, observables: Sequence[str]) -> Moment:
    """Turn a name such as ``autocorr(output_growth, 1)`` into a moment.

    Raises
    ------
    UnknownName : an unknown function or observable.
    BadConfiguration : something that is not a moment, or a wrong number of arguments.
    """
    match = CALL.fullmatch(str(text))
    if not match:
        raise BadConfiguration(
            f"{shown(text)} is not a moment; write one like sd(x), autocorr(x, 1) or corr(x, y)."
        )
    if match[1] not in FUNCTIONS:
        raise unknown_name("moment function", match[1], FUNCTIONS)
    function, contributions, count, allowed = FUNCTIONS[match[1]]
    arguments = [argument.strip() for argument in match[2].split(",")]
    names, lags = arguments[:count], arguments[count:]
    if len(names) < count or len(lags) not in allowed:
        raise BadConfiguration(
            f"{text!r} has the wrong number of arguments; write one like {EXAMPLES[match[1]]}."
        )
    for name in names:
        if name not in observables:
            raise unknown_name(f"observable in {text}", name, observables)
    keywords = {**dict(zip("xy", names, strict=False)), **_lag(text, lags)}
    if match[1] in CORRELATIONS and len(set(names)) == 1 and not keywords.get("lag"):
        raise BadConfiguration(f"{text!r} is always one; choose another lag or another series.")
    return Moment(text.strip(), partial(function, **keywords), partial(contributions, **keywords))


def compute_moments(moments: Sequence[Moments], samples: Array, observables: Sequence[str]) -> Array:
    """Moments [w, n_moments] of ``samples`` [w, T, n_y], whose columns are ``observables``.

    Raises
    ------
    BadData : a function that does not return one number, or always the same ones, for each sample.
    """
    series = as_series(samples, observables)
    return np.concatenate([moment.values(series) for moment in moments], axis=1)


def as_series(samples: Array, observables: Sequence[str]) -> dict[str, Array]:
    """Samples [w, T, n_y] as observable -> [w, T], each in one piece of memory."""
    columns = np.ascontiguousarray(np.moveaxis(samples, -1, 0), dtype=float)
    return dict(zip(observables, columns, strict=True))


def _named(function: FrameFunction, frame: pd.DataFrame) -> Mapping[str, float]:
    found = function(frame)
    items: dict[Any, Any] = {_name(function): found}
    if isinstance(found, Mapping | pd.Series):
        items = dict(found.items())
    try:
        return {str(name): float(value) for name, value in items.items()}
    except (TypeError, ValueError):
        raise BadData(
            f"The moment function {_name(function)} must return a number, or a Series or mapping of named "
            f"numbers, not {found!r}."
        ) from None


def _name(function: FrameFunction) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _lag(text: str, lags: Sequence[str]) -> dict[str, int]:
    if not lags:
        return {}
    if not WHOLE_NUMBER.fullmatch(lags[0]):
        raise BadConfiguration(f"The lag in {shown(text)} must be a whole number of quarters.")
    return {"lag": int(lags[0])}
