"""dsge-surrogate compare: a surrogate beside the classical solution of the same economy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surrogate.artifact.runtime import Surrogate
from surrogate.catalogue import load
from surrogate.comparison import AnyComparison
from surrogate.comparison import compare as solve_both
from surrogate.comparison.report import (
    DIGITS,
    FILES,
    OF_GENERATIONS,
    OF_HOUSEHOLDS,
    TITLES,
    write,
)
from surrogate.comparison.tables import formatted
from surrogate.economy import Economy
from surrogate.errors import BadConfiguration
from surrogate.house.files import require_replaceable

from .at_calibration import calibrated, show
from .console import SEED, console, needs_extra, table

if TYPE_CHECKING:
    from estimation.finding import Finding


@click.command()
@click.argument("model")
@calibrated
@click.option(
    "--dynare",
    "file",
    type=click.Path(path_type=Path),
    help="Dynare file that it was imported from: beside its perturbations of order 1, 2 and 3 instead.",
)
@click.option(
    "--model", "economy", help="Python file of an economy of your own; with --dynare for Euler errors."
)
@click.option("--box", type=click.Path(path_type=Path), help="With --dynare: as in its import.")
@click.option("--percent", is_flag=True, help="With --dynare: as in its import.")
@click.option("--octave", is_flag=True, help="With --dynare: as in its import.")
@click.option("--periods", type=click.IntRange(min=2), default=1_000, show_default=True, help="To simulate.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the shocks.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [default: results/compare_MODEL]")
def compare(
    model: str,
    calibration: dict[str, float],
    file: Path | None,
    economy: str | None,
    box: Path | None,
    percent: bool,
    octave: bool,
    periods: int,
    seed: int,
    output: Path | None,
) -> None:
    """Hold a surrogate against the classical solution at one calibration.

    MODEL is the name of a shipped surrogate or an artifact's folder. Its economy is solved again by the
    method of the textbook, both solutions are simulated with the same shocks, and tables and figures of the
    policies, the paths and the moments go into a folder, whole or not at all. Parameters that are not
    mentioned take their default.

    \b
    Examples:
      dsge-surrogate compare rbc
      dsge-surrogate compare rbc --parameter alpha=.3 --parameter gamma=4 --output results/patient
      dsge-surrogate compare my_artifact --calibration calibration.toml --periods 5000 --seed 1
      dsge-surrogate compare my_artifact --model my_economy.py
      dsge-surrogate compare my_artifact --dynare model.mod --model my_economy.py

    A file of your own says in its Economy by what method it is solved (classical, comparison). With --dynare
    the calibration is that of the file. Order 1 is solved here; orders 2 and 3 are Dynare's,
    where it is installed with Octave.
    """
    surrogate = load(model)
    if file is not None:
        if calibration:
            raise BadConfiguration(
                "With --dynare the calibration is that of the file: leave out --parameter."
            )
        options = {"box": box, "percent": percent, "octave": octave}
        show(_beside_dynare(surrogate, file, options, economy, periods, seed), output, False)
        return
    folder = output or Path("results") / f"compare_{surrogate.card.model}"
    require_replaceable(folder, (*FILES, *OF_HOUSEHOLDS, *OF_GENERATIONS))
    entry = None if economy is None else _entry_in(economy)
    comparison = solve_both(surrogate, calibration, periods, seed, entry)
    write(comparison, folder)
    _print(comparison)
    click.echo(f"Saved in {folder}")


def _entry_in(file: str) -> Economy:
    """What a Python file says of its economy."""
    with needs_extra("train"):
        from surrogate import models
        from surrogate.models.registry import entry_of
    entry = entry_of(models.get(file))
    if entry is None:
        raise BadConfiguration(
            f"{file} defines no Economy, which says how its model is solved: see docs/model-authors-guide.md."
        )
    return entry


def _beside_dynare(
    surrogate: Surrogate, file: Path, options: dict[str, Any], economy: str | None, periods: int, seed: int
) -> list[Finding]:
    """Tables of a surrogate and the perturbations of its Dynare file."""
    from estimation.finding import Finding
    from surrogate.comparison.perturbation import beside_dynare
    from surrogate.dynare.importing import import_economy

    found = beside_dynare(surrogate, import_economy(file, **options), file, periods, seed)
    note = (
        f"At the calibration of {file.name}, over {periods} periods with the shocks of seed {seed}, without "
        "pruning; a path that explodes has no moments. Differences are shares of the surrogate's sd."
    )
    findings = [
        Finding("moments", "Moments", found.moments, note),
        Finding("differences", "Paths with the same shocks: differences", found.differences, note),
    ]
    if economy is None:
        return findings
    with needs_extra("train"):
        from surrogate import models
        from surrogate.accuracy.perturbation import errors_beside_dynare
    errors = errors_beside_dynare(found, models.get(economy))
    return [*findings, Finding("errors", "log10 Euler errors at the states of the surrogate", errors, note)]


def _print(comparison: AnyComparison) -> None:
    out = console()
    for name, values in comparison.tables.items():
        header, rows = formatted(values, DIGITS[name])
        shown = table(*header, title=TITLES[name])
        for row in rows:
            shown.add_row(*row)
        out.print(shown)
    for note in comparison.notes:
        out.print(note)
