"""The shipped `olg` against its published solution and against the steady state solved for by another method.

    dsge-surrogate train olg --seed 1 --output results/seed1.pt
    dsge-surrogate export results/seed1.pt results/seed1
    python -m benchmarks.olg results/seed1 ...

evaluates Euler equations that are written apart along simulations of the files, at the published calibration
and at parameter vectors that were not looked at, does the same with artifacts that were trained from other
seeds, and writes docs/olg.md with its figures, and with what `python -m benchmarks.olg_few` has found.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.filter_cases import machine
from benchmarks.kept import read
from benchmarks.olg_few import RESULTS
from surrogate import Surrogate, load
from surrogate.comparison.generations import (
    GenerationsComparison,
    GenerationsPolicy,
    compare_generations,
    error_figures,
    number_of_generations,
    split,
)
from surrogate.comparison.generations_figures import FIGURES
from surrogate.comparison.tables import formatted
from surrogate.house.figures import markdown_table, save
from surrogate.house.files import atomic_path
from surrogate.reference.olg_economy import Household, euler_errors
from surrogate.reference.olg_steady_state import steady_state

Array = NDArray[np.float64]
DOCS = Path(__file__).parents[1] / "docs"
NAME = "olg"
PUBLISHED_PERIODS, SEED = 2_000, 2039
VECTORS, BURN_IN, PERIODS, EVERY = 100, 120, 60, 4
RESTS = 5
"""Of these vectors, at which the steady state is solved for again."""
PUBLISHED = {
    "capital": {"mean": 0.024, "p99": np.nan, "p99.9": 0.324, "max": 0.528},
    "bonds": {"mean": 0.021, "p99": np.nan, "p99.9": 0.255, "max": 0.608},
}
"""Azinovic, Gaegauf and Scheidegger (2022): percent."""
GOALS = {
    "at the published calibration": {"mean": 0.01, "p99": np.nan, "p99.9": 0.1, "max": 0.25},
    "over the box": {"mean": 0.015, "p99": np.nan, "p99.9": 0.2, "max": 0.8},
}
SHOWN = ("mean", "p99.9", "max")
"""Of the table of seeds."""
TEXT = (Path(__file__).parent / "olg_page.md").read_text(encoding="utf-8")


def held_out(economy: Surrogate) -> dict[str, Array]:
    """Relative Euler errors [periods, VECTORS, S] of capital and bonds at parameters drawn from the box."""
    generator = np.random.default_rng(SEED)
    theta = generator.uniform(economy.lower, economy.upper, (VECTORS, economy.n_parameters))
    shocks = generator.standard_normal((BURN_IN + PERIODS, VECTORS, economy.n_shocks))
    path = economy.simulate(theta, shocks).states[BURN_IN::EVERY].astype(float)
    generations = number_of_generations(economy)
    errors: dict[str, list[Array]] = {"capital": [], "bonds": []}
    for number, vector in enumerate(theta):
        household = Household.of(dict(zip(economy.parameter_names, vector, strict=True)), generations)
        found = euler_errors(household, GenerationsPolicy(economy, vector), *split(path[:, number]))
        for values, each in zip(errors.values(), found, strict=True):
            values.append(each)
    return {name: np.stack(values, 1) for name, values in errors.items()}


def error_table(published: GenerationsComparison, box: dict[str, Array]) -> pd.DataFrame:
    """Percent: a row for each equation and place, what was published, and what was aimed at."""
    rows = {}
    for column, equation in enumerate(("capital", "bonds")):
        rows[equation, "published calibration"] = error_figures(published.errors[..., column])
        rows[equation, f"{VECTORS} held-out vectors"] = error_figures(box[equation])
        rows[equation, "published, one calibration"] = PUBLISHED[equation]
    rows |= {("aim", where): figures for where, figures in GOALS.items()}
    index = pd.MultiIndex.from_tuples(rows, names=["equation", "where"])
    return pd.DataFrame(list(rows.values()), index)


def rest_table(economy: Surrogate) -> pd.DataFrame:
    """Mean and largest differences of the artifact's steady state from the reference's."""
    generator = np.random.default_rng(SEED + 1)
    theta = generator.uniform(economy.lower, economy.upper, (RESTS, economy.n_parameters))
    found = economy.steady_state(theta).states.astype(float)
    gaps: dict[str, list[Array]] = {"capital": [], "bonds": [], "log of all capital": []}
    for vector, states in zip(theta, found, strict=True):
        parameters = dict(zip(economy.parameter_names, map(float, vector), strict=True))
        exact = steady_state(parameters, number_of_generations(economy))
        k, b, _, _ = split(states[None])
        gaps["capital"].append(np.abs(k[0] - exact.capital[1:]))
        gaps["bonds"].append(np.abs(b[0] - exact.bonds[1:]))
        gaps["log of all capital"].append(np.abs(np.log(k.sum(1) / exact.capital_of_all)))
    rows = {name: {"mean": np.mean(each), "max": np.max(each)} for name, each in gaps.items()}
    return pd.DataFrame(rows).T.rename_axis("difference in")


def seeds_table(runs: dict[Surrogate, tuple[GenerationsComparison, dict[str, Array]]]) -> str:
    """A row for each seed: percent, the worse of the two equations."""
    rows = []
    for economy, (published, box) in runs.items():
        at_one = [error_figures(published.errors[..., column]) for column in range(2)]
        everywhere = [error_figures(each) for each in box.values()]
        worse = [max(e[what] for e in each) for each in (at_one, everywhere) for what in SHOWN]
        training = economy.card.training
        figures = (f"{value:.3g}" for value in worse)
        rows.append((str(training["seed"]), *figures, f"{training['seconds']:.0f}"))
    return markdown_table(("seed", *SHOWN, *(f"held out: {what}" for what in SHOWN), "seconds"), rows)


def few_table() -> pd.DataFrame:
    """A network for four generations beside a solution without networks, a row a calibration."""
    found = read(RESULTS / "four.json")["calibrations"]
    return pd.DataFrame(found).T.rename_axis("calibration")


def as_markdown(table: pd.DataFrame, digits: int = 2) -> str:
    """A table of the page."""
    return markdown_table(*formatted(table, digits))


def measured(economy: Surrogate) -> tuple[GenerationsComparison, dict[str, Array]]:
    """At the published calibration, and over the box."""
    default = dict(zip(economy.parameter_names, map(float, economy.default), strict=True))
    return compare_generations(economy, default, PUBLISHED_PERIODS, SEED), held_out(economy)


def main() -> None:
    """Measure, and write the page."""
    economy = load(NAME)
    started = time.process_time()
    published, box = measured(economy)
    seconds = time.process_time() - started
    others = {other: measured(other) for other in map(load, sys.argv[1:])}
    capital = np.exp(published.simulations[0]["log_capital"])
    worst = np.mean([np.abs(each).mean((0, 2)) for each in box.values()], axis=0)
    clearing = np.abs(split(published.states)[1].sum(1) / capital).max()
    values = {
        "machine": machine(),
        "periods": f"{PUBLISHED_PERIODS:,}",
        "vectors": VECTORS,
        "seconds": f"{economy.card.training['seconds']:.0f}",
        "measuring": f"{seconds:.0f}",
        "errors": as_markdown(error_table(published, box)),
        "seeds": seeds_table({economy: (published, box)} | others),
        "states": as_markdown(published.by_state),
        "rest": as_markdown(rest_table(economy)),
        "few": as_markdown(few_table()),
        "few_seconds": f"{read(RESULTS / 'four.json')['seconds']:.0f}",
        "moments": as_markdown(published.tables["moments"], 5),
        "median": f"{100 * np.median(worst):.3f}",
        "worst": f"{100 * worst.max():.3f}",
        "clearing": f"{clearing:.0e}",
        "capital": f"{capital.mean():.2f}",
        "capital_sd": f"{capital.std():.2f}",
    }
    for name, draw in FIGURES.items():
        save(draw(published), DOCS / f"olg-{name}.png")
    with atomic_path(DOCS / "olg.md") as temporary:
        temporary.write_text(TEXT.format(**values), encoding="utf-8")


if __name__ == "__main__":
    main()
