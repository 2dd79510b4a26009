"""Design points: where the filter was called, and what it said; kept as a table that a run can go on with."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from estimation.posterior import Posterior
from estimation.sealed import seal_text, unseal_text
from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.house.files import atomic_path

Array = NDArray[np.float64]

ROUND, CALLS = "round", "calls"
VALUES = ("log_likelihood_1", "log_likelihood_2")
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Design:
    """Points in the order in which they were chosen.

    Attributes
    ----------
    names : free parameters.
    theta : [m, n].
    rounds : the round that chose each point [m]; 0 is the quasi-random one.
    calls : how often the filter is called at each point [m], once or twice.
    values : what it returned [m, 2]; NaN where it has not been called.
    """

    names: tuple[str, ...]
    theta: Array
    rounds: NDArray[np.int64]
    calls: NDArray[np.int64]
    values: Array

    @classmethod
    def empty(cls, names: Sequence[str]) -> "Design":
        """A design without points."""
        none = np.zeros(0, dtype=np.int64)
        return cls(tuple(names), np.zeros((0, len(names))), none, none, np.zeros((0, 2)))

    def __len__(self) -> int:
        """Number of points."""
        return len(self.theta)

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Whether each point [m] is still to be filtered."""
        return np.isnan(self.values[:, 0])

    @property
    def mean(self) -> Array:
        """Mean of the calls at each point [m]."""
        return np.where(self.calls == 2, self.values.sum(axis=1) / 2, self.values[:, 0])

    def extended(self, theta: Array, number: int, calls: int) -> "Design":
        """The design with points theta [k, n] of round ``number`` to be filtered."""
        size = len(theta)
        return Design(
            self.names,
            np.vstack([self.theta, theta]),
            np.append(self.rounds, np.full(size, number)),
            np.append(self.calls, np.full(size, calls)),
            np.vstack([self.values, np.full((size, 2), np.nan)]),
        )

    def filtered(self, rows: NDArray[np.intp], values: Array) -> "Design":
        """The design with ``values`` [len(rows), 2] in place."""
        changed = self.values.copy()
        changed[rows] = values
        return replace(self, values=changed)

    def save(self, file: Path) -> None:
        """Write a CSV file in which every number is exact, after a comment with a checksum."""
        table = pd.DataFrame(self.theta, columns=list(self.names))
        table.insert(0, ROUND, self.rounds)
        table.insert(1, CALLS, self.calls)
        for name, column in zip(VALUES, self.values.T, strict=True):
            table[name] = column
        with atomic_path(file) as path:
            path.write_text(seal_text(table.to_csv(index=False)), encoding="utf-8")


def read_design(file: Path, names: Sequence[str]) -> Design:
    """Read what :meth:`Design.save` wrote.

    Raises
    ------
    BrokenArtifact : the file is damaged, of another version, or has other columns.
    """
    columns = [ROUND, CALLS, *names, *VALUES]
    try:
        text = unseal_text(file.read_text(encoding="utf-8"))
        table = pd.read_csv(io.StringIO(text), dtype=str).loc[:, columns].map(float)  # to the last digit
        theta = table[list(names)].to_numpy(dtype=float)
        values = table[list(VALUES)].to_numpy(dtype=float)
        rounds, calls = (table[name].to_numpy(dtype=np.int64) for name in (ROUND, CALLS))
    except (ValueError, KeyError, OSError):
        raise BrokenArtifact(
            f"{file} is damaged, of another version, or not a table of design points with the columns "
            f"{', '.join(columns)}: delete it to filter them again."
        ) from None
    return Design(tuple(names), theta, rounds, calls, values)


def quasi_random_points(posterior: Posterior, size: int, seed: int) -> Array:
    """Points [size, n] that cover the prior, from a scrambled Sobol sequence, where the surrogate holds.

    Raises
    ------
    BadConfiguration : hardly any of the prior lies where the surrogate holds.
    """
    sequence = qmc.Sobol(posterior.n_free, rng=np.random.default_rng([seed, 0]))
    points = np.zeros((0, posterior.n_free))
    for power in range(int(np.ceil(np.log2(size))), int(np.ceil(np.log2(size / LEAST_SHARE)))):
        candidates = posterior.priors.from_unit(sequence.random(2**power))
        points = np.vstack([points, candidates[posterior.surrogate.inside(posterior.parameters(candidates))]])
        if len(points) >= size:
            return points[:size]
    raise BadConfiguration(
        "Hardly any of the prior is in the surrogate's certified region; change the priors."
    )
