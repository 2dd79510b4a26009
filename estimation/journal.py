"""A file that grows by records, and that a kill or a full disk costs the record under way and nothing else.

After a line that names the format, each record is its length, checksums of the length and of the content,
and the content. What a kill cuts off at the end is no record; anything else that is wrong is damage.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from surrogate.errors import BrokenArtifact
from surrogate.house.files import atomic_path

FORMAT = b"dsge-surrogate journal 1\n"
_LENGTH, _HEAD = struct.Struct("<Q"), struct.Struct("<QII")


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
                _write_all(file, record)
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


def _packed(content: bytes) -> bytes:
    length = len(content)
    return _HEAD.pack(length, crc32(_LENGTH.pack(length)), crc32(content)) + content


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write unbuffered, however little a call of the system takes at once."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
