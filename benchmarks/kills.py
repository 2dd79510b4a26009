"""Commands killed at random moments: do they go on to the same answer, and leave nothing torn behind?

Each command runs to its end once. Then it is killed (SIGKILL, which nobody can catch) after a random share
of that time, in every second trial with its workers and otherwise alone, in every fourth trial once more
while it goes on, and is then run to its end. Prints a table and writes docs/benchmark-kills.md.
"""

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.filter_cases import ROOT, machine
from estimation.sampling.chain_file import ChainFile
from surrogate import Surrogate, catalogue
from surrogate.errors import SurrogateError
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "benchmark-kills.md"
COUNT = 50
SAME, OTHER, TORN, LEFT, FAILED = "same answer", "other answer", "torn", "left behind", "failed"
OUTCOMES = (SAME, OTHER, TORN, LEFT, FAILED)
HEADER = """# Killed commands

Every command is killed (`SIGKILL`) after a random share of the time that it takes, in every second trial
with its workers and otherwise alone, in every fourth trial a second time while it goes on. Then it runs to
its end, with `--resume` where its output was there. *Not killed*: it ended before its time came, and runs
again. Before the last run after a kill there was *nothing saved* (`export` saves nothing on the way), or
there were *results saved*: a checkpoint, steps of a chain, evaluated design points, or replications.

What came of all trials, killed or not, is one of the other columns. *Same answer*: to the last bit that of a
run that nobody disturbed: weights, digests of the exported graphs, draws, learnt likelihoods with their
points, ranks. *Torn*: after the kill an artifact that was being replaced could not be read, or was neither
the old nor the new one. *Left behind*: files are there after the end that an undisturbed run does not leave.
*Failed*: the last run did not end well. The last four should be zero; zero in five trials still leaves room
for faults in up to 45 % of kills (with 95 % confidence), zero in fifty for up to 6 %.

{machine}. Written by `python -m benchmarks.kills`.

"""
CONFIGURATION = """
[model]
surrogate = "nk_linear"
[data]
file = "data.csv"
columns = { output_gap = "output_gap", inflation = "inflation" }
[measurement_error]
sd = 0.3
[likelihood]
method = "guided"
particles = 10
[priors.phi]
density = "beta_pdf"
mean = 0.7
sd = 0.05
[priors.sigma_a]
density = "inv_gamma_pdf"
mean = 0.05
sd = 0.01
[sampler]
ensembles = 2
walkers = 8
steps = 300
"""
TRAIN = ("train", "ramsey", "--output", "run.ckpt", "--setting", "batch=64", "--setting", "hidden=4,4")
CALIBRATE = (
    *("calibrate", "small.toml", "--output", "out", "--processes", "2"),
    *("--replications", "8", "--draws", "8", "--steps", "40"),
)


class Trial(NamedTuple):
    """Whether a kill came before the end, results were saved before the last run, and one of `OUTCOMES`."""

    killed: bool
    saved: bool
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class Subject:
    """A command, what it goes on with, and how to read its answer in a folder."""

    command: tuple[str, ...]
    saved: str
    answer: Callable[[Path], str]
    has_results: Callable[[Path], bool]
    resumes: bool = True


def digest(*parts: bytes) -> str:
    """One hash of several parts."""
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def weights(folder: Path) -> str:
    """Of the network in a checkpoint."""
    from surrogate.training import checkpoint

    policy = checkpoint.read(folder / "run.ckpt")["state"]["policy"]
    return digest(*(value.numpy().tobytes() for value in policy.values()))


def graphs(folder: Path, name: str = "out") -> str:
    """Of an artifact, all its files read and run."""
    surrogate = Surrogate(folder / name)
    surrogate.simulate({}, np.zeros((2, surrogate.n_shocks)))
    return digest(repr(sorted(surrogate.card.digests.items())).encode())


def draws(folder: Path) -> str:
    """Of an estimation, and its table."""
    chains = [ChainFile(path).draws() for path in sorted((folder / "out" / "chains").glob("ensemble_*"))]
    table = (folder / "out" / "posterior.csv").read_bytes()
    return digest(table, *(array.tobytes() for pair in chains for array in pair))


def likelihood(folder: Path) -> str:
    """Of a learnt likelihood: its graph, its card, and the points it was learnt from."""
    parts = ("likelihood.onnx", "card.json", "design.csv")
    return digest(*((folder / "out" / name).read_bytes() for name in parts))


def tables(folder: Path) -> str:
    """Of a folder with tables in CSV."""
    return digest(*(path.read_bytes() for path in sorted((folder / "out").glob("*.csv"))))


def names(folder: Path) -> set[str]:
    """Of all that is in a folder, hidden or not."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def has_steps(folder: Path) -> bool:
    """Whether a chain of an estimation has any; it is created without."""
    return any(ChainFile(path).steps for path in (folder / "out" / "chains").glob("ensemble_*"))


def has_replications(folder: Path) -> bool:
    """Whether a calibration has any; the first line only says of what."""
    path = folder / "out" / "replications.jsonl"
    return path.exists() and path.read_bytes().count(b"\n") > 1


SUBJECTS = {
    "train": Subject(
        (*TRAIN, "--setting", "steps=200"), "run.ckpt", weights, lambda at: (at / "run.ckpt").exists()
    ),
    "export": Subject(("export", "base.ckpt", "out"), "out", graphs, lambda at: False, resumes=False),
    "estimate": Subject(
        ("estimate", "small.toml", "--output", "out", "--processes", "2"), "out", draws, has_steps
    ),
    "learn": Subject(
        ("learn", "small.toml", "out", "--calls", "400", "--processes", "2"),
        "out",
        likelihood,
        lambda at: (at / "out" / "design.csv").exists(),
    ),
    "calibrate": Subject(CALIBRATE, "out", tables, has_replications),
}


def start(command: tuple[str, ...], place: Path) -> subprocess.Popen:
    """A command of the package in a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *command],
        cwd=place,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(subject: Subject, place: Path) -> str:
    """Run to the end, going on with what there is; what went wrong, or nothing."""
    process = start(_continued(subject, place), place)
    errors = process.communicate()[1]
    return "" if process.returncode == 0 else errors.strip().splitlines()[-1]


