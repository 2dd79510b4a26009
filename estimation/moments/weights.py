"""Weighting matrices of the moments, and the combinations of moments that have none."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from estimation.moments.series import Array
from surrogate.errors import BadConfiguration, BadData, unknown_name

WEIGHTS = ("identity", "diagonal", "optimal")
SINGULAR = 1e-10
"""Of the smallest eigenvalue of a correlation matrix relative to the largest."""
NOTICEABLE = 0.05
"""Loading on a unit eigenvector."""
Weights = str | np.ndarray | pd.DataFrame


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
        return _given(weights, names)
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
    found = np.linalg.inv(correlation) / np.outer(scale, scale)
    return (found + found.T) / 2


def collinear(matrix: Array, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that a symmetric ``matrix`` [k, k] cannot tell apart; none if it has full rank."""
    values, vectors = np.linalg.eigh(matrix)
    null = vectors[:, values < SINGULAR * max(values[-1], 0)]
    loadings = np.sqrt(np.sum(null**2, axis=1))
    return [name for name, loading in zip(names, loadings, strict=True) if loading > NOTICEABLE]


def _variances(covariance: Array, names: Sequence[str]) -> Array:
    variance = np.diag(covariance)
    still = ~((variance > 0) & np.isfinite(variance))
    if still.any():
        raise BadData(f"The moment {names[int(still.argmax())]} has no sampling variance in the data.")
    return variance


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


def _given(given: Array | pd.DataFrame, names: Sequence[str]) -> Array:
    matrix = _symmetric(given, names, "The weighting matrix")
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
