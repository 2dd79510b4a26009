"""Chains of independent ensembles and what they say about their own convergence.

Walkers of one ensemble learn from each other, so only ensembles are independent chains: R-hat compares
ensembles. Autocorrelation is a matter of one walker's path, so the effective sample size takes each walker's
path by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from estimation.sampler import LEAST_KEPT, open_backend, steps_done
from surrogate.errors import BadConfiguration

LEAST_SHARE, LARGEST_SHARE = 0.2, 0.5


@dataclass(frozen=True)
class Chains:
    """Draws of several ensembles.

    Attributes
    ----------
    names : free parameters.
    theta : [ensembles, steps, walkers, n].
    log_prob : log posterior kernel [ensembles, steps, walkers], as estimated when the walker moved there.
    acceptance : share of accepted proposals of each ensemble, over all its steps.
    """

    names: tuple[str, ...]
    theta: np.ndarray
    log_prob: np.ndarray
    acceptance: np.ndarray

    @property
    def steps(self) -> int:
        """Number of steps of every walker."""
        return self.theta.shape[1]

    def discard(self, burn: int) -> "Chains":
        """Leave out the first ``burn`` steps of every walker.

        Raises
        ------
        BadConfiguration : hardly any step is left.
        """
        if not 0 <= burn <= self.steps - LEAST_KEPT:
            raise BadConfiguration(f"A burn-in of {burn} leaves too little of {self.steps} steps.")
        return replace(self, theta=self.theta[:, burn:], log_prob=self.log_prob[:, burn:])

    def by_walker(self) -> np.ndarray:
        """Draws [ensembles, walkers * steps, n], one walker's whole path after the other."""
        return self.theta.swapaxes(1, 2).reshape(len(self.theta), -1, len(self.names))

    def by_time(self) -> np.ndarray:
        """Draws [ensembles, steps * walkers, n], one step of all walkers after the other."""
        return self.theta.reshape(len(self.theta), -1, len(self.names))


def read_chains(files: Sequence[Path], names: tuple[str, ...]) -> Chains:
    """Read the ensembles in ``files``, as far as all of them have got."""
    backends: list[Any] = [open_backend(file) for file in files]
    steps = min(map(steps_done, backends))
    if not steps:
        raise BadConfiguration("There is no draw yet: sample first.")
    theta = np.array([np.asarray(backend.get_chain())[:steps] for backend in backends])
    log_prob = np.array([np.asarray(backend.get_log_prob())[:steps] for backend in backends])
    acceptance = np.array([np.mean(backend.accepted) / steps_done(backend) for backend in backends])
    return Chains(names, theta, log_prob, acceptance)


def automatic_burn(chains: Chains) -> int:
    """Steps to discard: twice the autocorrelation time, at least a fifth and at most half of all steps."""
    second_half = replace(chains, theta=chains.theta[:, chains.steps // 2 :])
    wanted = max(LEAST_SHARE * chains.steps, 2 * autocorrelation_time(second_half))
    return math.ceil(min(wanted, LARGEST_SHARE * chains.steps))


def autocorrelation_time(chains: Chains) -> float:
    """Longest integrated autocorrelation time over the parameters, in steps: draws over independent draws."""
    draws = chains.theta[..., 0].size
    return draws / float(np.nanmin(effective_sample_size(chains), initial=draws))


def rhat(chains: Chains) -> np.ndarray:
    """Rank-normalised split R-hat [n] across ensembles, which are split in time (Vehtari and others 2021)."""
    import arviz  # slow to load, and worker processes never need it

    return np.array([float(arviz.rhat(draws)) for draws in np.moveaxis(chains.by_time(), 2, 0)])


def effective_sample_size(chains: Chains) -> np.ndarray:
    """Bulk effective sample size [n] of all draws together (Vehtari and others 2021).

    Each walker's path follows the last one's, so that the autocorrelation is that of paths. On
    autoregressions this is within a tenth of the truth even where paths are four autocorrelation times short,
    while emcee's estimate, which takes out each walker's own mean, is three times too high.
    """
    import arviz  # slow to load, and worker processes never need it

    return np.array(
        [float(arviz.ess(draws, method="bulk")) for draws in np.moveaxis(chains.by_walker(), 2, 0)]
    )
