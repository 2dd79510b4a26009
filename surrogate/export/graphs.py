"""The economy as modules, in which one parameter row serves a block of states, and from there to ONNX."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Sequence

import onnx
import torch
from onnx import ModelProto, TensorProto, compose, helper
from torch import Tensor, nn
from torch.export import Dim

from ..artifact.graph import Contract
from ..models.interface import Model, pack
from ..policy import PolicyNetwork

OPSET = 18
EXAMPLE = (3, 5)
"""Any sizes above one: the exporter fixes what has size one."""


class PolicyGraph(nn.Module):
    """Controls [w, k, n_controls] at states [w, k, n_states] and parameters [w, 1, n_parameters]."""

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Controls of the network, shapes as above."""
        return self.policy(states, parameters)


class StepGraph(nn.Module):
    """One period of the whole economy: states and controls dated t, shocks dated t+1, each [w, k, .]."""

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(
        self, states: Tensor, controls: Tensor, shocks: Tensor, parameters: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Next states, next controls, next observables, each [w, k, .]."""
        model = self.policy.model
        p = model.name_parameters(parameters)
        now = model.period(p, states, controls)
        next_states = model.tomorrow(now, shocks, p)
        next_controls = self.policy(next_states, p)
        then = model.period(p, next_states, next_controls)
        return next_states, next_controls, model.observed(now, then, p)


class SteadyStateGraph(nn.Module):
    """Where simulations start: states and controls [w, .] without shocks, at parameters [w, n_parameters].

    The controls are the policy's at those states, so they carry the precautionary motive.
    """

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """States [w, n_states] and controls [w, n_controls] at rest."""
        model = self.policy.model
        p = model.name_parameters(parameters)
        states = pack(model.steady_state(p)[0], model.states)
        return states, self.policy(states, p)


class PreparedGraph(nn.Module):
    """Parameters [w, n_parameters] with what is known `beforehand` in further columns, [w, .]."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, parameters: Tensor) -> Tensor:
        """The parameters, prepared."""
        return self.model.prepared(parameters)


PREPARED = Contract("prepared.onnx", ("parameters",), ("prepared",))
"""A part of the others, and no file."""


def with_prepared(prepared: ModelProto, model: ModelProto) -> ModelProto:
    """A graph whose parameters are `prepared` by another one, which stands in front of it."""
    first = compose.add_prefix(prepared, "prepared/")
    inside = {"prepared/parameters": "parameters"}
    for node in first.graph.node:
        node.input[:] = [inside.get(name, name) for name in node.input]
    for node in model.graph.node:
        node.input[:] = ["prepared/prepared" if name == "parameters" else name for name in node.input]
    inputs = [each for each in model.graph.input if each.name != "parameters"]
    (parameters,) = prepared.graph.input
    both = helper.make_graph(
        [*first.graph.node, *model.graph.node],
        model.graph.name,
        [*inputs, parameters],
        model.graph.output,
        [*first.graph.initializer, *model.graph.initializer],
    )
    return helper.make_model(
        both, opset_imports=model.opset_import, functions=model.functions, ir_version=model.ir_version
    )


def to_onnx(module: nn.Module, contract: Contract, columns: Sequence[int]) -> ModelProto:
    """Trace a float32 copy of `module`, whose inputs have `columns` columns; parameters come last, as in
    the contract.

    Modules work on blocks [w, k, .] with parameters [w, 1, .]; the graph around them folds the contract's
    rows [w * k, .] into blocks and back, so that one parameter row serves k states without being copied.
    """
    blocked = len(contract.inputs) > 1
    rows, block = EXAMPLE
    shapes = [(rows, block, n) for n in columns[:-1]] + [
        (rows, 1, columns[-1]) if blocked else (rows, columns[-1])
    ]
    dims = [{0: Dim.DYNAMIC, 1: Dim.DYNAMIC} for _ in columns[:-1]] + [{0: Dim.DYNAMIC}]
    with warnings.catch_warnings(), _quiet("torch.onnx", "onnxscript"):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            copy.deepcopy(module).float().eval(),
            tuple(torch.full(shape, 0.5) for shape in shapes),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(contract.inputs),
            output_names=list(contract.outputs),
            dynamic_shapes=dims,
            verbose=False,
        )
    assert program is not None
    return _fold_rows(program.model_proto, contract, columns) if blocked else program.model_proto


def serialised(model: ModelProto) -> bytes:
    """The model as bytes, without metadata and without notes of where it was made.

    Raises
    ------
    onnx.checker.ValidationError : the model is not ONNX.
    """
    model.producer_name = "dsge-surrogate"
    # the exporter's notes have source lines and paths of the machine that trained it
    noted = [model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input]
    for part in [*noted, *model.graph.output, *model.graph.value_info]:
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _fold_rows(model: ModelProto, contract: Contract, columns: Sequence[int]) -> ModelProto:
    """Put the graph between Reshape nodes: rows [n, .] to blocks [w, n / w, .] at the door, and back on the
    way out.
    """
    graph = model.graph
    widths = dict(zip(contract.inputs, columns, strict=True))
    outer_outputs = [_matrix(o.name, o.type.tensor_type.shape.dim[2].dim_value, "n") for o in graph.output]
    inside = {name: f"block_{name}" for name in (*contract.inputs, *contract.outputs)}
    for node in graph.node:
        node.input[:] = [inside.get(name, name) for name in node.input]
        node.output[:] = [inside.get(name, name) for name in node.output]
    entry = [
        helper.make_node("Shape", ["parameters"], ["rows"], start=0, end=1),
        helper.make_node("Unsqueeze", ["parameters", "one"], ["block_parameters"]),
        helper.make_node("Shape", [contract.inputs[0]], ["n"], start=0, end=1),
        helper.make_node("Max", ["rows", "one"], ["at_least_one"]),
        helper.make_node("Div", ["n", "at_least_one"], ["block"]),
    ]
    used = {name for node in graph.node for name in node.input}
    blocks = [name for name in contract.inputs[:-1] if inside[name] in used]
    for name in blocks:
        entry.append(
            helper.make_node("Concat", ["rows", "block", f"width_{name}"], [f"shape_{name}"], axis=0)
        )
        entry.append(helper.make_node("Reshape", [name, f"shape_{name}"], [inside[name]], allowzero=1))
    exits = [
        helper.make_node("Reshape", [f"block_{o.name}", f"shape_{o.name}"], [o.name]) for o in graph.output
    ]
    constants = {"one": [1]} | {f"width_{name}": [widths[name]] for name in blocks}
    constants |= {f"shape_{o.name}": [-1, o.type.tensor_type.shape.dim[1].dim_value] for o in outer_outputs}
    initializers = [
        *graph.initializer,
        *(helper.make_tensor(n, TensorProto.INT64, [len(values)], values) for n, values in constants.items()),
    ]
    folded = helper.make_graph(
        [*entry, *graph.node, *exits],
        contract.file.removesuffix(".onnx"),
        [_matrix(name, width, "w" if name == "parameters" else "n") for name, width in widths.items()],
        outer_outputs,
        initializers,
    )
    return helper.make_model(
        folded, opset_imports=model.opset_import, functions=model.functions, ir_version=model.ir_version
    )


def _matrix(name: str, width: int, rows: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, width])


class _quiet:
    """Keep the exporter's running commentary out of the user's terminal."""

    def __init__(self, *names: str) -> None:
        self.loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self.loggers, self.levels, strict=True):
            logger.setLevel(level)
