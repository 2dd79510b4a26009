"""The graphs of an artifact in double precision, run by the reference evaluator of the package onnx: an
implementation of the operators that shares nothing with ONNX Runtime or with the translation.
"""

import math
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from surrogate.artifact.graph import CONTRACTS


class Erf(OpRun):
    """The evaluator's own gives float32 for doubles."""

    op_domain = ""

    def _run(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64]]:
        return (np.vectorize(math.erf, otypes=[np.float64])(x),)


FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE


class InDoubles:
    """One row at a time: arrays [columns] in and out, in the order of the contract."""

    def __init__(self, folder: Path) -> None:
        self.evaluators = {
            contract.name: ReferenceEvaluator(as_doubles(onnx.load(folder / contract.file)), new_ops=[Erf])
            for contract in CONTRACTS
        }

    def run(self, name: str, *arrays: ArrayLike) -> list[NDArray[np.float64]]:
        """Outputs of the file with this stem."""
        (contract,) = (each for each in CONTRACTS if each.name == name)
        feed = {
            tensor: np.atleast_2d(np.asarray(array, dtype=float))
            for tensor, array in zip(contract.inputs, arrays, strict=True)
        }
        outputs = [np.asarray(each) for each in self.evaluators[name].run(list(contract.outputs), feed)]
        assert all(output.dtype == np.float64 for output in outputs)
        return [output[0] for output in outputs]

    def simulate(self, shocks: NDArray[np.float64], theta: ArrayLike) -> NDArray[np.float64]:
        """States, controls and observables side by side from the steady state, [periods, columns]."""
        states, controls = self.run("steady_state", theta)
        rows = []
        for shock in shocks:
            states, controls, observables = self.run("step", states, controls, shock, theta)
            rows.append(np.concatenate([states, controls, observables]))
        return np.stack(rows)


def as_doubles(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with every float32 made a float64."""
    for tensor in model.graph.initializer:
        _widen(tensor)
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == FLOAT:
            value.type.tensor_type.elem_type = DOUBLE
    del model.graph.value_info[:]
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == FLOAT:
                attribute.i = DOUBLE
            _widen(attribute.t)
    return model


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type == FLOAT:
        values = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
