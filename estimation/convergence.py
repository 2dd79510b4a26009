"""What chains say about their own convergence (Vehtari, Gelman, Simpson, Carpenter and Buerkner 2021).

Walkers of one ensemble learn from each other, so only ensembles are independent chains: R-hat compares
ensembles. Autocorrelation is a matter of one walker's path, so effective sample sizes take each walker's path
by itself: draws of all walkers in the order of time would look independent.

Walkers also depend on the past of others, which paths do not show. On normal targets, where the error of the
mean over repeated runs can be compared, that hardly matters: effective sample sizes predict it within about a
tenth (tests). The variance of the ensemble's mean over time would show it, but is five times
as noisy an estimate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from estimation.chains import Chains

LEAST_SHARE, LARGEST_SHARE = 0.2, 0.5
TIMES_TO_DISCARD = 2
TAILS = (0.05, 0.95)
RHAT_LIMIT = 1.01
"""What Vehtari and others (2021) ask for."""


@dataclass(frozen=True)
class Diagnosis:
    """How far chains are from a target.

    Attributes
    ----------
    ess : smallest bulk or tail effective sample size of a parameter.
    rhat : largest R-hat of a parameter.
    burnt_in : whether the burn-in was as long as the autocorrelation time asks for.
    """

    ess: float
    rhat: float
    burnt_in: bool

    def reached(self, target: float) -> bool:
        """Whether all is well and there are ``target`` effective draws of every parameter."""
        return self.burnt_in and self.ess >= target and self.rhat <= RHAT_LIMIT


def diagnose(chains: Chains, burn: int | None) -> Diagnosis:
    """Judge chains [ensembles, steps, walkers, n], which still have their burn-in.

    Parameters
    ----------
    burn : steps to discard; chosen from the chains if ``None``.
    """
    wanted = _wanted_burn(chains) if burn is None else burn
    fits = burn is not None or wanted <= LARGEST_SHARE * chains.steps
    kept = chains.discard(wanted if fits else _longest_burn(chains))
    sizes = np.concatenate([bulk_sample_size(kept), tail_sample_size(kept)])
    return Diagnosis(float(np.min(sizes)), float(np.max(rhat(kept))), fits)


def automatic_burn(chains: Chains) -> int:
    """Steps to discard: twice the autocorrelation time, at least a fifth and at most half of all steps."""
    return min(_wanted_burn(chains), _longest_burn(chains))


def autocorrelation_times(chains: Chains) -> np.ndarray:
    """Integrated autocorrelation time [n] along walkers' paths, in steps: draws over independent draws."""
    return chains.theta[..., 0].size / bulk_sample_size(chains)


def autocorrelation_time(chains: Chains) -> float:
    """The longest of :func:`autocorrelation_times`; one for a parameter that cannot tell."""
    return float(np.nanmax(autocorrelation_times(chains), initial=1.0))


def rhat(chains: Chains) -> np.ndarray:
    """Rank-normalised split R-hat [n] across ensembles, each split in two in time."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(chains.by_time(), array_stats.rhat)


def bulk_sample_size(chains: Chains) -> np.ndarray:
    """Bulk effective sample size [n] of all draws together: how well means and medians are known.

    Each walker's path follows the last one's. On autoregressions this is within a tenth of the truth even
    where paths are four autocorrelation times short, while emcee's estimate, which takes out each walker's
    own mean, is three times too high.
    """
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(chains.by_walker(), array_stats.ess)


def tail_sample_size(chains: Chains) -> np.ndarray:
    """Tail effective sample size [n]: how well the 5 % and 95 % quantiles are known, the worse of the two."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(
        chains.by_walker(), lambda draws: array_stats.ess(draws, method="tail", prob=TAILS)
    )


def _each_parameter(draws: np.ndarray, statistic: Callable) -> np.ndarray:
    """A statistic [n] of draws [ensembles, m, n]."""
    return np.array([float(statistic(values)) for values in np.moveaxis(draws, 2, 0)])


def _wanted_burn(chains: Chains) -> int:
    second_half = replace(chains, theta=chains.theta[:, chains.steps // 2 :])
    return math.ceil(max(LEAST_SHARE * chains.steps, TIMES_TO_DISCARD * autocorrelation_time(second_half)))


def _longest_burn(chains: Chains) -> int:
    return math.ceil(LARGEST_SHARE * chains.steps)
