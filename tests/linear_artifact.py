"""A linear Gaussian economy as a complete artifact, for tests whose exact answer the Kalman filter knows.

    s' - s_bar = A (s - s_bar) + B e'        x = x_bar + C (s - s_bar)        y' = d + Z s' + Z_lag s

A, B and d are affine in the parameters, so that persistences, standard deviations and means can be estimated:
``A(theta) = A[0] + theta_1 A[1] + theta_2 A[2] + ...``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from surrogate import Card, ParameterRange, Variable
from surrogate.artifact.graph import POLICY, STEADY_STATE, STEP, Contract, sealed_files

Array = NDArray[np.float64]


class Matrices(NamedTuple):
    """The economy at one parameter vector: A [s, s], B [s, e], C [x, s], Z and Z_lag [y, s], d [y], means."""

    transition: Array
    shock_loading: Array
    control_loading: Array
    observation: Array
    lagged_observation: Array
    observable_mean: Array
    state_mean: Array
    control_mean: Array


@dataclass(frozen=True)
class LinearEconomy:
    """Coefficients of the economy; the first axis of A, B and d is 1 + n_parameters (constant first).

    transition [1 + p, s, s], shock_loading [1 + p, s, e], observable_mean [1 + p, y],
    control_loading [x, s], observation [y, s]; zero if absent: lagged_observation [y, s], state_mean [s],
    control_mean [x].
    """

    parameters: tuple[ParameterRange, ...]
    transition: Array
    shock_loading: Array
    observable_mean: Array
    control_loading: Array
    observation: Array
    lagged_observation: Array | None = None
    state_mean: Array | None = None
    control_mean: Array | None = None
    dtype: str = "float32"
    observable_names: tuple[str, ...] = ()
    region: dict | None = field(default=None)

    def at(self, parameters: ArrayLike) -> Matrices:
        """The matrices at one parameter vector [p]."""
        weights = np.concatenate([[1.0], np.asarray(parameters, dtype=float)])
        n_controls, n_states = self.control_loading.shape
        return Matrices(
            np.einsum("k,kij->ij", weights, self.transition),
            np.einsum("k,kij->ij", weights, self.shock_loading),
            self.control_loading,
            self.observation,
            _or_zero(self.lagged_observation, self.observation.shape),
            weights @ self.observable_mean,
            _or_zero(self.state_mean, (n_states,)),
            _or_zero(self.control_mean, (n_controls,)),
        )

    def card(self) -> Card:
        """A card that declares the economy exact."""
        exact = {"mean": -16.0, "p50": -16.0, "p90": -16.0, "p99": -16.0, "max": -16.0}
        names = self.observable_names or tuple(f"y{i}" for i in range(len(self.observation)))
        return Card(
            model="linear",
            model_version=1,
            description="Linear Gaussian economy for tests",
            states=_variables("s", self.control_loading.shape[1]),
            controls=_variables("x", self.control_loading.shape[0]),
            shocks=_variables("e", self.shock_loading.shape[2]),
            observables=tuple(Variable(name) for name in names),
            parameters=self.parameters,
            timing="controls dated t are chosen when states dated t are known",
            dtype=self.dtype,
            training={"method": "closed form", "seed": 0, "seconds": 0.0, "device": "cpu", "settings": {}},
            accuracy={
                "box": {"transition": exact},
                "ergodic": {"transition": exact},
                "test_points": 1,
                "law": "box",
            },
            parity={"points": 0, "max_relative_difference": {"controls": 0.0}},
            region=self.region,
        )


def example_economy(dtype: str = "float32", region: dict | None = None) -> LinearEconomy:
    """Two states, two shocks, two observables; parameters `rho`, `sigma` (first shock) and `mean` (of y0)."""
    transition = np.zeros((4, 2, 2))
    transition[0] = [[0.0, 0.2], [0.0, 0.5]]
    transition[1, 0, 0] = 1.0
    shock_loading = np.zeros((4, 2, 2))
    shock_loading[0, 1, 1] = 0.5
    shock_loading[2, 0, 0] = 1.0
    observable_mean = np.zeros((4, 2))
    observable_mean[3, 0] = 1.0
    observable_mean[0, 1] = -0.5
    return LinearEconomy(
        parameters=(
            ParameterRange("rho", 0.0, 0.95, 0.8, "persistence"),
            ParameterRange("sigma", 0.1, 3.0, 1.0, "standard deviation of the first shock"),
            ParameterRange("mean", -2.0, 2.0, 0.5, "mean of y0", "percent"),
        ),
        transition=transition,
        shock_loading=shock_loading,
        observable_mean=observable_mean,
        control_loading=np.array([[0.7, -0.3]]),
        observation=np.array([[1.0, 0.0], [0.5, 1.0]]),
        lagged_observation=np.array([[0.0, 0.0], [-0.5, 0.0]]),
        state_mean=np.array([0.3, 0.0]),
        control_mean=np.array([2.0]),
        dtype=dtype,
        region=region,
    )


def write_artifact(economy: LinearEconomy, folder: Path) -> Path:
    """Write policy.onnx, step.onnx and steady_state.onnx into `folder`; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in sealed_files(graphs(economy), economy.card()).items():
        (folder / file).write_bytes(content)
    return folder


def graphs(economy: LinearEconomy) -> dict[Contract, bytes]:
    """The three models, serialised without metadata."""
    models = {POLICY: _policy(economy), STEP: _step(economy), STEADY_STATE: _steady_state(economy)}
    for model in models.values():
        onnx.checker.check_model(model)
    return {contract: model.SerializeToString() for contract, model in models.items()}


