"""Normalising constants from draws of a density known up to one: bridge and importance sampling, and the
modified harmonic mean.

The first two work on an unnormalised target density q(z) whose draws are at hand and a proposal g(z) that can
be drawn and evaluated. With l = log q - log g,

    importance sampling    c = E_g[exp(l)]
    bridge sampling        c = E_g[q h] / E_q[g h],    h = 1 / (s1 q / c + s2 g),

where s1 and s2 are the shares of either sample and h is the choice of least variance (Meng and Wong 1996).

The target may be extended by the random numbers u of an unbiased likelihood estimate: q(z, u) = prior(z)
estimate(z, u) m(u) against g(z) m(u). Then l holds the estimate itself: on the target's side the one with
which a walker moved to z, on the proposal's side a fresh one, and c is the exact constant.

Geweke's modified harmonic mean has the form that Dynare prints. For draws z of a density q(z) / c, the mean
of f(z) / q(z) is 1 / c whatever the density f whose support lies in that of q. Here f is the normal density
with the draws' moments, cut to the ellipsoid that holds a share of its mass (Geweke 1999). A noisy but
unbiased likelihood in q leaves this exact as well, but its noise enters by its inverse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import chi2

from surrogate.errors import BadConfiguration

SHARES = np.arange(1, 10) / 10
"""Dynare's: it reports the mean over them."""
SUPPORT_DRAWS = 100_000


@dataclass(frozen=True)
class LogEstimate:
    """A log normalising constant with its numerical standard error."""

    value: float
    standard_error: float


def bridge_sampling(target_ratio: np.ndarray, proposal_ratio: np.ndarray) -> LogEstimate:
    """Log normalising constant by the optimal bridge.

    Parameters
    ----------
    target_ratio : log q - log g at the target's draws [chains, draws]; a chain may be autocorrelated.
    proposal_ratio : the same at independent draws of g [n]; minus infinity where q is zero.

    The standard error is that of Fruehwirth-Schnatter (2004, equation 14): the sample of the target counts
    by its effective size, also in the shares s1 and s2 (Gronau and others 2017).
    """
    size, others = float(target_ratio.size), len(proposal_ratio)
    for _ in range(2):  # the second time by the effective size that the first one found
        shares = np.log([size, others]) - np.log(size + others)
        constant = _solve(target_ratio.ravel(), proposal_ratio, shares)
        of_target = np.exp(constant - np.logaddexp(shares[0] + target_ratio, shares[1] + constant))
        size = effective_size(of_target)
    of_proposal = np.exp(proposal_ratio - np.logaddexp(shares[0] + proposal_ratio, shares[1] + constant))
    variance = relative_variance(of_target) / size + relative_variance(of_proposal) / others
    return LogEstimate(constant, float(np.sqrt(variance)))


def importance_sampling(proposal_ratio: np.ndarray) -> LogEstimate:
    """Log normalising constant from log q - log g at independent draws of g [n]."""
    weights = np.exp(proposal_ratio - proposal_ratio.max())
    value = logsumexp(proposal_ratio) - np.log(len(weights))
    return LogEstimate(float(value), float(np.sqrt(relative_variance(weights) / len(weights))))


def relative_variance(values: np.ndarray) -> float:
    """Variance over squared mean."""
    return float(np.var(values) / np.mean(values) ** 2)


def effective_size(values: np.ndarray) -> float:
    """Effective number of draws behind the mean of values [chains, draws] (Vehtari and others 2021)."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    if np.ptp(values) == 0:
        return float(values.size)
    return np.asarray(array_stats.ess(values, method="mean")).item()


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


def _solve(target_ratio: np.ndarray, proposal_ratio: np.ndarray, shares: np.ndarray) -> float:
    """The constant at which both sides of the bridge agree: one side rises in it, the other falls."""

    def imbalance(constant: float) -> float:
        """Log of one side over the other."""
        rising = constant - np.logaddexp(shares[0] + target_ratio, shares[1] + constant)
        falling = proposal_ratio - np.logaddexp(shares[0] + proposal_ratio, shares[1] + constant)
        sizes = np.log([len(rising), len(falling)])
        return float(logsumexp(rising) - sizes[0] - logsumexp(falling) + sizes[1])

    start = float(np.median(target_ratio))
    width = 10.0
    while imbalance(start - width) > 0 or imbalance(start + width) < 0:
        width *= 2
    root: Any = brentq(imbalance, start - width, start + width, xtol=1e-10)
    return float(root)


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
