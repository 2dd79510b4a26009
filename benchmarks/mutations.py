"""Damaged files of every kind: refused in one clear sentence, or read as what they were?

Mutates shipped ONNX files, cards, chain files and checkpoints, opens each in a worker process under limits of
time and memory, and compares the numbers that come out with those of the undamaged file. Prints a table and
writes docs/benchmark-mutations.md.
"""

import argparse
import hashlib
import json
import multiprocessing
import resource
import shutil
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from click.testing import CliRunner

from benchmarks.filters import ROOT, machine
from benchmarks.mutators import changed_card, damaged, rebuilt
from cli.main import dsge_surrogate
from estimation import Estimation
from surrogate import Surrogate, catalogue, markdown
from surrogate.card import METADATA_KEY
from surrogate.errors import SurrogateError
from surrogate.files import atomic_path
from surrogate.graph import CONTRACTS
from surrogate.model_file import METADATA, ModelFile, sealed
from surrogate.protobuf import fields

REPORT = ROOT / "docs" / "benchmark-mutations.md"
COUNTS = {"ONNX files": 5_000, "cards": 500, "chain files": 250, "checkpoints": 250}
STRUCTURAL = 0.2
"""Share of the ONNX files in which a model is changed rather than bytes."""
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


Generator = np.random.Generator
Damage = Iterator[tuple[str, Path]]


class Subject(Protocol):
    """A kind of file: how it is damaged and what it is read for."""

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """Put one damaged file after the other below `folder`: what was done, and where to read."""
        ...

    def numbers(self, place: Path) -> list[Any]:
        """What the file at a place of `mutations`, or an undamaged one, is read for."""
        ...


class Artifacts:
    """ONNX files of the surrogates that ship; `place` is a folder whose name is the surrogate's."""

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        for _ in range(count):
            name = catalogue.available()[generator.integers(len(catalogue.available()))]
            yield self.damaged(name, folder / name, generator), folder / name

    def damaged(self, name: str, place: Path, generator: Generator) -> str:
        """Damage one file of a copy."""
        shutil.copytree(catalogue.find(name), place, dirs_exist_ok=True)
        path = place / CONTRACTS[generator.integers(len(CONTRACTS))].file
        mutate = rebuilt if generator.random() < STRUCTURAL else damaged
        what, content = mutate(path.read_bytes(), generator)
        path.write_bytes(content)
        return what

    def numbers(self, place: Path) -> list[Any]:
        """Steady state, policy and a step at vectors around the undamaged default."""
        surrogate, theta, shocks = Surrogate(place), *points(place.name)
        rest = surrogate.steady_state(theta)
        return [*rest, surrogate.policy(rest.states, theta), *surrogate.step(*rest, shocks, theta)]


class Cards(Artifacts):
    """The same with sealed cards that say something else; they have to be shown, too."""

    def damaged(self, name: str, place: Path, generator: Generator) -> str:
        """Change the card of all files of a copy."""
        place.mkdir(parents=True, exist_ok=True)
        text = None
        for contract in CONTRACTS:
            path = catalogue.find(name) / contract.file
            model = ModelFile.parsed(path, path.read_bytes())
            if text is None:
                what, text = changed_card(json.loads(model.metadata[METADATA_KEY]), generator)
            (place / contract.file).write_bytes(sealed(graph_of(model), {METADATA_KEY: text}))
        return what

    def numbers(self, place: Path) -> list[Any]:
        """Those of the artifact, after the card was shown."""
        shown = CliRunner().invoke(dsge_surrogate, ["inspect", str(place)])
        if shown.exception and not isinstance(shown.exception, SystemExit):
            raise shown.exception
        return super().numbers(place)


