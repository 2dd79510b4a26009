"""An ONNX file as bytes: its metadata, its digests, and what is in it, before anything runs it.

The package onnx is not needed for that, and ONNX Runtime is handed the bytes that were looked at.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from surrogate.errors import BrokenArtifact
from surrogate.operators import require_plain
from surrogate.protobuf import Field, Malformed, field, fields

DIGEST_KEY = "dsge_surrogate.sha256"
LARGEST_FILE = 32 << 20
METADATA, KEY, VALUE = 14, 1, 2


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
    def parsed(cls, path: Path, content: bytes) -> "ModelFile":
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
            metadata = _distinct(list(entries.values()))
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

    def open(self, threads: int) -> onnxruntime.InferenceSession:
        """A session for evaluations by so many threads; raises BrokenArtifact if ONNX Runtime refuses."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(self.content, options, providers=["CPUExecutionProvider"])
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


def _digest(content: memoryview, parts: list[Field]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(content[part.start : part.end])
    return found.hexdigest()


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


def _distinct(entries: list[tuple[str, str]]) -> dict[str, str]:
    metadata = dict(entries)
    if len(metadata) < len(entries):
        raise Malformed("its metadata have two entries of one key")
    return metadata


def _encoded_entry(key: str, text: str) -> bytes:
    return field(METADATA, field(KEY, key.encode()) + field(VALUE, text.encode()))
