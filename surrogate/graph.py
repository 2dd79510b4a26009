"""One ONNX file of an artifact: opened, held to the contract, and run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import onnxruntime

from surrogate.card import METADATA_KEY, Card, expanded_names
from surrogate.errors import BrokenArtifact
from surrogate.model_file import ModelFile, first_line, graph_digest, sealed, unreadable


@dataclass(frozen=True)
class Contract:
    """File name and ordered tensor names of one graph; each tensor is 2-D, columns as in the card."""

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the file's digest goes by in the card."""
        return self.file.removesuffix(".onnx")


POLICY = Contract("policy.onnx", ("states", "parameters"), ("controls",))
STEP = Contract(
    "step.onnx",
    ("states", "controls", "shocks", "parameters"),
    ("next_states", "next_controls", "next_observables"),
)
STEADY_STATE = Contract("steady_state.onnx", ("parameters",), ("states", "controls"))
CONTRACTS = (POLICY, STEP, STEADY_STATE)

_TENSOR_TYPES = {"float32": "tensor(float)", "float64": "tensor(double)"}


@dataclass(frozen=True)
class Graph:
    """An open ONNX Runtime session with the card found in its file."""

    contract: Contract
    session: onnxruntime.InferenceSession
    card: Card

    def run(self, dtype: np.dtype, *arrays: Any) -> Sequence[Any]:
        """Outputs, in the contract's order, for input arrays [n, k] in the contract's order.

        Raises
        ------
        BrokenArtifact : ONNX Runtime fails, or the shape of an output is not what the contract says.
        """
        feed = {
            name: np.ascontiguousarray(array, dtype=dtype)
            for name, array in zip(self.contract.inputs, arrays, strict=True)
        }
        try:
            outputs = self.session.run(self.contract.outputs, feed)
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise BrokenArtifact(
                f"{self.contract.file} failed; check the shapes that it was given, and the file with "
                f"`dsge-surrogate validate`. ({first_line(error)})"
            ) from error
        rows = len(feed[self.contract.inputs[0]])
        for name, columns, output in zip(self.contract.outputs, self._columns, outputs, strict=True):
            if (shape := getattr(output, "shape", None)) != (rows, columns):
                raise BrokenArtifact(
                    f"{self.contract.file} returned {name} of shape {shape} for {rows} rows; export it again."
                )
        return outputs

    @cached_property
    def _columns(self) -> tuple[int, ...]:
        """Of each output."""
        return tuple(_columns(self.card, name) for name in self.contract.outputs)

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


def read_graph(model: ModelFile, contract: Contract, threads: int) -> Graph:
    """Open one file of an artifact.

    Raises
    ------
    BrokenArtifact : an ONNX file without a card, or with a graph that is not the one that its card tells of.
    NewerFormat : see `Card.from_json`.
    """
    text = model.metadata.get(METADATA_KEY)
    if text is None:
        raise BrokenArtifact(
            f"{model.path} is an ONNX file but not a surrogate: it carries no card. "
            "Export the model with `dsge-surrogate export`."
        )
    card = Card.from_json(text)
    if card.format_version > 1 and not model.is_sealed:
        raise unreadable(model.path, "its digest is missing")
    if card.digests and card.digests.get(contract.name) != model.graph_digest:
        raise unreadable(model.path, "its graph is not the one of its card")
    return Graph(contract, model.open(threads), card)


def sealed_files(graphs: Mapping[Contract, bytes], card: Card) -> dict[str, bytes]:
    """Contents by file name of an artifact of serialised models without metadata: they get the card, with
    the digests of all of them, and a digest of their own.
    """
    digests = {contract.name: graph_digest(graph) for contract, graph in graphs.items()}
    text = replace(card, digests=digests).to_json()
    return {contract.file: sealed(graph, {METADATA_KEY: text}) for contract, graph in graphs.items()}


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
