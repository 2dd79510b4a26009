"""Means, standard deviations and correlations of many samples at once, and what each quarter contributes.

The contribution of a quarter is the influence function of the moment (Hampel 1974): the moment's error is the
mean of the contributions, up to terms that vanish faster (the delta method), so that their long-run
variance is that of the moment.
"""

from collections.abc import Mapping

import numpy as np

Array = np.ndarray
Series = Mapping[str, Array]


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
    """Contributions [w, T] to the mean: deviations from it."""
    return _deviations(series[x])


def sd_contributions(series: Series, x: str) -> Array:
    """Contributions [w, T] to the standard deviation s: (deviation^2 - s^2) / (2 s)."""
    squares = _deviations(series[x]) ** 2
    variance = squares.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (squares - variance) / (2 * np.sqrt(variance))


def corr_contributions(series: Series, x: str, y: str, lag: int = 0) -> Array:
    """Contributions [w, T] to a correlation r: a b - r (a^2 + b^2) / 2 with a and b standardised.

    Each pair counts in the later of its two quarters, with the weight that makes up for the quarters that
    have none.
    """
    now, before = (_standardised(side) for side in _pairs(series, x, y, lag))
    product = now * before
    r = product.mean(axis=1, keepdims=True)
    pairs = product - r * (now**2 + before**2) / 2
    periods = series[x].shape[1]
    padding = np.zeros((len(pairs), periods - pairs.shape[1]))
    return np.concatenate([padding, pairs * periods / pairs.shape[1]], axis=1)


def autocorr_contributions(series: Series, x: str, lag: int) -> Array:
    """Contributions [w, T] to an autocorrelation; see :func:`corr_contributions`."""
    return corr_contributions(series, x, x, lag)


def _pairs(series: Series, x: str, y: str, lag: int) -> tuple[Array, Array]:
    now, before = series[x], series[y]
    if lag:
        now, before = (now[:, lag:], before[:, :-lag]) if lag > 0 else (now[:, :lag], before[:, -lag:])
    return _deviations(now), _deviations(before)


def _deviations(values: Array) -> Array:
    return values - values.mean(axis=1, keepdims=True)


def _standardised(deviations: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return deviations / np.sqrt(np.mean(deviations**2, axis=1, keepdims=True))


def _products(left: Array, right: Array) -> Array:
    return np.einsum("wt,wt->w", left, right)