class _Builder:
    """Collects the nodes and constants of one graph."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, values: ArrayLike, dtype: type | None = None) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype or self.dtype))
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def call(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def rows(self, tensor: str) -> str:
        """int64 [1]: number of rows of a tensor."""
        return self.call("Slice", self.call("Shape", tensor), *(self.constant([i], np.int64) for i in (0, 1)))

    def per_vector(self, tensor: str, columns: int) -> str:
        """[n, columns] -> [w, n / w, columns]: the rows that each parameter vector serves."""
        shape = self.call("Concat", self.rows("parameters"), self.constant([-1, columns], np.int64), axis=0)
        return self.call("Reshape", tensor, shape)

    def flat(self, tensor: str, columns: int, output: str) -> None:
        """[w, n / w, columns] -> [n, columns]."""
        self.call("Reshape", tensor, self.constant([-1, columns], np.int64), output=output)

    def affine(self, coefficients: Array) -> str:
        """coefficients [1 + p, i, j] at each parameter vector: [w, i, j]."""
        size, i, j = coefficients.shape
        slopes = self.call("MatMul", "parameters", self.constant(coefficients[1:].reshape(size - 1, i * j)))
        values = self.call("Add", slopes, self.constant(coefficients[0].reshape(1, i * j)))
        return self.call("Reshape", values, self.constant([-1, i, j], np.int64))

    def model(
        self, inputs: dict[str, tuple[str, int]], outputs: dict[str, tuple[str, int]]
    ) -> onnx.ModelProto:
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        ends = [
            [helper.make_tensor_value_info(name, kind, list(shape)) for name, shape in tensors.items()]
            for tensors in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "linear", ends[0], ends[1], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _policy(economy: LinearEconomy) -> onnx.ModelProto:
    build = _Builder(economy.dtype)
    n_controls, n_states = economy.control_loading.shape
    deviations = _deviations(build, economy, "states")
    _controls(build, economy, deviations, "controls")
    return build.model(
        {"states": ("n", n_states), "parameters": ("w", len(economy.parameters))},
        {"controls": ("n", n_controls)},
    )


def _step(economy: LinearEconomy) -> onnx.ModelProto:
    build = _Builder(economy.dtype)
    n_controls, n_states = economy.control_loading.shape
    n_observables, n_shocks = len(economy.observation), economy.shock_loading.shape[2]
    lagged = _deviations(build, economy, "states")
    moved = build.call("MatMul", lagged, build.affine(economy.transition.transpose(0, 2, 1)))
    shocks = build.per_vector("shocks", n_shocks)
    disturbed = build.call("MatMul", shocks, build.affine(economy.shock_loading.transpose(0, 2, 1)))
    following = build.call("Add", moved, disturbed)
    mean = build.constant(_or_zero(economy.state_mean, (n_states,)))
    levels = build.call("Add", following, mean)
    build.flat(levels, n_states, "next_states")
    _controls(build, economy, following, "next_controls")
    _observables(build, economy, levels)
    return build.model(
        {
            "states": ("n", n_states),
            "controls": ("n", n_controls),
            "shocks": ("n", n_shocks),
            "parameters": ("w", len(economy.parameters)),
        },
        {
            "next_states": ("n", n_states),
            "next_controls": ("n", n_controls),
            "next_observables": ("n", n_observables),
        },
    )


def _steady_state(economy: LinearEconomy) -> onnx.ModelProto:
    build = _Builder(economy.dtype)
    n_controls, n_states = economy.control_loading.shape
    means = {
        "states": _or_zero(economy.state_mean, (n_states,)),
        "controls": _or_zero(economy.control_mean, (n_controls,)),
    }
    for name, mean in means.items():
        shape = build.call("Concat", build.rows("parameters"), build.constant([len(mean)], np.int64), axis=0)
        build.call("Expand", build.constant(mean), shape, output=name)
    return build.model(
        {"parameters": ("w", len(economy.parameters))},
        {"states": ("w", n_states), "controls": ("w", n_controls)},
    )


def _deviations(build: _Builder, economy: LinearEconomy, states: str) -> str:
    n_states = economy.control_loading.shape[1]
    mean = build.constant(_or_zero(economy.state_mean, (n_states,)))
    return build.per_vector(build.call("Sub", states, mean), n_states)


def _controls(build: _Builder, economy: LinearEconomy, deviations: str, output: str) -> None:
    n_controls = len(economy.control_loading)
    response = build.call("MatMul", deviations, build.constant(economy.control_loading.T))
    mean = build.constant(_or_zero(economy.control_mean, (n_controls,)))
    build.flat(build.call("Add", response, mean), n_controls, output)


def _observables(build: _Builder, economy: LinearEconomy, next_states: str) -> None:
    n_observables, n_states = economy.observation.shape
    lag = _or_zero(economy.lagged_observation, economy.observation.shape)
    now = build.call("MatMul", next_states, build.constant(economy.observation.T))
    before = build.call("MatMul", build.per_vector("states", n_states), build.constant(lag.T))
    mean = build.affine(economy.observable_mean[:, np.newaxis, :])
    total = build.call("Add", build.call("Add", now, before), mean)
    build.flat(total, n_observables, "next_observables")


def _variables(letter: str, count: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"{letter}{i}") for i in range(count))


def _or_zero(values: Array | None, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape) if values is None else np.asarray(values, dtype=float)
