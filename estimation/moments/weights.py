"""Weighting matrices of the moments, the combinations of moments that have none, and the sampling covariance
of the moments of one sample, from which the weights follow.

The covariance rests on contributions of the quarters (influence functions), and on their long-run covariance
by the Bartlett kernel (Newey and West 1987), whose bandwidth follows Andrews (1991) unless it is given.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from surrogate.errors import BadConfiguration, BadData, unknown_name

from .named import Array, Moments, as_series

WEIGHTS = ("identity", "diagonal", "optimal")
SINGULAR = 1e-10
"""Of the smallest eigenvalue of a correlation matrix relative to the largest."""
NOTICEABLE = 0.05
"""Loading on a unit eigenvector."""
Weights = str | np.ndarray | pd.DataFrame
HIGHEST_AUTOCORRELATION = 0.97


def weighting_matrix(weights: Weights, covariance: Array, names: Sequence[str], periods: int) -> Array:
    """The matrix W [k, k] of the distance g' W g.

    Parameters
    ----------
    weights : ``"identity"`` is T times the unit matrix, which leaves the moments' own units; ``"diagonal"``
        divides each squared distance by the moment's sampling variance; ``"optimal"`` is the inverse of
        ``covariance`` (Hansen 1982). A matrix, or a DataFrame with the moments' names, is taken as it is.
    covariance : of the moments of the data [k, k].
    names : of the moments.
    periods : T.

    Raises
    ------
    UnknownName : another kind of weights.
    BadData : a moment without sampling variance, or moments that are collinear.
    BadConfiguration : a matrix that is not symmetric, positive definite and of the right size.
    """
    if not isinstance(weights, str):
        matrix = _symmetric(weights, names, "The weighting matrix")
        scale = np.sqrt(np.abs(np.diag(matrix)))
        if not (scale > 0).all():
            raise BadConfiguration("The weighting matrix must have a positive weight for each moment.")
        guilty = collinear(matrix / np.outer(scale, scale), names)
        if guilty:
            raise BadConfiguration(
                f"The weighting matrix is singular: it does not tell the moments {', '.join(guilty)} apart, "
                "which are collinear in it. Leave one of them out, or give a positive definite matrix."
            )
        return matrix
    if weights == "identity":
        return periods * np.eye(len(names))
    if weights not in WEIGHTS:
        raise unknown_name("kind of weights", weights, WEIGHTS)
    variance = _variances(covariance, names)
    return np.diag(1 / variance) if weights == "diagonal" else inverse(covariance, names)


def inverse(covariance: Array, names: Sequence[str]) -> Array:
    """The inverse [k, k] of the moments' ``covariance``.

    Raises
    ------
    BadData : a moment without sampling variance, or moments that are collinear, by name.
    """
    scale = np.sqrt(_variances(covariance, names))
    correlation = covariance / np.outer(scale, scale)
    guilty = collinear(correlation, names)
    if guilty:
        raise BadData(
            f"The moments {', '.join(guilty)} are collinear: one follows from the others, so their "
            'covariance matrix has no inverse. Leave one of them out, or choose weights = "diagonal".'
        )
    inverted = np.linalg.inv(correlation) / np.outer(scale, scale)
    return (inverted + inverted.T) / 2


def collinear(matrix: Array, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that a symmetric ``matrix`` [k, k] cannot tell apart; none if it has full rank."""
    values, vectors = np.linalg.eigh(matrix)
    null = vectors[:, values < SINGULAR * max(values[-1], 0)]
    loadings = np.sqrt(np.sum(null**2, axis=1))
    return [name for name, loading in zip(names, loadings, strict=True) if loading > NOTICEABLE]


def covariance_matrix(given: Array | pd.DataFrame, names: Sequence[str]) -> Array:
    """A covariance [k, k] of moments, in the order of ``names``; a DataFrame goes by its labels.

    Raises
    ------
    UnknownName : a label that is no moment.
    BadConfiguration : a missing label, or a matrix that is not symmetric, positive semidefinite and of the
        right size.
    """
    matrix = _symmetric(given, names, "moments_cov")
    scale = np.sqrt(np.abs(np.diag(matrix)))
    scale[scale == 0] = max(scale.max(), 1.0)
    if np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() < -SINGULAR * len(names):
        raise BadConfiguration(
            "moments_cov is no covariance: some combination of the moments would have a negative variance."
        )
    return matrix


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


def _variances(covariance: Array, names: Sequence[str]) -> Array:
    variance = np.diag(covariance)
    still = ~((variance > 0) & np.isfinite(variance))
    if still.any():
        raise BadData(f"The moment {names[int(still.argmax())]} has no sampling variance in the data.")
    return variance


def _symmetric(given: Array | pd.DataFrame, names: Sequence[str], what: str) -> Array:
    """A symmetric matrix [k, k] in the order of ``names``; ``what`` begins the sentence if it is none."""
    if isinstance(given, pd.DataFrame):
        given = _in_order(given, names, what)
    matrix = np.asarray(given, dtype=float)
    if matrix.shape != (len(names), len(names)):
        raise BadConfiguration(
            f"{what} has shape {matrix.shape}; {len(names)} moments need ({len(names)}, {len(names)})."
        )
    scale = np.abs(matrix).max(initial=0.0)
    if not (np.isfinite(matrix).all() and np.allclose(matrix, matrix.T, atol=SINGULAR * scale)):
        raise BadConfiguration(f"{what} must be symmetric and finite.")
    return matrix


def _in_order(table: pd.DataFrame, names: Sequence[str], what: str) -> Array:
    for axis in (table.index, table.columns):
        for name in axis:
            if name not in names:
                raise unknown_name(f"moment of {what.lower()}", str(name), names)
        missing = [name for name in names if name not in axis]
        if missing or len(axis) != len(names):
            raise BadConfiguration(
                f"{what} must have the {len(names)} moments, each once"
                + (f", and lacks {', '.join(missing)}." if missing else ".")
            )
    return table.loc[list(names), list(names)].to_numpy(dtype=float)


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
