"""The economies that ship, trained by their recipes: time, memory and accuracy over seeds.

    OMP_NUM_THREADS=1 python -m benchmarks.economies [--seeds 5] [ECONOMY ...]

trains each economy in a process of its own, keeps every run under results/economies (a run that is there is
not repeated), and writes docs/benchmark-economies.md from all that is there.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import kept, read
from surrogate import economies, models
from surrogate.accuracy import certify
from surrogate.accuracy.against_reference import against_reference
from surrogate.errors import SurrogateError
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.training import load_policy, recipe

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "economies"
POINTS, VECTORS = 5_000, 2_000
CALIBRATIONS, STATES = 30, 100
MEBIBYTE = 1024
"""In the kibibytes in which Linux counts."""
HEADER = """# The economies, over seeds

Every economy that ships, trained by its recipe on one thread (`OMP_NUM_THREADS=1`); the median seed, and
after it the worst. `seconds` are of processor time; linear algebra uses more cores where there are, and
`training.seconds` in a card is wall time, perhaps of a machine that did other things too. `memory` is the
largest resident set in MiB, `box` the certified share of the box. `Euler` is the mean log10 error over the
box and the 99th percentile on the ergodic set, at points that training has not seen, of the worst equation.
States at the borrowing limit of `consumption_saving`, where nothing is left to err, do not count.

{machine}. Written by `python -m benchmarks.economies`.

"""
REFERENCE = """
## Against the classical solutions

Differences of the controls from the classical solution at {calibrations} random calibrations of the certified
region and {states} states of each: relative, or for controls of either sign as a share of the root mean
square.

"""


def main() -> None:
    """Run what is missing, and write the report."""
    arguments = argparse.ArgumentParser(description="Train the economies that ship, over seeds.")
    arguments.add_argument("--seeds", type=int, default=5, help="how many seeds (default 5)")
    arguments.add_argument("economy", nargs="*", help="default: all that ship")
    given = arguments.parse_args()
    for name in given.economy or models.names():
        for seed in range(given.seeds):
            run = kept(RESULTS / f"{name}-{seed}.json", partial(measured, name, seed))
            print(name, seed, run["failure"] or f"{run['seconds']:.0f} s", flush=True)
    runs = defaultdict(list)
    for path in sorted(RESULTS.glob("*.json")):
        runs[read(path)["economy"]].append(read(path))
    write_report(runs, ROOT / "docs" / "benchmark-economies.md")


def measured(name: str, seed: int) -> dict[str, Any]:
    """One run: seconds, mebibytes, certificate and differences from the classical solution."""
    checkpoint = RESULTS / f"{name}-{seed}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    run = {"economy": name, "seed": seed, "failure": ""} | _train(name, seed, checkpoint)
    try:
        return run | _accuracy(checkpoint)
    except SurrogateError as error:
        return run | {"failure": str(error)}


def _train(name: str, seed: int, checkpoint: Path) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "train",
        name,
        "--seed",
        str(seed),
        "--output",
        str(checkpoint),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return {"seconds": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / MEBIBYTE}


def _accuracy(checkpoint: Path) -> dict[str, Any]:
    policy, _ = load_policy(checkpoint)
    name = policy.model.name
    certificate = certify(policy, recipe(policy.model).test_nodes, POINTS, VECTORS)
    accuracy = certificate.accuracy
    found = {
        "share_of_box": accuracy["share_of_box"],
        "box": max(errors["mean"] for errors in accuracy["box"].values()),
        "ergodic": max(errors["p99"] for errors in accuracy["ergodic"].values()),
        "reference": [],
    }
    # many households choose at nodes where they eat less than they choose: benchmarks/krusell_smith.py
    if name in economies.with_classical_solution() and economies.find(name).own_comparison() is None:
        differences = against_reference(policy, CALIBRATIONS, STATES, certificate.region)
        found["reference"] = differences.reset_index().to_dict("records")
    return found


def write_report(runs: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Write the tables to `path`, whole or not at all."""
    columns = ("economy", "seeds", "failed", "seconds", "memory", "box", "Euler, box", "Euler, ergodic p99")
    text = HEADER.format(machine=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    text += markdown_table(columns, [_row(name, found) for name, found in runs.items()]) + "\n"
    rows = [row for name, found in runs.items() for row in _reference_rows(name, found)]
    text += REFERENCE.format(calibrations=CALIBRATIONS, states=STATES)
    text += markdown_table(("economy", "law", "control", "mean", "p99", "max", "rms"), rows) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(text)


def _row(name: str, runs: list[dict[str, Any]]) -> list[str]:
    good = [run for run in runs if not run["failure"]]
    failed = str(len(runs) - len(good))
    formats = {"seconds": ".0f", "memory": ".0f", "share_of_box": ".3f", "box": ".2f", "ergodic": ".2f"}
    if not good:
        return [name, str(len(runs)), failed, *["-"] * len(formats)]
    return [
        name,
        str(len(runs)),
        failed,
        *(
            _median_and_worst((run[key] for run in good), form, min if key == "share_of_box" else max)
            for key, form in formats.items()
        ),
    ]


def _reference_rows(name: str, runs: list[dict[str, Any]]) -> list[list[str]]:
    """A row for each law and control."""
    found = defaultdict(list)
    for run in runs:
        for row in run.get("reference", []):
            found[row["law"], row["control"]].append(row)
    return [
        [name, law, control]
        + [_median_and_worst((row[key] for row in rows), ".1e", max) for key in ("mean", "p99", "max", "rms")]
        for (law, control), rows in found.items()
    ]


def _median_and_worst(values: Iterable[float], form: str, worst: Any) -> str:
    numbers = list(values)
    return f"{np.median(numbers):{form}} ({worst(numbers):{form}})"


if __name__ == "__main__":
    main()
