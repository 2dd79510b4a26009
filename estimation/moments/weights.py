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
    if isinstance(weights, pd.DataFrame):
        return _given(_in_order(weights, names), names)
    if not isinstance(weights, str):
        return _given(np.asarray(weights, dtype=float), names)
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


def _in_order(weights: pd.DataFrame, names: Sequence[str]) -> Array:
    for axis in (weights.index, weights.columns):
        for name in axis:
            if name not in names:
                raise unknown_name("moment of the weighting matrix", str(name), names)
        if len(axis) != len(names):
            raise BadConfiguration(f"The weighting matrix must have the {len(names)} moments, each once.")
    return weights.loc[list(names), list(names)].to_numpy(dtype=float)


def _given(matrix: Array, names: Sequence[str]) -> Array:
    if matrix.shape != (len(names), len(names)):
        raise BadConfiguration(
            f"The weighting matrix has shape {matrix.shape}; {len(names)} moments need "
            f"({len(names)}, {len(names)})."
        )
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not (np.isfinite(matrix).all() and np.allclose(matrix, matrix.T) and (scale > 0).all()):
        raise BadConfiguration(
            "The weighting matrix must be symmetric and finite, with a positive weight for each moment."
        )
    guilty = collinear(matrix / np.outer(scale, scale), names)
    if guilty:
        raise BadConfiguration(
            f"The weighting matrix is singular: it does not tell the moments {', '.join(guilty)} apart, "
            "which are collinear in it. Leave one of them out, or give a positive definite matrix."
        )
    return matrix
