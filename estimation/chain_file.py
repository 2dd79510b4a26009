"""The draws of one ensemble on disk: an HDF5 file that grows by blocks of steps."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import emcee
import h5py
import numpy as np

from surrogate.errors import BrokenArtifact
from surrogate.files import atomic_path

THETA, LOG_PROB = "theta", "log_prob"
FINGERPRINTS, PARAMETERS, STATE = "fingerprints", "parameters", "state"
CHUNK_BYTES = 1 << 18
RESERVE_BYTES = 4 * CHUNK_BYTES
"""For chunks that are begun and for what HDF5 writes beside the draws."""


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


@dataclass(frozen=True)
class ChainFile:
    """The file of one ensemble.

    What is written after the last note of :attr:`steps` does not count, so a run that is killed while it
    writes loses the block under way and nothing else.
    """

    path: Path

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def create(self, walkers: int, names: Sequence[str], fingerprints: Mapping[str, str]) -> None:
        """Write a file without steps; it appears with its fingerprints or not at all."""
        shape = (walkers, len(names))
        chunk = max(1, CHUNK_BYTES // (8 * walkers * len(names)))
        with atomic_path(self.path) as temporary, h5py.File(temporary, "w") as file:
            file.create_dataset(THETA, (0, *shape), "f8", maxshape=(None, *shape), chunks=(chunk, *shape))
            file.create_dataset(
                LOG_PROB, (0, walkers), "f8", maxshape=(None, walkers), chunks=(chunk, walkers)
            )
            file.attrs[FINGERPRINTS] = json.dumps(dict(fingerprints))
            file.attrs[PARAMETERS] = json.dumps(list(names))
            file.attrs[STATE] = json.dumps({"steps": 0})

    def append(self, block: Block) -> None:
        """Add a block of steps.

        Raises
        ------
        OSError : the disk is full; what was there before is untouched.
        """
        _reserve(self.path, 2 * (block.theta.nbytes + block.log_prob.nbytes) + RESERVE_BYTES)
        with h5py.File(self.path, "r+", locking=False) as file:
            done = _state(file)["steps"]
            for name, draws in ((THETA, block.theta), (LOG_PROB, block.log_prob)):
                dataset: Any = file[name]
                dataset.resize(done + block.steps, axis=0)
                dataset[done:] = draws
            file.flush()
            generator, keys, *rest = block.random_state
            state = {"steps": done + block.steps, "random_state": [generator, keys.tolist(), *rest]}
            file.attrs[STATE] = json.dumps(state)

    @property
    def steps(self) -> int:
        """Steps that are stored; raises ``BrokenArtifact`` if the file is damaged."""
        return self._read(lambda file: int(_state(file)["steps"]))

    @property
    def fingerprints(self) -> dict[str, str]:
        """What the chain was started with; raises ``BrokenArtifact`` if the file is damaged."""
        return self._read(lambda file: dict(json.loads(file.attrs[FINGERPRINTS])))

    def draws(self, steps: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Parameters [steps, walkers, n] and log posterior [steps, walkers] of the first steps, or of all.

        Raises
        ------
        BrokenArtifact : the file is damaged.
        """
        end = self.steps if steps is None else min(steps, self.steps)
        return self._read(lambda file: (file[THETA][:end], file[LOG_PROB][:end]))

    def last(self) -> emcee.State | None:
        """Where the walkers are, or ``None`` before the first step; raises ``BrokenArtifact`` if damaged."""
        return self._read(_last)

    def _read(self, what: Callable[[Any], Any]) -> Any:
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                return what(file)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise BrokenArtifact(
                f"{self.path} is damaged, or of another version ({error}); delete it to sample this ensemble "
                "again."
            ) from None


def _reserve(path: Path, size: int) -> None:
    """Make sure that ``size`` bytes fit on the disk: HDF5 takes the process down where it cannot write."""
    before = path.stat().st_size
    try:
        with path.open("ab") as file:
            file.write(bytes(size))
    except OSError:
        os.truncate(path, before)
        raise


def _state(file: Any) -> dict:
    return json.loads(file.attrs[STATE])


def _last(file: Any) -> emcee.State | None:
    state = _state(file)
    last = state["steps"] - 1
    if last < 0:
        return None
    generator, keys, *rest = state["random_state"]
    random_state = (generator, np.array(keys, dtype=np.uint32), *rest)
    return emcee.State(file[THETA][last], file[LOG_PROB][last], random_state=random_state)
