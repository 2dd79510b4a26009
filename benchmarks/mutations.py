"""Damaged files of every kind: refused in one clear sentence, or read as what they were?

Mutates shipped ONNX files, cards, chain files and checkpoints, opens each in a worker process under limits of
time and memory, and compares the numbers that come out with those of the undamaged file. Prints a table and
writes docs/benchmark-mutations.md.
"""

import argparse
import hashlib
import multiprocessing
import resource
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.filter_cases import ROOT, machine
from benchmarks.mutation_subjects import subject, whole_of
from surrogate.errors import SurrogateError
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "benchmark-mutations.md"
COUNTS = {"ONNX files": 5_000, "cards": 500, "chain files": 250, "checkpoints": 250}
SECONDS = 30.0
MEMORY = 16 << 30
REFUSED, RIGHT, WRONG = "refused", "right numbers", "wrong numbers"
TRACEBACK, HANG, CRASH = "raw traceback", "hang", "crash"
OUTCOMES = (REFUSED, RIGHT, WRONG, TRACEBACK, HANG, CRASH)
HEADER = """# Damaged files

Every mutation is opened in a worker process, with {seconds:.0f} seconds and {memory} GiB at the most.
What comes out is one of the columns: one clear error of the package, the numbers of the undamaged file to
the last bit, other numbers, an error that is not the package's, no answer, or the end of the process. The
last four should be zero.

- `ONNX files`: one of the three files of a shipped surrogate. Four in five have a bit flipped, a byte
  replaced, an end cut off, or a range of bytes removed, doubled, zeroed or moved; in the others a weight
  or an operator is changed, or the digest is forged around a loop, a random operator, weights in another
  file or a huge constant. The numbers are steady state, policy and one step at 50 points.
- `cards`: one place of the JSON is replaced by something hostile (400 digits, infinity, half a character,
  500 nested lists, ...), removed, doubled or exchanged, and all three files get the card with digests
  that match. The numbers are the same, and `dsge-surrogate inspect` has to show the card.
- `chain files`: of a small estimation; the numbers are all draws, their log posterior and the posterior
  table.
- `checkpoints`: of a small training run; the numbers are the weights.

{machine}. Written by `python -m benchmarks.mutations`.

"""


def fingerprint(numbers: list[Any]) -> str:
    """A hash of arrays and texts to the last bit."""
    found = hashlib.sha256()
    for each in numbers:
        array = np.asarray(each)
        found.update(f"{array.shape} {array.dtype}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def work(kind: str, folder: Path, jobs: Connection) -> None:
    """Read what comes through `jobs` and answer with an outcome and what there is to say about it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    reader = subject(kind, folder)
    while True:
        place = jobs.recv()
        try:
            answer = RIGHT, fingerprint(reader.numbers(place))
        except SurrogateError as error:
            message = str(error)
            answer = (REFUSED if message and "\n" not in message else TRACEBACK), message
        except BaseException as error:
            answer = TRACEBACK, repr(error)
        jobs.send(answer)


class Worker:
    """A process that reads files of one kind, and another one when it has not survived."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.arguments = (kind, folder)
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.jobs, there = context.Pipe()
        self.process = context.Process(target=work, args=(*self.arguments, there), daemon=True)
        self.process.start()
        there.close()

    def read(self, place: Path, seconds: float = SECONDS) -> tuple[str, str]:
        """Outcome and detail for a place."""
        try:
            self.jobs.send(place)
            if self.jobs.poll(seconds):
                return self.jobs.recv()
            found = HANG, f"no answer in {seconds:.0f} s"
        except (EOFError, OSError):  # its end of the pipe is closed
            found = CRASH, f"exit status {self.process.exitcode}"
        self.close()
        self._start()
        return found

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


class Mutation(NamedTuple):
    """What was done to a file, and what came of it."""

    what: str
    outcome: str
    detail: str


def outcomes(kind: str, count: int, folder: Path, seed: int = 0) -> list[Mutation]:
    """Damage `count` files of a kind and read them."""
    damage, generator = subject(kind, folder), np.random.default_rng(seed)
    worker, truths, found = Worker(kind, folder), {}, []
    for what, place in damage.mutations(count, folder, generator):
        outcome, detail = worker.read(place, SECONDS if found else 10 * SECONDS)  # the first loads libraries
        if outcome == RIGHT:
            if place not in truths:
                truths[place] = fingerprint(damage.numbers(whole_of(damage, place)))
            outcome = RIGHT if detail == truths[place] else WRONG
        found.append(Mutation(what, outcome, detail))
    worker.close()
    return found


def line(kind: str, found: list[Mutation]) -> list[str]:
    """One line of the table."""
    counts = Counter(mutation.outcome for mutation in found)
    return [kind, f"{len(found):,}", *(f"{counts[outcome]:,}" for outcome in OUTCOMES)]


def main() -> None:
    """Print the table, and what went wrong; write the report if nothing was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="Of the mutations.")
    parser.add_argument("--seed", type=int, default=0)
    share, seed = parser.parse_args().share, parser.parse_args().seed
    lines = []
    with TemporaryDirectory() as folder:
        for kind, count in COUNTS.items():
            found = outcomes(kind, max(1, round(share * count)), Path(folder), seed)
            lines.append(line(kind, found))
            print(*lines[-1], sep=" | ", flush=True)
            for mutation in found:
                if mutation.outcome not in (REFUSED, RIGHT):
                    print("   ", *mutation, sep=": ")
    table = figures.markdown_table(["files", "mutations", *OUTCOMES], lines)
    print(table)
    if share == 1.0:
        header = HEADER.format(machine=machine(), seconds=SECONDS, memory=MEMORY >> 30)
        with atomic_path(REPORT) as path:
            path.write_text(header + table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
