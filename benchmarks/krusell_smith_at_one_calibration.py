"""How close to the classical solution does a minute of training come at one calibration, from any seed?

    OMP_NUM_THREADS=1 python -m benchmarks.krusell_smith_at_one_calibration [SEED ...]

trains examples/krusell_smith_at_one_calibration.py from each seed, keeps what it finds under
results/krusell-smith-at-one-calibration, and writes the section on one calibration of docs/krusell-smith.md.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept
from benchmarks.krusell_smith import ONE, PAGE, distance, mean_difference
from benchmarks.pages import write_section
from benchmarks.populations import Path, classical, quantile
from examples.krusell_smith_at_one_calibration import HERE, KrusellSmithHere
from surrogate.house.figures import markdown_table
from surrogate.models.krusell_smith import KrusellSmith
from surrogate.policy import PopulationPolicy
from surrogate.training import Settings, load_policy, train
from surrogate.training.checkpoint import fingerprint

RESULTS = ROOT / "results" / "krusell-smith-at-one-calibration"
DEFAULT = tuple(range(5))
COLUMNS = ("seed", "Euler p50", "p99", "K, %", "path, mean %", "largest %", "seconds", "of a processor")
TEXT = """{marker}

    dsge-surrogate train examples/krusell_smith_at_one_calibration.py --output here.pt
    dsge-surrogate export here.pt here --model examples/krusell_smith_at_one_calibration.py
    dsge-surrogate compare here --model examples/krusell_smith_at_one_calibration.py

solves the economy where the file says, in a minute: its box is a point, and its network small. The last
command holds it against the classical solution. Write your calibration into a copy.

The same training from several seeds beside the classical solution, with {periods:,} quarters of the same
shocks. *Euler*: errors of consumption on the ergodic set, weighted by households; *K*: mean of capital, and
*path*: distance of log capital in a quarter, mean and largest; *seconds* of training by the clock.

{table}

Mean capital is {capital:.3f} percent off at most, and no training took more than {seconds:.0f} seconds.
[A table of variants](benchmark-populations.md) has other ways to see a distribution, with a plainer recipe.

{machine}. Written by `python -m benchmarks.krusell_smith_at_one_calibration`.
"""


def measured(seed: int) -> dict[str, Any]:
    """Train, and follow the economy."""
    economy, settings = KrusellSmithHere(), replace(Settings(**HERE.settings), seed=seed)
    checkpoint = RESULTS / f"{seed}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    started = time.perf_counter(), time.process_time()
    train(economy, settings, checkpoint)
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    policy, _ = load_policy(checkpoint, economy)
    assert isinstance(policy, PopulationPolicy)
    path, exact = Path(economy, policy), log_capital()
    errors, mass = path.euler_errors(), path.mass
    return {
        "euler": [quantile(errors, mass, level) for level in (0.5, 0.99)],
        "mean": mean_difference(path.log_capital, exact),
        "path": [distance(path.log_capital, exact), 100 * float(np.abs(path.log_capital - exact).max())],
        "seconds": seconds,
    }


@cache
def log_capital() -> np.ndarray:
    """Of the classical solution at the default of `krusell_smith`, where the example is."""
    assert KrusellSmithHere().default_parameters().equal(KrusellSmith().default_parameters())
    return classical()


def row(seed: int, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    return [
        f"{seed}",
        *(f"{value:.1e}" for value in found["euler"]),
        f"{found['mean']:+.3f}",
        *(f"{value:.3f}" for value in found["path"]),
        *(f"{value:.0f}" for value in found["seconds"]),
    ]


def main() -> None:
    """Measure each that has not been measured, and write."""
    found, written = {}, fingerprint(KrusellSmithHere())[:16]
    for seed in tuple(map(int, sys.argv[1:])) or DEFAULT:
        found[seed] = kept(RESULTS / f"{written}-{seed}.json", partial(measured, seed))
        print(seed, found[seed], flush=True)
    text = TEXT.format(
        marker=ONE,
        periods=len(log_capital()),
        table=markdown_table(COLUMNS, [row(*each) for each in found.items()]),
        capital=max(abs(each["mean"]) for each in found.values()),
        seconds=max(each["seconds"][0] for each in found.values()),
        machine=machine(),
    )
    write_section(PAGE, text, ONE)


if __name__ == "__main__":
    main()
