"""The package `particles` (Chopin) on nonlinear economies, by the same step.onnx as our filters."""

from collections.abc import Iterator

import numpy as np
import particles  # pyright: ignore[reportMissingImports]
from numpy.typing import NDArray

from benchmarks.filter_cases import Case, Row
from benchmarks.filters_peer import SETTINGS, measure_peer
from estimation.filters.linearisation import at_steady_state
from estimation.filters.state_space import LOG_TWO_PI

Array = NDArray[np.floating]


class Bootstrap(particles.FeynmanKac):
    """Bootstrap filter; a particle is a row (state, controls, predicted observables, log ratio).

    It starts from the ergodic distribution of the economy linearised at its steady state, without burn-in.

    Parameters
    ----------
    case : economy, parameters and sample without missing observations.
    """

    def __init__(self, case: Case) -> None:
        super().__init__(T=len(case.data))
        self.generator = np.random.default_rng(1)
        self.space, self.data = case.space, case.data
        self.theta = case.theta[None].astype(self.space.dtype)
        self.steady = at_steady_state(self.space, self.theta, periods=1)
        self.inverse_sd = 1 / case.sd
        self.constant = np.log(self.inverse_sd).sum() - len(case.sd) * LOG_TWO_PI / 2

    def M0(self, N: int) -> Array:
        """First particles [N, k]."""
        normals = self.generator.standard_normal((N, self.steady.root.shape[1]))
        states = (self.steady.mean[0] + normals @ self.steady.root[0].T).astype(self.space.dtype)
        return self._move(states, self.space.policy(states, self.theta), 0)

    def M(self, t: int, xp: Array) -> Array:
        """Particles of period t given those before, [N, k]."""
        surrogate, dtype = self.space.surrogate, self.space.dtype
        states, controls, _ = np.split(xp, np.cumsum([surrogate.n_states, surrogate.n_controls]), axis=1)
        return self._move(states.astype(dtype), controls.astype(dtype), t)

    def logG(self, t: int, xp: Array | None, x: Array) -> Array:
        """Log density of the period's observations plus log ratio of the shocks' densities, [N]."""
        errors = (x[:, -1 - len(self.inverse_sd) : -1] - self.data[t]) * self.inverse_sd
        return self.constant - 0.5 * np.square(errors).sum(axis=1) + x[:, -1]

    def _move(self, states: Array, controls: Array, t: int) -> Array:
        shocks, log_ratio = self._shocks(states, t)
        outcome = self.space.step(states, controls, shocks.astype(states.dtype), self.theta)
        return np.hstack([*outcome, log_ratio[:, None]])

    def _shocks(self, states: Array, t: int) -> tuple[Array, Array]:
        """Shocks [N, n_e] and their log ratios [N] of prior to proposal."""
        shocks = self.generator.standard_normal((len(states), self.space.surrogate.n_shocks))
        return shocks, np.zeros(len(states))


class Guided(Bootstrap):
    """Guided filter: shocks given the observation, in the economy linearised at the steady state."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        linear = self.steady.linearisation
        self.observe_state, impact = linear.observation[0, 0], linear.observation_shock[0, 0]
        spread = impact @ impact.T + np.diag(self.inverse_sd**-2)
        self.gain = np.linalg.solve(spread, impact).T
        self.factor = np.linalg.cholesky(np.eye(impact.shape[1]) - self.gain @ impact)
        self.log_determinant = np.log(np.diag(self.factor)).sum()

    def _shocks(self, states: Array, t: int) -> tuple[Array, Array]:
        deviations = states - self.steady.mean[0]
        predicted = self.observe_state[:, 0] + deviations @ self.observe_state[:, 1:].T
        normals = self.generator.standard_normal((len(states), len(self.factor)))
        shocks = (self.data[t] - predicted) @ self.gain.T + normals @ self.factor.T
        squares = np.square(normals).sum(axis=1) - np.square(shocks).sum(axis=1)
        return shocks, squares / 2 + self.log_determinant


def onnx_peer_rows(case: Case) -> Iterator[Row]:
    """Measure `particles` on a case, one parameter vector at a time."""
    for method, count in SETTINGS:
        model = Bootstrap(case) if method == "bootstrap" else Guided(case)
        yield measure_peer(model, case, method, count)
