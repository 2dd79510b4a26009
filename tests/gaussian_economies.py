"""Economies as artifacts whose exact likelihood the Kalman filter knows."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.stats import norm

from surrogate import Card, ParameterRange, Variable
from surrogate.artifact.graph import POLICY, STEADY_STATE, STEP, sealed_files
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.an_schorfheide_linear import LinearStateSpace
from tests.linear_artifact import LinearEconomy, _Builder, example_economy


def linear_state_space(
    economy: LinearEconomy, parameters: NDArray[np.float64], measurement_sd: NDArray[np.float64]
) -> LinearStateSpace:
    """The state space behind a linear artifact at one parameter vector."""
    m = economy.at(parameters)
    observation = m.observation @ m.transition + m.lagged_observation
    constant = m.observable_mean + (m.observation + m.lagged_observation) @ m.state_mean
    return LinearStateSpace(
        m.transition,
        m.shock_loading,
        constant,
        observation,
        m.observation @ m.shock_loading,
        np.diag(np.square(measurement_sd)),
    )


def an_schorfheide_economy(calibration: dict[str, float]) -> LinearEconomy:
    """The log-linear economy of An and Schorfheide; its parameters are the three standard deviations."""
    solved = an_schorfheide_linear.solve_economy(calibration)
    names = ("sigma_r", "sigma_g", "sigma_z")
    shock_loading = np.zeros((4, 4, 3))
    for i, name in enumerate(names):
        shock_loading[1 + i, :, i] = solved.shock_impact[:, i] / calibration[name]
    unaffected = np.zeros((3, 4, 4))
    return LinearEconomy(
        parameters=tuple(ParameterRange(name, 0.01, 2.0, calibration[name]) for name in names),
        transition=np.concatenate([solved.transition[None], unaffected]),
        shock_loading=shock_loading,
        observable_mean=np.concatenate([solved.observation_constant[None], np.zeros((3, 3))]),
        control_loading=solved.policy,
        observation=solved.observation,
        lagged_observation=solved.lagged_observation,
        observable_names=an_schorfheide_linear.OBSERVABLES,
    )


class ScalarEconomy(ABC):
    """One state, control (equal to the state), shock and observable; an AR(1) seen through a nonlinearity."""

    persistence = 0.8
    steady_state = 0.0
    parameters = (ParameterRange("sigma", 0.01, 100.0, 0.1, "standard deviation of the shock"),)

    @abstractmethod
    def state_from_control(self, build: _Builder) -> str:
        """Today's AR(1) variable, from the control."""

    @abstractmethod
    def observe(self, build: _Builder, following: str) -> None:
        """Name next_states and next_observables, given next period's AR(1) variable."""

    def write(self, folder: Path) -> Path:
        """Write the artifact into `folder`; returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        models = {POLICY: self._policy(), STEP: self._step(), STEADY_STATE: self._steady_state()}
        for model in models.values():
            onnx.checker.check_model(model)
        graphs = {contract: model.SerializeToString() for contract, model in models.items()}
        for file, content in sealed_files(graphs, self._card()).items():
            (folder / file).write_bytes(content)
        return folder

    def _card(self) -> Card:
        card = example_economy().card()
        names = {"states": "s", "controls": "x", "shocks": "e", "observables": "y"}
        groups = {group: (Variable(name),) for group, name in names.items()}
        return Card(**{**vars(card), **groups, "parameters": self.parameters})

    def _policy(self) -> onnx.ModelProto:
        build = _Builder("float32")
        build.call("Identity", "states", output="controls")
        return build.model({"states": ("n", 1), "parameters": ("w", 1)}, {"controls": ("n", 1)})

    def _step(self) -> onnx.ModelProto:
        build = _Builder("float32")
        decayed = build.call("Mul", self.state_from_control(build), build.constant([[self.persistence]]))
        sigma = build.call("Unsqueeze", "parameters", build.constant([1], np.int64))
        impact = build.call("Mul", build.per_vector("shocks", 1), sigma)
        flat = build.call("Reshape", impact, build.constant([-1, 1], np.int64))
        self.observe(build, build.call("Add", decayed, flat))
        build.call("Identity", "next_states", output="next_controls")
        columns = ("states", "controls", "shocks")
        outputs = ("next_states", "next_controls", "next_observables")
        return build.model(
            {**dict.fromkeys(columns, ("n", 1)), "parameters": ("w", 1)},
            dict.fromkeys(outputs, ("n", 1)),
        )

    def _steady_state(self) -> onnx.ModelProto:
        build = _Builder("float32")
        for name in ("states", "controls"):
            shape = build.call("Concat", build.rows("parameters"), build.constant([1], np.int64), axis=0)
            build.call("Expand", build.constant([self.steady_state]), shape, output=name)
        return build.model({"parameters": ("w", 1)}, {"states": ("w", 1), "controls": ("w", 1)})


class ExponentialEconomy(ScalarEconomy):
    """`x = s`, `log s' = rho log x + sigma e'`, `y' = log s'`: linear in logs, but its state is a level.

    Its likelihood is exact by the Kalman filter, while every linear approximation of it is wrong.
    """

    steady_state = 1.0

    def state_space(self, sigma: float, measurement_sd: float) -> LinearStateSpace:
        """The linear state space of the log."""
        rho, impact = np.array([[self.persistence]]), np.array([[sigma]])
        return LinearStateSpace(rho, impact, np.zeros(1), rho, impact, np.array([[measurement_sd**2]]))

    def state_from_control(self, build: _Builder) -> str:
        return build.call("Log", "controls")

    def observe(self, build: _Builder, following: str) -> None:
        build.call("Identity", following, output="next_observables")
        build.call("Exp", following, output="next_states")


class BoundedEconomy(ScalarEconomy):
    """`x = s`, `s' = rho x + sigma e'`, `y' = max(0, s')`: while the bound binds, the data say little."""

    def simulate(self, sigma: float, measurement_sd: float, periods: int, seed: int) -> NDArray[np.float64]:
        """Observations [periods, 1]."""
        generator = np.random.default_rng(seed)
        state, observations = 0.0, np.empty((periods, 1))
        for t in range(periods):
            state = self.persistence * state + sigma * generator.standard_normal()
            observations[t] = max(0.0, state) + measurement_sd * generator.standard_normal()
        return observations

    def log_likelihood(self, data: NDArray[np.float64], sigma: float, measurement_sd: float) -> float:
        """Exact up to quadrature on a fine grid of states."""
        return float(self._filtered(data, sigma, measurement_sd)[1].sum())

    def smoothed(
        self, data: NDArray[np.float64], sigma: float, measurement_sd: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance [T] of the state given all data, exact up to the same quadrature."""
        grid, kernel = self._grid(sigma)
        densities, _ = self._filtered(data, sigma, measurement_sd)
        later, moments = np.ones_like(grid), []
        for t in reversed(range(len(data))):
            density = densities[t] * later
            density /= density.sum()
            mean = density @ grid
            moments.append((mean, density @ np.square(grid - mean)))
            later = kernel.T @ (norm.pdf(data[t, 0], np.maximum(grid, 0), measurement_sd) * later)
            later /= later.max()
        mean, variance = np.array(moments[::-1]).T
        return mean, variance

    def _grid(self, sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """States [n], and the probability [n, n] of each (row) after each (column)."""
        grid = np.linspace(-7, 7, 1201) * sigma / np.sqrt(1 - self.persistence**2)
        return grid, norm.pdf(grid[:, None], self.persistence * grid, sigma) * (grid[1] - grid[0])

    def _filtered(
        self, data: NDArray[np.float64], sigma: float, measurement_sd: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Densities [T, n] of the state given the data so far, and log likelihood increments [T]."""
        grid, kernel = self._grid(sigma)
        width = grid[1] - grid[0]
        density = norm.pdf(grid, 0, sigma / np.sqrt(1 - self.persistence**2))
        densities, increments = [], []
        for observation in data[:, 0]:
            density = (kernel @ density) * norm.pdf(observation, np.maximum(grid, 0), measurement_sd)
            mass = density.sum() * width
            density = density / mass
            densities.append(density)
            increments.append(np.log(mass))
        return np.array(densities), np.array(increments)

    def state_from_control(self, build: _Builder) -> str:
        return "controls"

    def observe(self, build: _Builder, following: str) -> None:
        build.call("Identity", following, output="next_states")
        build.call("Relu", following, output="next_observables")
