"""Samples that an economy simulates: as long as the data, and without the trends that are taken out of both.

An economy with a few states has forgotten where it started after `BURN_IN` quarters, and each sample can have
a path of its own: many short paths at once are what a network is fastest at. A distribution of wealth forgets
over thousands of quarters. Then a long burn-in serves all samples of a parameter vector, which follow one
another along one path (Duffie and Singleton 1993). Neighbouring samples are alike in what moves more slowly
than a sample is long; then there is more noise in their average than in that of so many independent ones.
"""

from dataclasses import dataclass

import numpy as np

from surrogate import Surrogate

from .named import Array

BURN_IN = 200


@dataclass(frozen=True)
class Samples:
    """How samples are simulated.

    Attributes
    ----------
    surrogate : the solved economy.
    observables : names of those that are sampled, n_y.
    periods : quarters T of a sample.
    detrended : those from which the least-squares line in time is taken out, sample by sample.
    burn_in : quarters before the samples of a path, which follow one another; ``None`` for one sample a path
        after `BURN_IN` quarters.
    a_path : samples of a path.
    """

    surrogate: Surrogate
    observables: tuple[str, ...]
    periods: int
    detrended: tuple[str, ...] = ()
    burn_in: int | None = None
    a_path: int = 1

    @property
    def dropped(self) -> int:
        """Quarters at the beginning of each path."""
        return BURN_IN if self.burn_in is None else self.burn_in

    def shocks(self, seed: int | list[int], samples: int) -> Array:
        """Shocks [quarters, paths, n_shocks] of so many samples, or of a few more that fill the last path."""
        quarters, paths = self.dropped + self.a_path * self.periods, -(-samples // self.a_path)
        return np.random.default_rng(seed).standard_normal((quarters, paths, self.surrogate.n_shocks))

    def simulate(self, parameters: Array, shocks: Array) -> Array:
        """Samples [w, samples, T, n_y] at ``parameters`` [w, n_parameters] that ``shocks`` [quarters, paths,
        n_shocks] make; not a number where there is no steady state to start from.
        """
        rest = self.surrogate.steady_state(parameters).states
        solved = np.asarray(np.isfinite(rest).all(axis=1))
        start = np.repeat(np.where(solved[:, None], rest, 0.0), shocks.shape[1], axis=0)
        paths = self._paths(parameters, np.tile(shocks, (1, len(parameters), 1)), start)[self.dropped :]
        cut = paths.reshape(self.a_path, self.periods, len(parameters), shocks.shape[1], -1)
        samples = cut.transpose(2, 3, 0, 1, 4).reshape(len(parameters), -1, self.periods, paths.shape[-1])
        samples[~solved] = np.nan
        return self.treated(samples)

    def treated(self, samples: Array) -> Array:
        """Samples [..., T, n_y] without the trends of what is `detrended`: simulated ones, and the data."""
        if not self.detrended:
            return samples
        treated = np.array(samples, dtype=float)
        columns = [self.observables.index(name) for name in self.detrended]
        lines, _ = np.linalg.qr(np.vander(np.arange(self.periods, dtype=float), 2))
        series = treated[..., columns]
        treated[..., columns] = series - lines @ (lines.T @ series)
        return treated

    def _paths(self, parameters: Array, shocks: Array, states: Array) -> Array:
        """Observables [quarters, n, n_y] from ``states`` [n, n_states] on. States are not kept, which would
        fill the memory where they are a distribution.
        """
        economy, dtype = self.surrogate, np.dtype(self.surrogate.card.dtype)
        columns = [economy.observable_names.index(name) for name in self.observables]
        economy.require_inside(parameters)
        theta, paths = parameters.astype(dtype), np.empty((*shocks.shape[:2], len(columns)))
        controls = economy.policy(states, theta, check=False)
        for quarter, shock in enumerate(shocks.astype(dtype)):
            states, controls, seen = economy.step(states, controls, shock, theta, check=False)
            paths[quarter] = seen[:, columns]
        return paths
