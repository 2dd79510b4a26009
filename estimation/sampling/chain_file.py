"""The draws of one ensemble on disk: a journal of blocks of steps, each with what it takes to go on.

A journal grows by records, and a kill or a full disk costs it the record under way and nothing else. After a
line that names the format, each record is its length, checksums of the length and of the content, and the
content. What a kill cuts off at the end is no record; anything else that is wrong is damage.
"""

import io
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile
from zlib import crc32

import emcee
import numpy as np

from surrogate.errors import BrokenArtifact
from surrogate.house.files import atomic_path

FORMAT = b"dsge-surrogate journal 1\n"
_LENGTH, _HEAD = struct.Struct("<Q"), struct.Struct("<QII")
GENERATOR = "MT19937"
"""Of emcee; its state goes into a block."""


class Journal:
    """A journal that one process writes and any may read.

    Parameters
    ----------
    path : of the file.
    remedy : what the user can do if it is damaged, for messages.
    """

    def __init__(self, path: Path, remedy: str) -> None:
        self.path, self._remedy = path, remedy

    def create(self, first: bytes) -> None:
        """Write a journal of one record; it appears with that or not at all."""
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(FORMAT + _packed(first))

    def append(self, content: bytes, end: int) -> int:
        """Add a record at ``end``, where the last whole one ends; returns where the new one does.

        Raises
        ------
        OSError : the disk is full; what was there before is untouched.
        """
        record = _packed(content)
        with self.path.open("r+b", buffering=0) as file:
            file.truncate(end)
            try:
                file.seek(end)
                rest = memoryview(record)
                while rest:  # unbuffered, however little a call of the system takes at once
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
        return end + len(record)

    def records(self) -> Iterator[tuple[bytes, int]]:
        """Each whole record, and where it ends.

        Raises
        ------
        BrokenArtifact : the file is missing, damaged, or not a journal.
        """
        try:
            with self.path.open("rb") as file:
                yield from self._records(file)
        except OSError as error:
            raise self.damage(error.strerror or str(error)) from None

    def damage(self, why: str) -> BrokenArtifact:
        """The error that says that the file cannot be used, why, and what to do."""
        return BrokenArtifact(f"{self.path} is damaged, or of another version ({why}); {self._remedy}.")

    def _records(self, file: BinaryIO) -> Iterator[tuple[bytes, int]]:
        if file.read(len(FORMAT)) != FORMAT:
            raise self.damage("it does not begin as it should")
        end = len(FORMAT)
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, of_length, of_content = _HEAD.unpack(head)
            if of_length != crc32(_LENGTH.pack(length)):
                raise self.damage(f"wrong checksum at byte {end}")
            content = file.read(length)
            if len(content) < length:
                return
            if of_content != crc32(content):
                raise self.damage(f"wrong checksum at byte {end}")
            end += _HEAD.size + length
            yield content, end


@dataclass(frozen=True)
class Block:
    """Some steps of an ensemble, and how to go on from them.

    Attributes
    ----------
    theta : [steps, walkers, n].
    log_prob : [steps, walkers].
    random_state : of emcee's generator after the last step.
    acceptance : share of accepted proposals.
    """

    theta: np.ndarray
    log_prob: np.ndarray
    random_state: tuple
    acceptance: float

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.theta)

    @property
    def last(self) -> emcee.State:
        """Where the walkers are after the block."""
        return emcee.State(self.theta[-1], self.log_prob[-1], random_state=self.random_state)

    def to_bytes(self) -> bytes:
        """The block as a NumPy archive of plain arrays."""
        _, keys, *rest = self.random_state
        content = io.BytesIO()
        np.savez(
            content,
            theta=self.theta,
            log_prob=self.log_prob,
            generator_keys=keys,
            generator_rest=np.array(rest, dtype=float),
            acceptance=self.acceptance,
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Block":
        """What `to_bytes` gave; nothing is unpickled."""
        with np.load(io.BytesIO(content), allow_pickle=False) as saved:
            position, has_normal, normal = saved["generator_rest"].tolist()
            random_state = (GENERATOR, saved["generator_keys"], int(position), int(has_normal), normal)
            return cls(saved["theta"], saved["log_prob"], random_state, float(saved["acceptance"]))


@dataclass(frozen=True)
class _Reached:
    """How far the chain in a file goes: steps, the last block, and where its record ends."""

    steps: int
    block: Block | None
    end: int


class ChainFile:
    """The file of one ensemble; a run that is killed while it writes loses the block under way only.

    Parameters
    ----------
    path : of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = Journal(path, "delete it to sample this ensemble again")
        self._known: _Reached | None = None

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def create(self, walkers: int, names: Sequence[str], fingerprints: Mapping[str, str]) -> None:
        """Write a file without steps; it appears with its fingerprints or not at all."""
        header = {"walkers": walkers, "parameters": list(names), "fingerprints": dict(fingerprints)}
        self._journal.create(json.dumps(header).encode())

    def append(self, block: Block) -> None:
        """Add a block of steps.

        Raises
        ------
        OSError : the disk is full; what was there before is untouched.
        BrokenArtifact : the file is damaged.
        """
        reached = self._reached()
        end = self._journal.append(block.to_bytes(), reached.end)
        self._known = _Reached(reached.steps + block.steps, block, end)

    @property
    def steps(self) -> int:
        """Steps that are stored; raises ``BrokenArtifact`` if the file is damaged."""
        return self._reached().steps

    @property
    def fingerprints(self) -> dict[str, str]:
        """What the chain was started with; raises ``BrokenArtifact`` if the file is damaged."""
        return self._header()[0]["fingerprints"]

    def draws(self, steps: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Parameters [steps, walkers, n] and log posterior [steps, walkers] of the first steps, or of all.

        Raises
        ------
        BrokenArtifact : the file is damaged.
        """
        header, _ = self._header()
        theta = [np.empty((0, header["walkers"], len(header["parameters"])))]
        log_prob = [np.empty((0, header["walkers"]))]
        for block, _ in self._blocks():
            theta.append(block.theta)
            log_prob.append(block.log_prob)
        return np.concatenate(theta)[:steps], np.concatenate(log_prob)[:steps]

    def last(self) -> emcee.State | None:
        """Where the walkers are, or ``None`` before the first step; raises ``BrokenArtifact`` if damaged."""
        block = self._reached().block
        return None if block is None else block.last

    def _reached(self) -> _Reached:
        """Read through the file, unless nothing has been added to it since."""
        if self._known is None or self.path.stat().st_size != self._known.end:
            steps, last, end = 0, None, self._header()[1]
            for last, end in self._blocks():  # noqa: B007 the last one is what counts
                steps += last.steps
            self._known = _Reached(steps, last, end)
        return self._known

    def _header(self) -> tuple[dict[str, Any], int]:
        for content, end in self._journal.records():
            return json.loads(content), end
        raise self._journal.damage("it ends before it begins")

    def _blocks(self) -> Iterator[tuple[Block, int]]:
        records = self._journal.records()
        next(records, None)
        for content, end in records:
            try:
                yield Block.from_bytes(content), end
            except (KeyError, ValueError, BadZipFile) as error:
                raise self._journal.damage(str(error)) from None


def _packed(content: bytes) -> bytes:
    length = len(content)
    return _HEAD.pack(length, crc32(_LENGTH.pack(length)), crc32(content)) + content
