"""One ONNX file of an artifact: its bytes and digests, held to the contract, run, and sent elsewhere.

Bytes are looked through before anything runs them; the package onnx is not needed for that, and ONNX Runtime
is handed the bytes that were looked at. Objects made of such files cross to other processes and machines with
them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime

from ..errors import BrokenArtifact
from .card import METADATA_KEY, Card, expanded_names
from .once import Cut, Parts
from .onnx_bytes import METADATA, Field, Malformed, field, fields, require_plain

_TENSOR_TYPES = {"float32": "tensor(float)", "float64": "tensor(double)"}
_GROUPS: dict[str, Callable[[Card], int]] = {
    "states": lambda card: len(expanded_names(card.states)),
    "controls": lambda card: len(expanded_names(card.controls)),
    "shocks": lambda card: len(expanded_names(card.shocks)),
    "observables": lambda card: len(expanded_names(card.observables)),
    "parameters": lambda card: len(card.parameters),
}

DIGEST_KEY = "dsge_surrogate.sha256"
LARGEST_FILE = 32 << 20
KEY, VALUE = 1, 2  # of an entry of the metadata
MOST_PLANNED = 1_000
"""Operators for which ONNX Runtime plans who uses whose memory: the time that this takes grows with the
square of their number, and for 3,500 is most of the time of opening a file.
"""

Files = tuple[tuple[str, bytes], ...]
_copies: list[TemporaryDirectory] = []


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


@dataclass(frozen=True)
class Graph:
    """An open ONNX Runtime session, or two, with the card found in its file."""

    contract: Contract
    session: onnxruntime.InferenceSession | Cut
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
            width = tensor.shape[1] if len(tensor.shape) == 2 else 0
            if len(tensor.shape) != 2 or (isinstance(width, int) and width != columns):
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


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file that holds what its digest says, if it has one, and nothing that is not run.

    Attributes
    ----------
    path : where it was.
    content : its bytes.
    metadata : the texts that it carries by key.
    graph_digest : SHA-256 of its bytes without the metadata, in hexadecimal digits.
    """

    path: Path
    content: bytes
    metadata: Mapping[str, str]
    graph_digest: str

    @classmethod
    def parsed(cls, path: Path, content: bytes) -> ModelFile:
        """Look through the bytes of a file.

        Raises
        ------
        BrokenArtifact : damaged, changed since it was written, not ONNX, or with operators that are not run.
        """
        if len(content) > LARGEST_FILE:
            raise unreadable(path, f"more than {LARGEST_FILE >> 20} MiB")
        view = memoryview(content)
        try:
            parts = list(fields(view))
            entries = {part.start: _entry(part) for part in parts if part.number == METADATA}
            metadata = dict(entries.values())
            if len(metadata) < len(entries):
                raise Malformed("its metadata have two entries of one key")
            covered = [part for part in parts if entries.get(part.start, ("",))[0] != DIGEST_KEY]
            if metadata.get(DIGEST_KEY, found := _digest(view, covered)) != found:
                raise Malformed("its contents do not match its digest")
            require_plain(parts)
        except ValueError as error:
            raise unreadable(path, str(error)) from None
        graph = [part for part in parts if part.number != METADATA]
        return cls(path, content, metadata, _digest(view, graph))

    @property
    def is_sealed(self) -> bool:
        """Whether it carries a digest of itself."""
        return DIGEST_KEY in self.metadata

    def open(self, threads: int) -> onnxruntime.InferenceSession | Cut:
        """A session for evaluations by so many threads, in two parts if that saves time where parameters are
        the same again; raises BrokenArtifact if ONNX Runtime refuses.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4

        def session(content: bytes, operators: int) -> onnxruntime.InferenceSession:
            options.enable_mem_reuse = operators <= MOST_PLANNED
            return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

        try:
            return Parts.of(self.content).open(session)
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise unreadable(self.path, first_line(error)) from error


def sealed(graph: bytes, metadata: Mapping[str, str]) -> bytes:
    """The file of a serialised model without metadata, with `metadata` and, last of all, its digest."""
    content = graph + b"".join(_encoded_entry(key, text) for key, text in metadata.items())
    return content + _encoded_entry(DIGEST_KEY, hashlib.sha256(content).hexdigest())


def graph_digest(graph: bytes) -> str:
    """SHA-256 of a serialised model without metadata, as `ModelFile.graph_digest` will be."""
    return hashlib.sha256(graph).hexdigest()


def unreadable(path: Path, reason: str) -> BrokenArtifact:
    """The error for a file that is damaged."""
    return BrokenArtifact(f"{path} cannot be read; copy or export it again. ({reason})")


def first_line(error: Exception) -> str:
    """The first line of what an error of ONNX Runtime says."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def files_of(folder: Path, names: Iterable[str], largest: int) -> Files:
    """Names and contents of those of the files that a folder has, none of them larger than `largest` bytes by
    more than one. All are of one generation, even if the folder is replaced meanwhile.
    """
    while True:
        before = _generation(folder)
        contents = {name: _content(folder / name, largest) for name in names}
        if before == _generation(folder):
            return tuple((name, content) for name, content in contents.items() if content is not None)


@lru_cache(maxsize=8)
def rebuilt(build: Callable[..., Any], folder: str, files: Files, *more: Any) -> Any:
    """What ``build(folder, *more)`` makes of ``files``, once in each process: from ``folder`` if they are
    there, else from a copy that lasts as long as the process."""
    place, largest = Path(folder), max(len(content) for _, content in files)
    if files_of(place, [name for name, _ in files], largest) != files:
        _copies.append(TemporaryDirectory(prefix="surrogate-"))
        place = Path(_copies[-1].name)
        for name, content in files:
            (place / name).write_bytes(content)
    return build(place, *more)


def _columns(card: Card, tensor: str) -> int:
    return _GROUPS[tensor.removeprefix("next_")](card)


def _digest(content: memoryview, parts: list[Field]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(content[part.start : part.end])
    return digest.hexdigest()


def _entry(part: Field) -> tuple[str, str]:
    """Key and value of an entry of the metadata; raises ValueError, also for bytes that are no UTF-8."""
    if isinstance(part.value, int):
        raise Malformed("its metadata are damaged")
    texts = {KEY: "", VALUE: ""}
    for each in fields(part.value):
        if isinstance(each.value, int) or each.number not in texts:
            raise Malformed("its metadata are damaged")
        texts[each.number] = str(each.value, "utf-8")
    return texts[KEY], texts[VALUE]


def _encoded_entry(key: str, text: str) -> bytes:
    return field(METADATA, field(KEY, key.encode()) + field(VALUE, text.encode()))


def _generation(folder: Path) -> tuple[int, ...]:
    """What changes when a folder is replaced, or a file in it: nothing while there is none."""
    try:
        status = folder.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _content(path: Path, largest: int) -> bytes | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(largest + 1)
    except FileNotFoundError:
        return None
