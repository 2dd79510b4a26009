"""Geweke's modified harmonic mean, in the form that Dynare prints.

For draws z of a density q(z) / c, the mean of f(z) / q(z) is 1 / c whatever the density f whose support lies
in that of q. Here f is the normal density with the draws' moments, cut to the ellipsoid that holds a share of
its mass (Geweke 1999). A noisy but unbiased likelihood in q leaves this exact, as in
:mod:`estimation.analysis.bridge_sampling`, but its noise enters by its inverse.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from scipy.stats import chi2

from estimation.analysis.bridge_sampling import LogEstimate, effective_size
from surrogate.errors import BadConfiguration

SHARES = np.arange(1, 10) / 10
"""Dynare's: it reports the mean over them."""
SUPPORT_DRAWS = 100_000


def modified_harmonic_mean(
    z: np.ndarray,
    log_target: np.ndarray,
    in_support: Callable[[np.ndarray], np.ndarray],
    generator: np.random.Generator,
) -> LogEstimate:
    """Log normalising constant, the mean over truncations at 10, 20, ..., 90 % of the normal's mass.

    Parameters
    ----------
    z : draws [chains, draws, n]; a chain may be autocorrelated.
    log_target : log q there [chains, draws].
    in_support : z [w, n] -> bool [w], where q is not zero; f is cut to it.
    generator : of the draws that measure how much of f that takes away.
    """
    flat, size = z.reshape(-1, z.shape[-1]), z.shape[-1]
    centre, root = flat.mean(axis=0), np.linalg.cholesky(np.atleast_2d(np.cov(flat.T)))
    distance = np.sum(solve_triangular(root, (flat - centre).T, lower=True) ** 2, axis=0)
    distance = distance.reshape(log_target.shape)
    normal = -0.5 * (distance + size * np.log(2 * np.pi)) - np.log(np.diag(root)).sum()
    limits = chi2.ppf(SHARES, size)
    masses, error = _masses(centre, root, limits, in_support, generator)
    ratios = [
        np.where(distance <= limit, normal - np.log(mass) - log_target, -np.inf)
        for limit, mass in zip(limits, masses, strict=True)
    ]
    means = np.array([logsumexp(ratio) - np.log(ratio.size) for ratio in ratios])
    if not np.isfinite(means).all():
        raise BadConfiguration("Too few draws for the modified harmonic mean: sample more steps.")
    relative = np.mean([np.exp(ratio - mean) for ratio, mean in zip(ratios, means, strict=True)], axis=0)
    spread = relative.std() / np.sqrt(effective_size(relative))
    return LogEstimate(-float(means.mean()), float(np.hypot(spread, error)))


def _masses(
    centre: np.ndarray,
    root: np.ndarray,
    limits: np.ndarray,
    in_support: Callable[[np.ndarray], np.ndarray],
    generator: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """Mass of the normal density in the support and within each limit of squared distance, and the numerical
    standard error of the mean log mass.
    """
    standard = generator.standard_normal((SUPPORT_DRAWS, len(centre)))
    inside = in_support(centre + standard @ root.T)
    near = np.sum(standard**2, axis=1)[:, None] <= limits
    counts = near.sum(axis=0)
    share = (near & inside[:, None]).sum(axis=0) / counts
    if not share.all():
        raise BadConfiguration("Too few draws for the modified harmonic mean: sample more steps.")
    return SHARES * share, float(np.mean(np.sqrt((1 - share) / (share * counts))))
