"""The sampling covariance of the moments of one sample.

Contributions of the quarters (influence functions), then their long-run covariance by the Bartlett kernel
(Newey and West 1987), whose bandwidth follows Andrews (1991) unless it is given.
"""

from collections.abc import Sequence

import numpy as np

from estimation.moments.named import Moments, as_series
from estimation.moments.series import Array
from surrogate.errors import BadData

HIGHEST_AUTOCORRELATION = 0.97


def moments_covariance(
    moments: Sequence[Moments], sample: Array, observables: Sequence[str], lags: int | None = None
) -> Array:
    """Covariance [n_moments, n_moments] of the moments of ``sample`` [T, n_y] around their true values.

    ``lags`` of the kernel are chosen automatically if ``None``.
    """
    return long_run_covariance(contributions(moments, sample, observables), lags) / len(sample)


def contributions(moments: Sequence[Moments], sample: Array, observables: Sequence[str]) -> Array:
    """What each quarter of ``sample`` [T, n_y] contributes to the error of each moment: [T, n_moments].

    Raises
    ------
    BadData : a moment without a formula is not a number on a part of the sample.
    """
    series = as_series(sample[None], observables)
    columns = []
    for moment in moments:
        if moment.contributions is not None:
            columns.append(moment.contributions(series).T)
            continue
        columns.append(_from_growing_samples(moment, sample, observables))
        if not np.isfinite(columns[-1]).all():
            raise BadData(
                f"The moment {', '.join(moment.names)} is not a number on a piece of the sample, so that "
                "its sampling covariance cannot be found: give its contributions, or moments_cov."
            )
    return np.concatenate(columns, axis=1)


def long_run_covariance(values: Array, lags: int | None = None) -> Array:
    """Long-run covariance [k, k] of ``values`` [T, k]: weights 1 - j/(lags + 1) on lag j."""
    deviations = values - values.mean(axis=0)
    lags = bandwidth(deviations) if lags is None else min(lags, len(values) - 1)
    total = deviations.T @ deviations
    for lag in range(1, lags + 1):
        product = deviations[lag:].T @ deviations[:-lag]
        total += (1 - lag / (lags + 1)) * (product + product.T)
    return total / len(values)


def bandwidth(values: Array) -> int:
    """Lags of the Bartlett kernel for ``values`` [T, k]: Andrews (1991), equations 6.2 and 6.4.

    Every column counts alike, as a first-order autoregression of its own.
    """
    now, before = values[1:], values[:-1]
    spread = np.sum(before**2, axis=0)
    rho = np.sum(now * before, axis=0) / np.where(spread > 0, spread, 1)
    rho = np.clip(rho, -HIGHEST_AUTOCORRELATION, HIGHEST_AUTOCORRELATION)
    variance = 1 - rho**2
    numerator = np.sum(4 * rho**2 * variance**2 / ((1 - rho) ** 6 * (1 + rho) ** 2))
    alpha = numerator / np.sum(variance**2 / (1 - rho) ** 4)
    return min(int(np.ceil(1.1447 * (alpha * len(values)) ** (1 / 3))), len(values) // 2)


def _from_growing_samples(moment: Moments, sample: Array, observables: Sequence[str]) -> Array:
    """Contributions [T, k] of a moment without a formula: how samples that grow by a quarter move it.

    t m(1..t) - (t - 1) m(1..t-1) is the contribution of quarter t up to a remainder that vanishes with t
    (Shao 2010, Journal of the Royal Statistical Society B 72). The second half grows from the first, and
    the first from the second, towards the past; no sample has a seam.
    """
    periods = len(sample)
    middle = periods // 2

    def increments(pieces: list[Array]) -> Array:
        values = [moment.values(as_series(piece[None], observables))[0] * len(piece) for piece in pieces]
        return np.diff(np.array(values), axis=0)

    late = increments([sample[:end] for end in range(middle, periods + 1)])
    early = increments([sample[start:] for start in range(middle, -1, -1)])[::-1]
    return np.concatenate([early, late])
