"""Economies as artifacts whose exact likelihood the Kalman filter knows."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from surrogate import Card, ParameterRange, Variable
from surrogate.card import METADATA_KEY
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.kalman import LinearStateSpace
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


class ExponentialEconomy:
    """`x = s`, `log s' = rho log x + sigma e'`, `y' = log s'`: linear in logs, but its state is a level.

    Its likelihood is exact by the Kalman filter, while every linear approximation of it is wrong.
    """

    persistence = 0.8
    parameters = (ParameterRange("sigma", 0.01, 100.0, 0.1, "standard deviation of the shock"),)

    def state_space(self, sigma: float, measurement_sd: float) -> LinearStateSpace:
        """The linear state space of the log."""
        rho, impact = np.array([[self.persistence]]), np.array([[sigma]])
        return LinearStateSpace(rho, impact, np.zeros(1), rho, impact, np.array([[measurement_sd**2]]))

    def write(self, folder: Path) -> Path:
        """Write the artifact into `folder`; returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, model in (
            ("policy.onnx", self._policy()),
            ("step.onnx", self._step()),
            ("steady_state.onnx", self._steady_state()),
        ):
            helper.set_model_props(model, {METADATA_KEY: self._card().to_json()})
            onnx.checker.check_model(model)
            (folder / file).write_bytes(model.SerializeToString())
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
        decayed = build.call("Mul", build.call("Log", "controls"), build.constant([[self.persistence]]))
        sigma = build.call("Unsqueeze", "parameters", build.constant([1], np.int64))
        impact = build.call("Mul", build.per_vector("shocks", 1), sigma)
        flat = build.call("Reshape", impact, build.constant([-1, 1], np.int64))
        build.call("Add", decayed, flat, output="next_observables")
        build.call("Exp", "next_observables", output="next_states")
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
            build.call("Expand", build.constant([1.0]), shape, output=name)
        return build.model({"parameters": ("w", 1)}, {"states": ("w", 1), "controls": ("w", 1)})