def kill(subject: Subject, place: Path, seconds: float, workers: bool) -> bool:
    """Run for so long; whether it had not ended before."""
    process = start(_continued(subject, place), place)
    try:
        process.communicate(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        if workers:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        return process.wait() == -signal.SIGKILL


def _continued(subject: Subject, place: Path) -> tuple[str, ...]:
    resume = subject.resumes and (place / subject.saved).exists()
    return (*subject.command, "--resume") if resume else subject.command


def make(folder: Path) -> None:
    """What the commands start from: data, a configuration, a checkpoint, and an artifact to be replaced."""
    (folder / "small.toml").write_text(CONFIGURATION, encoding="utf-8")
    economy = Surrogate(catalogue.find("nk_linear"))
    path = economy.simulate({}, np.random.default_rng(0).normal(size=(40, 1)))
    data = pd.DataFrame(path.observables[:, 0].astype(float), columns=economy.observable_names)
    data.insert(0, "date", pd.period_range("1990Q1", periods=40, freq="Q").astype(str))
    data.to_csv(folder / "data.csv", index=False)
    for name, seed in (("old.ckpt", 1), ("base.ckpt", 0)):
        options = ("--setting", "steps=60", "--seed", str(seed))
        start((*TRAIN[:3], name, *TRAIN[4:], *options), folder).communicate()
    start(("export", "old.ckpt", "old"), folder).communicate()


def fresh(name: str, start_from: Path, place: Path) -> None:
    """A place where the command `name` has not run yet."""
    shutil.copytree(start_from, place, ignore=shutil.ignore_patterns("old*"))
    if name == "export":
        shutil.copytree(start_from / "old", place / "out")


def trial(name: str, number: int, start_from: Path, place: Path, seconds: float, undisturbed: Path) -> Trial:
    """Kill a command and go on; the answer should be that in the `undisturbed` place."""
    truth = SUBJECTS[name].answer(undisturbed)
    subject, generator = SUBJECTS[name], np.random.default_rng([number, list(SUBJECTS).index(name)])
    fresh(name, start_from, place)
    killed = False
    for _ in range(2 if number % 4 == 3 else 1):
        killed |= kill(subject, place, seconds * generator.random(), workers=number % 2 == 0)
        if name == "export":
            try:
                if graphs(place) not in (truth, graphs(start_from, "old")):
                    return Trial(killed, False, TORN, "neither the old nor the new artifact")
            except SurrogateError as error:
                return Trial(killed, False, TORN, str(error))
    saved = subject.has_results(place)
    if wrong := finish(subject, place):
        return Trial(killed, saved, FAILED, wrong)
    if left := names(place) - names(undisturbed):
        return Trial(killed, saved, LEFT, ", ".join(sorted(left)))
    return Trial(killed, saved, SAME if subject.answer(place) == truth else OTHER)


def outcomes(name: str, count: int, start_from: Path, folder: Path) -> list[Trial]:
    """What came of `count` trials with a command."""
    undisturbed = folder / f"{name}-undisturbed"
    fresh(name, start_from, undisturbed)
    began = time.perf_counter()
    if wrong := finish(SUBJECTS[name], undisturbed):
        raise SurrogateError(f"{name} does not run here: {wrong}")
    seconds = time.perf_counter() - began
    found = []
    for number in range(count):
        place = folder / f"{name}-{number}"
        found.append(trial(name, number, start_from, place, seconds, undisturbed))
        shutil.rmtree(place, ignore_errors=True)
        if found[-1].outcome != SAME:
            print(f"{name}, trial {number}: {found[-1].outcome}: {found[-1].detail}", file=sys.stderr)
    return found


def line(name: str, trials: list[Trial]) -> list[str]:
    """One line of the table; the outcomes are those of all trials, killed or not."""
    killed = [each for each in trials if each.killed]
    saved = sum(each.saved for each in killed)
    counts = Counter(each.outcome for each in trials)
    numbers = [len(trials) - len(killed), len(killed), len(killed) - saved, saved]
    return [f"`{name}`", *map(str, numbers), *(str(counts[outcome]) for outcome in OUTCOMES)]


def main(count: int = COUNT) -> str:
    """The table for `count` trials of each command."""
    rows = []
    with TemporaryDirectory() as scratch:
        start_from = Path(scratch) / "start"
        start_from.mkdir()
        make(start_from)
        for name in SUBJECTS:
            rows.append(line(name, outcomes(name, count, start_from, Path(scratch))))
            print(rows[-1], file=sys.stderr)
    header = ["command", "not killed", "killed", "nothing saved", "results saved", *OUTCOMES]
    return figures.markdown_table(header, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT, help="Trials of each command.")
    table = main(parser.parse_args().count)
    print(table)
    with atomic_path(REPORT) as path:
        path.write_text(HEADER.format(machine=machine()) + table + "\n", encoding="utf-8")
