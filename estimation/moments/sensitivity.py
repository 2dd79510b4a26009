"""How estimates depend on moments.

G [k, p] are the derivatives of the simulated moments, W [k, k] the weights and S [k, k] the covariance of the
distance. The measures other than "bias" are those of Honore, Jorgensen and de Paula (2020, Journal of Applied
Econometrics 35), all as shares of the parameter's variance.
"""

from collections.abc import Callable

import numpy as np

from estimation.moments.series import Array


def response(derivatives: Array, weights: Array) -> Array:
    """Change of the estimates [p, k] by one unit more of each moment of the data: (G' W G)^-1 G' W.

    Andrews, Gentzkow and Shapiro (2017, Quarterly Journal of Economics 132).
    """
    weighted = derivatives.T @ weights
    return np.linalg.solve(weighted @ derivatives, weighted)


def sandwich(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Covariance [p, p] of the estimates under any weights: L S L' with L the :func:`response`."""
    reaction = response(derivatives, weights)
    return reaction @ covariance @ reaction.T


def noise(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Precision lost [p, k] if a moment had a little more noise: elasticity of variances."""
    variance = np.diag(sandwich(derivatives, weights, covariance))
    return response(derivatives, weights) ** 2 * np.diag(covariance) / variance[:, None]


def noise_fundamental(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """The same [p, k] under optimal weights."""
    return noise(derivatives, np.linalg.inv(covariance), covariance)


def removal(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Precision lost [p, k] if a moment were left out and the other weights kept; NaN if nothing is left."""
    return _each_removed(derivatives, weights, covariance, keep_weights=True)


def removal_fundamental(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """The same [p, k] under optimal weights."""
    return _each_removed(derivatives, np.linalg.inv(covariance), covariance, keep_weights=False)


def weighting(derivatives: Array, weights: Array, covariance: Array) -> Array:
    """Change of precision [p, k] if a moment had a little more weight: elasticity of variances."""
    variance = sandwich(derivatives, weights, covariance)
    bread = np.linalg.inv(derivatives.T @ weights @ derivatives)
    reaction = bread @ derivatives.T  # [p, k]
    towards = reaction * (covariance @ weights @ derivatives @ bread).T
    away = reaction * (variance @ derivatives.T)
    return 2 * (towards - away) * np.diag(weights) / np.diag(variance)[:, None]


KINDS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "bias": lambda derivatives, weights, covariance: response(derivatives, weights),
    "noise_fundamental": noise_fundamental,
    "noise": noise,
    "removal": removal,
    "removal_fundamental": removal_fundamental,
    "weighting": weighting,
}


def _each_removed(derivatives: Array, weights: Array, covariance: Array, keep_weights: bool) -> Array:
    before = np.diag(sandwich(derivatives, weights, covariance))
    columns = []
    for moment in range(len(weights)):
        kept = np.delete(np.arange(len(weights)), moment)
        block = np.ix_(kept, kept)
        chosen = weights[block] if keep_weights else None
        columns.append(_variances(derivatives[kept], chosen, covariance[block]) / before - 1)
    return np.stack(columns, axis=1)


def _variances(derivatives: Array, weights: Array | None, covariance: Array) -> Array:
    """Variances [p] of the estimates, NaN where these moments do not identify them."""
    if np.linalg.matrix_rank(derivatives) < derivatives.shape[1]:
        return np.full(derivatives.shape[1], np.nan)
    weights = np.linalg.inv(covariance) if weights is None else weights
    return np.diag(sandwich(derivatives, weights, covariance))
