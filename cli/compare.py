"""dsge-surrogate compare: a surrogate beside the classical solution of the same economy."""

from pathlib import Path

import click

from surrogate.catalogue import load
from surrogate.comparison import AnyComparison, read_calibration
from surrogate.comparison import compare as solve_both
from surrogate.comparison.report import DIGITS, FILES, OF_HOUSEHOLDS, TITLES, notes, write
from surrogate.comparison.tables import formatted
from surrogate.errors import BadConfiguration
from surrogate.house.files import require_replaceable

from .console import SEED, console, table


@click.command()
@click.argument("model")
@click.option(
    "--parameter",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="One parameter of the calibration, such as alpha=.3; may be repeated, and overrides the file.",
)
@click.option(
    "--calibration", type=click.Path(path_type=Path), help="TOML file of lines such as alpha = 0.3."
)
@click.option("--periods", type=click.IntRange(min=2), default=1_000, show_default=True, help="To simulate.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the shocks.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [default: results/compare_MODEL]")
def compare(
    model: str,
    assignments: tuple[str, ...],
    calibration: Path | None,
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
    """
    surrogate = load(model)
    parameters = {} if calibration is None else read_calibration(calibration)
    parameters |= dict(_assignment(text) for text in assignments)
    folder = output or Path("results") / f"compare_{surrogate.card.model}"
    require_replaceable(folder, (*FILES, *OF_HOUSEHOLDS))
    comparison = solve_both(surrogate, parameters, periods, seed)
    write(comparison, folder)
    _print(comparison)
    click.echo(f"Saved in {folder}")


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise BadConfiguration(
            f"--parameter takes a name and a number, such as alpha=.3, not {text!r}."
        ) from None


def _print(comparison: AnyComparison) -> None:
    out = console()
    for name, values in comparison.tables.items():
        header, rows = formatted(values, DIGITS[name])
        shown = table(*header, title=TITLES[name])
        for row in rows:
            shown.add_row(*row)
        out.print(shown)
    for note in notes(comparison):
        out.print(note)
