"""One ONNX file of an artifact: opened, held to the contract, and run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from surrogate.card import METADATA_KEY, Card, expanded_names
from surrogate.errors import BrokenArtifact


@dataclass(frozen=True)
class Contract:
    """File name and ordered tensor names of one graph; each tensor is 2-D, columns as in the card."""

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


POLICY = Contract("policy.onnx", ("states", "parameters"), ("controls",))
STEP = Contract(
    "step.onnx",
    ("states", "controls", "shocks", "parameters"),
    ("next_states", "next_controls", "next_observables"),
)
STEADY_STATE = Contract("steady_state.onnx", ("parameters",), ("states", "controls"))

_TENSOR_TYPES = {"float32": "tensor(float)", "float64": "tensor(double)"}


@dataclass(frozen=True)
class Graph:
    """An open ONNX Runtime session with the card found in its file."""

    contract: Contract
    session: onnxruntime.InferenceSession
    card: Card

    def run(self, dtype: np.dtype, *arrays: Any) -> Sequence[Any]:
        """Outputs, in the contract's order, for input arrays [n, k] in the contract's order."""
        feed = {
            name: np.ascontiguousarray(array, dtype=dtype)
            for name, array in zip(self.contract.inputs, arrays, strict=True)
        }
        return self.session.run(self.contract.outputs, feed)

    def require_contract(self) -> None:
        """Raise BrokenArtifact unless tensor names, types and numbers of columns are those of the card."""
        self._require_tensors("inputs", self.session.get_inputs(), self.contract.inputs)
        self._require_tensors("outputs", self.session.get_outputs(), self.contract.outputs)

    def _require_tensors(self, what: str, tensors: Sequence[Any], expected: tuple[str, ...]) -> None:
        file = self.contract.file
        names = [tensor.name for tensor in tensors]
        if sorted(names) != sorted(expected):
            raise BrokenArtifact(
                f"{file} has {what} {', '.join(names)}; the contract asks for {', '.join(expected)}."
            )
        for tensor in tensors:
            if tensor.type != _TENSOR_TYPES[self.card.dtype]:
                raise BrokenArtifact(
                    f"{file}: {tensor.name} is {tensor.type}, but the card says {self.card.dtype}."
                )
            columns = _columns(self.card, tensor.name)
            if len(tensor.shape) != 2 or not _fits(tensor.shape[1], columns):
                raise BrokenArtifact(
                    f"{file}: {tensor.name} has shape {tensor.shape}; the card has {columns} columns."
                )


def read_graph(folder: Path, contract: Contract, threads: int) -> Graph:
    """Open one file of an artifact.

    Raises
    ------
    BrokenArtifact : missing, unreadable, or an ONNX file without a card.
    NewerFormat : see `Card.from_json`.
    """
    path = folder / contract.file
    if not path.is_file():
        raise BrokenArtifact(
            f"There is no {contract.file} in {folder}. Give the folder of an exported surrogate."
        )
    session = open_session(path, threads)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise BrokenArtifact(
            f"{path} is an ONNX file but not a surrogate: it carries no card. "
            "Export the model with `dsge-surrogate export`."
        )
    return Graph(contract, session, Card.from_json(text))


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open an ONNX file for evaluations by so many threads; raises BrokenArtifact if it cannot be read."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokenArtifact(f"{path} cannot be read; copy or export it again. ({reason})") from error


_GROUPS: dict[str, Callable[[Card], int]] = {
    "states": lambda card: len(expanded_names(card.states)),
    "controls": lambda card: len(expanded_names(card.controls)),
    "shocks": lambda card: len(expanded_names(card.shocks)),
    "observables": lambda card: len(expanded_names(card.observables)),
    "parameters": lambda card: len(card.parameters),
}


def _columns(card: Card, tensor: str) -> int:
    return _GROUPS[tensor.removeprefix("next_")](card)


def _fits(dimension: Any, columns: int) -> bool:
    return dimension == columns or not isinstance(dimension, int)
