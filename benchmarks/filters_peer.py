"""The package `particles` (Chopin) on the log-linear economy: no network to evaluate, no burn-in."""

import time
from collections.abc import Iterator

import numpy as np
import particles  # pyright: ignore[reportMissingImports]
from numpy.typing import NDArray

from benchmarks.filter_cases import POINTS, Case, Row, kept_row
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.an_schorfheide_linear import LOG_TWO_PI, LinearStateSpace

REPLICATIONS = 24
SETTINGS = (("bootstrap", 400), ("bootstrap", 10_000), ("guided", 400), ("guided", 1_000))


class Bootstrap(particles.FeynmanKac):
    """Bootstrap filter; a particle is a row (state, predicted observables).

    Parameters
    ----------
    model : the linear economy.
    data : [T, n_y] without missing observations.
    """

    def __init__(self, model: LinearStateSpace, data: NDArray[np.float64]) -> None:
        super().__init__(T=len(data))
        self.generator = np.random.default_rng(1)
        self.model, self.data = model, data
        self.mean, covariance = model.stationary_distribution()
        values, vectors = np.linalg.eigh(covariance)
        self.root = vectors * np.sqrt(np.maximum(values, 0))
        self.inverse_sd = 1 / np.sqrt(np.diag(model.measurement_covariance))
        self.constant = np.log(self.inverse_sd).sum() - len(self.inverse_sd) * LOG_TWO_PI / 2

    def M0(self, N: int) -> NDArray[np.float64]:
        """First particles [N, n_s + n_y]."""
        return self._move(self.mean + self.generator.standard_normal((N, len(self.mean))) @ self.root.T, 0)

    def M(self, t: int, xp: NDArray[np.float64]) -> NDArray[np.float64]:
        """Particles of period t given those before, [N, n_s + n_y]."""
        return self._move(xp[:, : len(self.mean)], t)

    def logG(self, t: int, xp: NDArray[np.float64] | None, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of the period's observations, [N]."""
        errors = (x[:, len(self.mean) :] - self.data[t]) * self.inverse_sd
        return self.constant - 0.5 * np.square(errors).sum(axis=1)

    def _move(self, states: NDArray[np.float64], t: int) -> NDArray[np.float64]:
        shocks = self.generator.standard_normal((len(states), self.model.shock_impact.shape[1]))
        return self._outcome(states, shocks)

    def _outcome(self, states: NDArray[np.float64], shocks: NDArray[np.float64]) -> NDArray[np.float64]:
        m = self.model
        following = states @ m.transition.T + shocks @ m.shock_impact.T
        predicted = m.observation_constant + states @ m.observation_state.T + shocks @ m.observation_shock.T
        return np.hstack([following, predicted])


class Guided(Bootstrap):
    """Conditionally optimal filter; a particle's last column is the density of its observation."""

    def __init__(self, model: LinearStateSpace, data: NDArray[np.float64]) -> None:
        super().__init__(model, data)
        impact = model.observation_shock
        spread = impact @ impact.T + model.measurement_covariance
        self.gain = np.linalg.solve(spread, impact).T
        self.factor = np.linalg.cholesky(np.eye(impact.shape[1]) - self.gain @ impact)
        self.whiten = np.linalg.inv(np.linalg.cholesky(spread))
        self.constant = np.log(np.diag(self.whiten)).sum() - len(spread) * LOG_TWO_PI / 2

    def logG(self, t: int, xp: NDArray[np.float64] | None, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log predictive density of the period's observations given the particle before, [N]."""
        return x[:, -1]

    def _move(self, states: NDArray[np.float64], t: int) -> NDArray[np.float64]:
        m = self.model
        innovation = self.data[t] - m.observation_constant - states @ m.observation_state.T
        normals = self.generator.standard_normal((len(states), self.gain.shape[0]))
        shocks = innovation @ self.gain.T + normals @ self.factor.T
        density = self.constant - 0.5 * np.square(innovation @ self.whiten.T).sum(axis=1)
        return np.column_stack([states @ m.transition.T + shocks @ m.shock_impact.T, density])


def peer_rows(case: Case) -> Iterator[Row]:
    """Measure `particles` on the log-linear economy at the case's point."""
    model = an_schorfheide_linear.state_space(POINTS[case.point], case.sd)
    for method, count in SETTINGS:
        algorithm = Bootstrap(model, case.data) if method == "bootstrap" else Guided(model, case.data)
        yield measure_peer(algorithm, case, method, count)


def measure_peer(model: particles.FeynmanKac, case: Case, method: str, count: int) -> Row:
    """Replicate a filter of `particles`; the fastest run counts."""

    def run() -> dict:
        values, seconds = [], []
        for _ in range(REPLICATIONS):
            algorithm = particles.SMC(fk=model, N=count, resampling="systematic", ESSrmin=0.5)
            start = time.process_time()
            algorithm.run()
            seconds.append(time.process_time() - start)
            values.append(float(algorithm.logLt))
        return {"milliseconds": 1e3 * min(seconds), "values": values}

    return kept_row(case, f"`particles`, {method}", count, run)
