"""The examples, from the command line to the posterior: wall time, draws and memory.

    python -m benchmarks.estimation [EXAMPLE ...]

prints one table and writes docs/benchmark-estimation.md. Every example, or those that are named, runs as a
user would run it, once.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil

from surrogate.house import figures
from surrogate.house.files import atomic_path

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmark-estimation.md"
EXAMPLES = ("herbst_schorfheide", "us_1984_2019_zlb", "rbc_moments")
LOOK_EVERY = 0.2
"""Seconds between two looks at memory."""
HEADER = """# Estimations

`dsge-surrogate estimate examples/NAME.toml`, mode, sampling, tables and figures included.

- `evaluations`: posterior evaluations of the sampler, in all ensembles.
- `per 100,000`: seconds that 100,000 of them would take at that rate.
- `memory`: largest sum of the resident memory of the command and its worker processes; pages that they share
  count more than once.

{machine}. Written by `python -m benchmarks.estimation`.

"""


@dataclass(frozen=True)
class Usage:
    """Wall seconds of a command, and the largest resident memory of it and its children in MiB."""

    seconds: float
    memory: float


def run(command: Sequence[str]) -> Usage:
    """Run a command to its end and watch its memory.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    started, peak = time.perf_counter(), 0
    process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, _resident(process))
        time.sleep(LOOK_EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(time.perf_counter() - started, peak / 2**20)


def _resident(process: psutil.Process) -> int:
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:  # it ended since it was listed
            continue
    return total


def measure(example: str, folder: Path) -> dict[str, str]:
    """One row of the table."""
    configuration, output = ROOT / "examples" / f"{example}.toml", folder / example
    used = run([sys.executable, "-m", "cli.main", "estimate", str(configuration), "--output", str(output)])
    sampler = tomllib.loads(configuration.read_text(encoding="utf-8"))["sampler"]
    evaluations = sampler["ensembles"] * sampler["walkers"] * sampler["steps"]
    posterior = pd.read_csv(output / "posterior.csv", index_col=0)
    return {
        "example": example,
        "minutes": f"{used.seconds / 60:.1f}",
        "evaluations": f"{evaluations:,}",
        "per 100,000": f"{used.seconds / evaluations * 100_000:.0f} s",
        "least ESS": f"{posterior[['ESS bulk', 'ESS tail']].to_numpy().min():.0f}",
        "largest R-hat": f"{posterior['R-hat'].max():.3f}",
        "memory": f"{used.memory:.0f} MiB",
    }


def main(examples: Sequence[str]) -> None:
    """Measure, print and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(example, Path(folder)) for example in examples]
    table = figures.markdown_table(list(rows[0]), [list(row.values()) for row in rows])
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(table)
    with atomic_path(REPORT) as temporary:
        temporary.write_text(HEADER.format(machine=machine) + table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or EXAMPLES)
