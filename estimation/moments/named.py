"""Moments of quarterly samples: by name, or functions of the caller.

Names are ``mean(x)``, ``sd(x)``, ``autocorr(x, lag)``, ``corr(x, y)`` and ``corr(x, y, lag)``, the
correlation of x in t with y in t - lag. A :class:`Moment` is a function of many samples at once; any other
function takes one sample as a DataFrame and returns a number or several named ones.

Each moment comes with what the quarters of a sample contribute to it. The contribution of a quarter is the
influence function of the moment (Hampel 1974): the moment's error is the mean of the contributions, up to
terms that vanish faster (the delta method), so that their long-run variance is that of the moment.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from surrogate.errors import BadConfiguration, BadData, shown, unknown_name

Array = np.ndarray
Series = Mapping[str, Array]
CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,6}", re.ASCII)
FrameFunction = Callable[[pd.DataFrame], Any]
Influence = Callable[[Series], Array]
CORRELATIONS = ("autocorr", "corr")
EXAMPLES = {
    "mean": "mean(x)",
    "sd": "sd(x)",
    "autocorr": "autocorr(x, 1)",
    "corr": "corr(x, y) or corr(x, y, 1)",
}


def mean(series: Series, x: str) -> Array:
    """Mean [w] of x."""
    return series[x].mean(axis=1)


def sd(series: Series, x: str) -> Array:
    """Standard deviation [w] of x, with T - 1 in the denominator."""
    return series[x].std(axis=1, ddof=1)


def corr(series: Series, x: str, y: str, lag: int = 0) -> Array:
    """Correlation [w] of x in t with y in t - lag."""
    now, before = _pairs(series, x, y, lag)
    scale = np.sqrt(_products(now, now) * _products(before, before))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _products(now, before) / scale


def autocorr(series: Series, x: str, lag: int) -> Array:
    """Correlation [w] of x with its own value ``lag`` quarters before."""
    return corr(series, x, x, lag)


def mean_contributions(series: Series, x: str) -> Array:
    """Influence [w, T] to the mean: deviations from it."""
    return _deviations(series[x])


def sd_contributions(series: Series, x: str) -> Array:
    """Influence [w, T] to the standard deviation s: (deviation^2 - s^2) / (2 s)."""
    squares = _deviations(series[x]) ** 2
    variance = squares.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (squares - variance) / (2 * np.sqrt(variance))


def corr_contributions(series: Series, x: str, y: str, lag: int = 0) -> Array:
    """Influence [w, T] to a correlation r: a b - r (a^2 + b^2) / 2 with a and b standardised.

    Each pair counts in the later of its two quarters, with the weight that makes up for the quarters that
    have none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        now, before = (
            side / np.sqrt(np.mean(side**2, axis=1, keepdims=True)) for side in _pairs(series, x, y, lag)
        )
    product = now * before
    r = product.mean(axis=1, keepdims=True)
    pairs = product - r * (now**2 + before**2) / 2
    periods = series[x].shape[1]
    padding = np.zeros((len(pairs), periods - pairs.shape[1]))
    return np.concatenate([padding, pairs * periods / pairs.shape[1]], axis=1)


def autocorr_contributions(series: Series, x: str, lag: int) -> Array:
    """Influence [w, T] to an autocorrelation; see :func:`corr_contributions`."""
    return corr_contributions(series, x, x, lag)


class Moments(Protocol):
    """One or more statistics of a sample."""

    @property
    def names(self) -> tuple[str, ...]:
        """How tables call them."""
        ...

    @property
    def contributions(self) -> Influence | None:
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
    contributions: Influence | None = None

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
        rows = []
        for sample in samples:
            named = _named(self.function, pd.DataFrame(sample, columns=list(series)))
            if tuple(named) != self.names:
                raise BadData(
                    f"The function {_name(self.function)} returned {len(named)} moments ({', '.join(named)}) "
                    f"for one sample and {len(self.names)} ({', '.join(self.names)}) for the data; it must "
                    "always return the same."
                )
            rows.append(list(named.values()))
        return np.array(rows, dtype=float)


# name -> (function, contributions, how many observables, numbers of lags that may follow)
FUNCTIONS = {
    "mean": (mean, mean_contributions, 1, (0,)),
    "sd": (sd, sd_contributions, 1, (0,)),
    "autocorr": (autocorr, autocorr_contributions, 1, (1,)),
    "corr": (corr, corr_contributions, 2, (0, 1)),
}


def read_moment(
    moment: str | Moments | FrameFunction, data: pd.DataFrame, detrended: Sequence[str] = ()
) -> Moments:
    """Turn a name, or a function of a DataFrame like ``data`` [T, n_y], into moments; some of the data's
    columns may be ``detrended``.

    Raises
    ------
    UnknownName, BadConfiguration : see :func:`parse_moment`.
    BadData : a function that does not return numbers.
    """
    if isinstance(moment, Moment | FrameMoments):
        return moment
    if callable(moment):
        return FrameMoments.of(moment, data)
    return parse_moment(str(moment), [str(name) for name in data.columns], detrended)


def parse_moment(text: str, observables: Sequence[str], detrended: Sequence[str] = ()) -> Moment:
    """Turn a name such as ``autocorr(output_growth, 1)`` into a moment.

    Raises
    ------
    UnknownName : an unknown function or observable.
    BadConfiguration : something that is not a moment, a wrong number of arguments, or the mean of what is
        ``detrended``.
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
    keywords: dict[str, Any] = dict(zip("xy", names, strict=False))
    if lags:
        if not WHOLE_NUMBER.fullmatch(lags[0]):
            raise BadConfiguration(f"The lag in {shown(text)} must be a whole number of quarters.")
        keywords["lag"] = int(lags[0])
    if match[1] in CORRELATIONS and len(set(names)) == 1 and not keywords.get("lag"):
        raise BadConfiguration(f"{text!r} is always one; choose another lag or another series.")
    if match[1] == "mean" and names[0] in detrended:
        raise BadConfiguration(f"{text!r} is always zero, because {names[0]} is detrended: leave one out.")
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


def _pairs(series: Series, x: str, y: str, lag: int) -> tuple[Array, Array]:
    now, before = series[x], series[y]
    if lag:
        now, before = (now[:, lag:], before[:, :-lag]) if lag > 0 else (now[:, :lag], before[:, -lag:])
    return _deviations(now), _deviations(before)


def _deviations(values: Array) -> Array:
    return values - values.mean(axis=1, keepdims=True)


def _products(left: Array, right: Array) -> Array:
    return np.einsum("wt,wt->w", left, right)


def _named(function: FrameFunction, frame: pd.DataFrame) -> Mapping[str, float]:
    returned = function(frame)
    items: dict[Any, Any] = {_name(function): returned}
    if isinstance(returned, Mapping | pd.Series):
        items = dict(returned.items())
    try:
        return {str(name): float(value) for name, value in items.items()}
    except (TypeError, ValueError):
        raise BadData(
            f"The moment function {_name(function)} must return a number, or a Series or mapping of named "
            f"numbers, not {returned!r}."
        ) from None


def _name(function: FrameFunction) -> str:
    return getattr(function, "__name__", None) or repr(function)
