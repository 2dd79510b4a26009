"""Does it matter which seed `krusell_smith` was trained from?

    OMP_NUM_THREADS=2 dsge-surrogate train krusell_smith --seed 1 --output results/seed1.pt
    dsge-surrogate export results/seed1.pt results/seed1
    dsge-surrogate reduce krusell_smith_reduced results/seed1_reduced --full results/seed1
    python -m benchmarks.krusell_smith_seeds artifacts/krusell_smith results/seed1 ...

holds each artifact against the classical solution at the calibrations of `benchmarks.krusell_smith`, and its
reduced economy, in a folder beside it whose name ends in _reduced, against the artifact; it keeps what it
finds under results/krusell-smith-seeds, and writes the section on seeds of docs/krusell-smith.md.
"""

import sys
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT
from benchmarks.kept import kept
from benchmarks.krusell_smith import (
    HELD_OUT,
    PAGE,
    PERIODS,
    SEED,
    SEEDS,
    calibrations,
    distance,
    mean_difference,
)
from benchmarks.pages import write_section
from surrogate import Surrogate, load
from surrogate.comparison.households import BURN_IN
from surrogate.house.figures import markdown_table
from surrogate.reference.krusell_smith import solve_krusell_smith

Array = NDArray[np.float64]
MIDDLE = "middle"
RESULTS = ROOT / "results" / "krusell-smith-seeds"
TEXT = """{marker}

The same recipe from other seeds of the network and of the batches, at the same calibrations, with the same
shocks. *Error*: median of the root mean square over households of Euler errors on the ergodic set, and
its 99th percentile, from the card. *K*: the largest difference of mean capital, in the middle half of the box
and everywhere, percent; *path*: the largest mean distance in the middle half, and the largest distance in any
quarter anywhere; *Gini*: the largest difference; *reduced*: the largest mean distance of the path of the
reduced economy from the artifact's. Seconds of training by the clock: the fewest are those of a run that had
two cores to itself (`OMP_NUM_THREADS=2`), others shared them. The file that ships is that of seed {shipped}.

{table}

The worst seed: capital {middle:.3f} percent off in the middle half of the box and {everywhere:.3f} anywhere,
the Gini coefficient {gini:.4f}, a reduced economy {reduced:.3f} percent from the full one.

What is off adds up from errors of the same sign over a wide range of wealth. If everybody eats one
percent more today and tomorrow, the Euler error hardly moves, and least squares sees such errors last.
So means over the poorer and the richer half of the employed, and of the owners of their wealth, count
beside single errors, with four times the weight (`group_weight`), and a step rests on many of those
before (`lasting_memory`). Edges of the box, such as the low end of `mu`, where those without a job have
next to nothing to live on, are where errors are largest: training puts a part of its economies on them
(`edge`). One household in sixteen is anywhere on the grid: if the few who are very rich eat too little,
their wealth grows for thousands of quarters. What economies have in common is smaller still, and moves
inequality where `mu` is high, since there wealth takes longest to forget. In the last three eighths of
the steps sums of errors over economies, weighted by quadratic functions of the parameters, are
residuals, too (`projection_weight`).

Written by `python -m benchmarks.krusell_smith_seeds artifacts/krusell_smith`
and the folders of the other seeds.
"""


class Classical(NamedTuple):
    """Log capital [PERIODS] and the mean Gini coefficient of the classical solution."""

    log_capital: Array
    gini: float


class Worst(NamedTuple):
    """The largest of each difference, percent but for the Gini coefficient."""

    middle: float
    everywhere: float
    path: float
    quarter: float
    gini: float
    reduced: float


def classical(names: tuple[str, ...], theta: Array) -> Classical:
    """The path at a calibration, with the shocks of the comparison."""
    shocks = np.random.default_rng(SEED).standard_normal(BURN_IN + PERIODS)
    solution = solve_krusell_smith(dict(zip(names, map(float, theta), strict=True)))
    path = solution.simulate(shocks).after(BURN_IN)
    return Classical(np.log(path.capital), float(path.gini.mean()))


def simulated(economy: Surrogate, cases: list[tuple[str, Array]], *names: str) -> tuple[Array, ...]:
    """Observables of those names [cases, PERIODS], at all calibrations with the same shocks."""
    shocks = np.random.default_rng(SEED).standard_normal((BURN_IN + PERIODS, 1, 1))
    thetas = np.array([theta for _, theta in cases])
    seen = economy.simulate(thetas, np.repeat(shocks, len(cases), axis=1)).observables[BURN_IN:].astype(float)
    return tuple(seen[:, :, economy.observable_names.index(name)].T for name in names)


def worst(
    economy: Surrogate, reduced: Surrogate, cases: list[tuple[str, Array]], exact: list[Classical]
) -> Worst:
    """Of an artifact and its reduced economy, over all calibrations."""
    capital, gini = simulated(economy, cases, "log_capital", "gini")
    (of_reduced,) = simulated(reduced, cases, "log_capital")
    off = np.array(
        [abs(mean_difference(*each)) for each in zip(capital, (e.log_capital for e in exact), strict=True)]
    )
    gaps = [distance(path, each.log_capital) for path, each in zip(capital, exact, strict=True)]
    quarters = [
        100 * np.abs(path - each.log_capital).max() for path, each in zip(capital, exact, strict=True)
    ]
    middle = np.array([name.startswith(MIDDLE) for name, _ in cases])
    unequal = np.abs(gini.mean(axis=1) - [each.gini for each in exact])
    apart = max(map(distance, of_reduced, capital))
    most = (off[middle].max(), off.max(), np.array(gaps)[middle].max(), max(quarters), unequal.max(), apart)
    return Worst(*map(float, most))


def table(found: list[tuple[Surrogate, Worst]]) -> str:
    """A row for each seed."""
    header = (
        "seed",
        "error",
        "p99",
        "K, middle, %",
        "K, %",
        "path, %",
        "largest, %",
        "Gini",
        "reduced, %",
        "seconds",
    )
    rows = []
    for economy, most in found:
        card = economy.card
        error = card.accuracy["ergodic"]["euler"]
        rows.append(
            (
                str(card.training["seed"]),
                *(f"{10 ** error[name]:.1e}" for name in ("p50", "p99")),
                *(f"{value:.3f}" for value in most[:-2]),
                f"{most.gini:.4f}",
                f"{most.reduced:.3f}",
                f"{card.training['seconds']:.0f}",
            )
        )
    return markdown_table(header, rows)


def main() -> None:
    """Measure each that has not been measured, and write."""
    economies = [load(folder) for folder in sys.argv[1:]]
    cases = calibrations(economies[0])
    exact = cache(lambda: [classical(economies[0].parameter_names, theta) for _, theta in cases])
    found = []
    for folder, economy in zip(sys.argv[1:], economies, strict=True):
        reduced = load(f"{folder}_reduced")
        digests = (each.card.digests["step"][:16] for each in (economy, reduced))
        kept_at = RESULTS / f"{'-'.join(digests)}-{HELD_OUT}-{len(cases)}.json"
        run = kept(kept_at, lambda both=(economy, reduced): worst(both[0], both[1], cases, exact())._asdict())
        found.append((economy, Worst(**run)))
        print(economy.card.training["seed"], found[-1][1], flush=True)
    most = Worst(*np.array([each for _, each in found]).max(axis=0))
    text = TEXT.format(
        marker=SEEDS, table=table(found), shipped=economies[0].card.training["seed"], **most._asdict()
    )
    write_section(PAGE, text, SEEDS)


if __name__ == "__main__":
    main()
