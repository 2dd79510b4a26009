"""Normalising constants from draws of a density known up to one: bridge and importance sampling.

Both work on an unnormalised target density q(z) whose draws are at hand and a proposal g(z) that can be
drawn and evaluated. With l = log q - log g,

    importance sampling    c = E_g[exp(l)]
    bridge sampling        c = E_g[q h] / E_q[g h],    h = 1 / (s1 q / c + s2 g),

where s1 and s2 are the shares of either sample and h is the choice of least variance (Meng and Wong 1996).

The target may be extended by the random numbers u of an unbiased likelihood estimate: q(z, u) = prior(z)
estimate(z, u) m(u) against g(z) m(u). Then l holds the estimate itself: on the target's side the one with
which a walker moved to z, on the proposal's side a fresh one, and c is the exact constant.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp


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