class ChainFiles:
    """The first of two ensembles; `place` is the folder of the results."""

    def __init__(self, folder: Path) -> None:
        self.whole = folder / "estimated"
        self.estimation = small_estimation()
        if not self.whole.exists():
            self.estimation.sample(self.whole, processes=1)

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        place = shutil.copytree(self.whole, folder / "results", dirs_exist_ok=True)
        for _ in range(count):
            for file in sorted((self.whole / "chains").glob("*.h5")):
                shutil.copy(file, place / "chains" / file.name)
            first = min((place / "chains").glob("*.h5"))
            what, content = damaged(first.read_bytes(), generator)
            first.write_bytes(content)
            yield what, place

    def numbers(self, place: Path) -> list[Any]:
        """Draws, log posterior, and what is made of them."""
        results = self.estimation.saved_results(place)
        chains = results.all_chains
        return [chains.theta, chains.log_prob, chains.acceptance, results.burn, results.table.to_csv()]


class Checkpoints:
    """Of a training run; `place` is the file."""

    def __init__(self, folder: Path) -> None:
        from surrogate.models import get
        from surrogate.training import Settings, train

        self.whole, self.model = folder / "whole.ckpt", get("ramsey")
        if not self.whole.exists():
            settings = Settings(hidden=(12, 12), trunk=16, nodes=1, batch=256, adam_steps=0, steps=12)
            train(self.model, settings, self.whole)

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        for _ in range(count):
            what, content = damaged(self.whole.read_bytes(), generator)
            (folder / "damaged.ckpt").write_bytes(content)
            yield what, folder / "damaged.ckpt"

    def numbers(self, place: Path) -> list[Any]:
        """The weights."""
        from surrogate.training import load_policy

        policy, _ = load_policy(place, self.model)
        return [weight.detach().numpy() for weight in policy.parameters()]


def subject(kind: str, folder: Path) -> Subject:
    """One of `COUNTS`; what it takes is made in `folder` by the first who asks."""
    if kind == "ONNX files":
        return Artifacts()
    if kind == "cards":
        return Cards()
    return ChainFiles(folder) if kind == "chain files" else Checkpoints(folder)


def points(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Parameter vectors and shocks, by position and independent of what a damaged card says."""
    whole, generator = Surrogate(catalogue.find(name)), np.random.default_rng(0)
    nearby = whole.lower + (whole.upper - whole.lower) * generator.random((200, whole.n_parameters))
    theta = np.vstack([whole.default, nearby[whole.inside(nearby)]])[:50]
    return theta, generator.normal(size=(len(theta), whole.n_shocks))


def graph_of(model: ModelFile) -> bytes:
    """The bytes of a shipped file that come before its metadata."""
    parts = fields(memoryview(model.content))
    return model.content[: next(part.start for part in parts if part.number == METADATA)]


def small_estimation() -> Estimation:
    """The linear economy with its exact likelihood, two parameters free."""
    economy = Surrogate(catalogue.find("nk_linear"))
    path = economy.simulate({}, np.random.default_rng(0).normal(size=(40, 1)))
    data = pd.DataFrame(path.observables[:, 0, 1:].astype(float), columns=economy.observable_names[1:])
    priors = {
        "phi": {"density": "beta_pdf", "mean": 0.7, "sd": 0.05},
        "sigma_a": {"density": "inv_gamma_pdf", "mean": 0.05, "sd": 0.01},
    }
    return Estimation(
        economy,
        data.set_index(pd.period_range("1990Q1", periods=40, freq="Q")),
        priors,
        measurement_error={"sd": 0.3},
        likelihood={"method": "kalman"},
        sampler={"ensembles": 2, "walkers": 8, "steps": 40},
        burn=10,
    )


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


def whole_of(damage: Subject, place: Path) -> Path:
    """The undamaged counterpart of a place."""
    return damage.whole if isinstance(damage, ChainFiles | Checkpoints) else catalogue.find(place.name)


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
    table = markdown.table(["files", "mutations", *OUTCOMES], lines)
    print(table)
    if share == 1.0:
        header = HEADER.format(machine=machine(), seconds=SECONDS, memory=MEMORY >> 30)
        with atomic_path(REPORT) as path:
            path.write_text(header + table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
