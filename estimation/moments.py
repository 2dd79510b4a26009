"""Named moments of quarterly samples, computed for many samples at once.

Names are ``mean(x)``, ``sd(x)``, ``autocorr(x, lag)``, ``corr(x, y)`` and ``corr(x, y, lag)``, the
correlation of x in t with y in t - lag. Anything else is a :class:`Moment` around a function of the caller.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from surrogate.errors import BadConfiguration, BadData, unknown_name

Series = Mapping[str, np.ndarray]
CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")


@dataclass(frozen=True)
class Moment:
    """A statistic of a sample.

    Attributes
    ----------
    name : how tables call it.
    function : takes observable -> samples [w, T] and returns [w]. Worker processes must be able to import it.
    """

    name: str
    function: Callable[[Series], np.ndarray]


def mean(series: Series, x: str) -> np.ndarray:
    """Mean [w] of x."""
    return series[x].mean(axis=1)


def sd(series: Series, x: str) -> np.ndarray:
    """Standard deviation [w] of x, with T - 1 in the denominator."""
    return series[x].std(axis=1, ddof=1)


def corr(series: Series, x: str, y: str, lag: int = 0) -> np.ndarray:
    """Correlation [w] of x in t with y in t - lag."""
    now, before = series[x], series[y]
    if lag:
        now, before = (now[:, lag:], before[:, :-lag]) if lag > 0 else (now[:, :lag], before[:, -lag:])
    now, before = now - now.mean(axis=1, keepdims=True), before - before.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.sum(now**2, axis=1) * np.sum(before**2, axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum(now * before, axis=1) / scale


def autocorr(series: Series, x: str, lag: int) -> np.ndarray:
    """Correlation [w] of x with its own value ``lag`` quarters before."""
    return corr(series, x, x, lag)


# name -> (function, how many observables, whether a lag follows: "never", "perhaps" or "always")
FUNCTIONS = {
    "mean": (mean, 1, "never"),
    "sd": (sd, 1, "never"),
    "autocorr": (autocorr, 1, "always"),
    "corr": (corr, 2, "perhaps"),
}


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
            f"{text!r} is not a moment; write one like sd(x), autocorr(x, 1) or corr(x, y)."
        )
    if match[1] not in FUNCTIONS:
        raise unknown_name("moment function", match[1], FUNCTIONS)
    function, count, lagged = FUNCTIONS[match[1]]
    arguments = [argument.strip() for argument in match[2].split(",")]
    names, lags = arguments[:count], arguments[count:]
    allowed = {"never": (0,), "perhaps": (0, 1), "always": (1,)}[lagged]
    if len(names) < count or len(lags) not in allowed:
        raise BadConfiguration(
            f"{text!r} has the wrong number of arguments; write one like {_EXAMPLES[match[1]]}."
        )
    for name in names:
        if name not in observables:
            raise unknown_name(f"observable in {text}", name, observables)
    return Moment(text.strip(), partial(function, **dict(zip("xy", names, strict=False)), **_lag(text, lags)))


def compute_moments(moments: Sequence[Moment], samples: np.ndarray, observables: Sequence[str]) -> np.ndarray:
    """Moments [w, n_moments] of ``samples`` [w, T, n_y], whose columns are ``observables``.

    Raises
    ------
    BadData : a function that does not return one number for each sample.
    """
    series = {name: samples[:, :, column] for column, name in enumerate(observables)}
    values = []
    for moment in moments:
        value = np.asarray(moment.function(series), dtype=float)
        if value.shape != (len(samples),):
            raise BadData(
                f"The moment {moment.name} has shape {value.shape}; it must give one number for each of the "
                f"{len(samples)} samples."
            )
        values.append(value)
    return np.stack(values, axis=1)


def bootstrap_moments(
    moments: Sequence[Moment],
    sample: np.ndarray,
    observables: Sequence[str],
    draws: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Moments [draws, n_moments] of samples resampled from ``sample`` [T, n_y] in overlapping blocks.

    Kuensch (1989), with blocks of 2 T^(1/3) quarters.
    """
    periods = len(sample)
    length = min(periods, int(np.ceil(2 * periods ** (1 / 3))))
    starts = generator.integers(0, periods - length + 1, (draws, -(-periods // length)))
    rows = (starts[:, :, None] + np.arange(length)).reshape(draws, -1)[:, :periods]
    return compute_moments(moments, sample[rows], observables)


_EXAMPLES = {
    "mean": "mean(x)",
    "sd": "sd(x)",
    "autocorr": "autocorr(x, 1)",
    "corr": "corr(x, y) or corr(x, y, 1)",
}


def _lag(text: str, lags: Sequence[str]) -> dict[str, int]:
    if not lags:
        return {}
    try:
        return {"lag": int(lags[0])}
    except ValueError:
        raise BadConfiguration(f"The lag in {text!r} must be a whole number of quarters.") from None
