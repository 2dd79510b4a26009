"""How a run uses the machine: threads of PyTorch, and memory that is kept."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of glibc's `mallopt`."""
NEVER = 2**31 - 1


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Let PyTorch use so many threads, which decide how sums round, and afterwards as many as it did."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> None:
    """Let the process keep what tensors free, for the next ones. The system would clear every page that it
    hands out again: a sixth of a training step where batches are large.

    With the C library of GNU only; elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)
