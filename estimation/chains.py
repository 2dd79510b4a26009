"""Chains of independent ensembles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from estimation.chain_file import ChainFile
from surrogate.errors import BadConfiguration, BrokenArtifact

LEAST_KEPT = 4
"""Steps after the burn-in without which nothing can be said about convergence."""


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

    def require_inside(self, lower: np.ndarray, upper: np.ndarray, where: str) -> None:
        """Refuse draws that no sampler leaves: not finite, or beyond the ends [n] of the priors' supports.

        Raises
        ------
        BrokenArtifact : naming the parameters, and ``where`` the chains are.
        """
        inside = np.isfinite(self.theta) & (self.theta >= lower) & (self.theta <= upper)
        wrong = [name for place, name in enumerate(self.names) if not inside[..., place].all()]
        if wrong:
            raise BrokenArtifact(
                f"The chains in {where} have draws of {', '.join(wrong)} where the prior has no mass: they "
                "are damaged. Delete them to sample again."
            )

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


def read_chains(files: Sequence[Path], names: tuple[str, ...], steps: int | None = None) -> Chains:
    """Read the ensembles in ``files``, as far as all of them have got, or their first ``steps`` steps.

    Raises
    ------
    BrokenArtifact : a file is damaged.
    BadConfiguration : there is no draw yet.
    """
    chains = [ChainFile(file) for file in files]
    least = min(chain.steps for chain in chains)
    least = least if steps is None else min(least, steps)
    if not least:
        raise BadConfiguration("There is no draw yet: sample first.")
    draws = [chain.draws(least) for chain in chains]
    theta, log_prob = (np.array(parts) for parts in zip(*draws, strict=True))
    moved = np.any(np.diff(theta, axis=1) != 0, axis=3)
    acceptance = moved.mean(axis=(1, 2)) if least > 1 else np.zeros(len(theta))
    return Chains(names, theta, log_prob, acceptance)
