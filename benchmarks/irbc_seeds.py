"""Does it matter which seed `irbc` with ten countries is trained from?

    OMP_NUM_THREADS=1 python -m benchmarks.irbc_seeds [SEED ...]

trains each by the recipe, keeps every run as `benchmarks.irbc` does, and writes the section on seeds of
docs/irbc.md.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.irbc import PAGE, SEEDS, kept_at, measured
from benchmarks.kept import kept
from benchmarks.pages import write_section
from surrogate.house.figures import markdown_table

COUNTRIES, DEFAULT = 10, (0, 1, 2)
HEADER = ("seed", "mean", "p99", "max", "held out: mean", "p99", "max", "from reference", "minutes")
TEXT = """{marker}

Ten countries by the same recipe from other seeds of the network and of the batches; columns are those of the
table above.

{table}

The worst seed at the published calibration: mean {mean:.2f}, p99 {p99:.2f}; held out: {held_mean:.2f} and
{held_p99:.2f}.

Written by `python -m benchmarks.irbc_seeds{seeds}`.
"""


def row(seed: int, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    figures = (*found["published"], *found["held_out"])
    return [
        f"{seed}",
        *(f"{value:.2f}" for value in figures),
        f"{found['reference']:.0e}",
        f"{found['seconds'] / 60:.1f}",
    ]


def main() -> None:
    """Measure each that has not been measured, and write."""
    seeds = tuple(map(int, sys.argv[1:])) or DEFAULT
    found = {
        seed: kept(kept_at(COUNTRIES, seed), lambda seed=seed: measured(COUNTRIES, seed)) for seed in seeds
    }
    mean, p99, _ = np.max([each["published"] for each in found.values()], axis=0)
    held_mean, held_p99, _ = np.max([each["held_out"] for each in found.values()], axis=0)
    text = TEXT.format(
        marker=SEEDS,
        table=markdown_table(HEADER, [row(*each) for each in found.items()]),
        seeds="".join(f" {seed}" for seed in sys.argv[1:]),
        **{"mean": mean, "p99": p99, "held_mean": held_mean, "held_p99": held_p99},
    )
    write_section(PAGE, text, SEEDS)


if __name__ == "__main__":
    main()
