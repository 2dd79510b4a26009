"""dsge-surrogate moments and identify: what a solved economy has to say at one calibration, without data.

And what commands that take a calibration share: its options, and findings that are printed or saved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surrogate.catalogue import load
from surrogate.errors import BadConfiguration

from .console import SEED

if TYPE_CHECKING:
    from estimation.finding import Finding

Command = Callable[..., Any]
OBSERVABLES = click.option(
    "--observable", "observables", multiple=True, help="Observable to show; may be repeated.  [default: all]"
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
OUTPUT = click.option("--output", type=click.Path(path_type=Path), help="Folder for the tables as files.")


def calibrated(command: Command) -> Command:
    """Give a command ``--parameter`` and ``--calibration``; it is called with `calibration`, a dictionary."""

    @wraps(command)
    def reading(assignments: tuple[str, ...], calibration: Path | None, **more: Any) -> Any:
        """Read the calibration before anything else."""
        return command(calibration=calibration_of(assignments, calibration), **more)

    parameter = click.option(
        "--parameter",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="One parameter of the calibration, such as alpha=.3; may be repeated, and overrides the file.",
    )
    file = click.option(
        "--calibration", type=click.Path(path_type=Path), help="TOML file of lines such as alpha = 0.3."
    )
    return parameter(file(reading))


def calibration_of(assignments: Sequence[str], file: Path | None) -> dict[str, float]:
    """Parameters by name, those of the file and then those assigned; raises BadConfiguration."""
    from surrogate.comparison import read_calibration

    parameters = {} if file is None else read_calibration(file)
    return parameters | dict(_assignment(text) for text in assignments)


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise BadConfiguration(
            f"--parameter takes a name and a number, such as alpha=.3, not {text!r}."
        ) from None


def show(findings: Sequence[Finding], output: Path | None, as_json: bool) -> None:
    """Print findings as tables or as JSON, and save them if there is a folder for them."""
    from estimation.finding import as_text, save_all

    if output is not None:
        save_all(findings, output)
    if as_json:
        tables = {each.name: each.table.to_dict(orient="index") for each in findings}
        click.echo(json.dumps(tables, indent=2))
        return
    for finding in findings:
        click.echo(f"{finding.title}\n{as_text(finding.table)}\n")
    for note in dict.fromkeys(finding.note for finding in findings):
        click.echo(note)
    if output is not None:
        click.echo(f"Saved in {output}")


@click.command()
@click.argument("artifact")
@calibrated
@OBSERVABLES
@click.option("--lags", default=5, show_default=True, help="Of the autocorrelations.")
@click.option("--periods", default=200, show_default=True, help="Of each simulated path.")
@click.option("--replications", default=1_000, show_default=True, help="Simulated paths.")
@click.option("--burn-in", default=500, show_default=True, help="Periods before a path that do not count.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the shocks.")
@JSON
@OUTPUT
def moments(
    artifact: str,
    calibration: dict[str, float],
    observables: tuple[str, ...],
    lags: int,
    periods: int,
    replications: int,
    burn_in: int,
    seed: int,
    as_json: bool,
    output: Path | None,
) -> None:
    """Say how a solved economy moves at one calibration.

    ARTIFACT is a folder or the name of a shipped surrogate. Means, standard deviations, correlations,
    autocorrelations and the variance decomposition of its observables, by simulation; in the decomposition
    `together` is what no shock does alone. Parameters that are not mentioned take their default.

    \b
    Examples:
      dsge-surrogate moments rbc
      dsge-surrogate moments rbc --parameter gamma=4 --observable output --lags 8
      dsge-surrogate moments my_artifact --calibration calibration.toml --output tables
    """
    from estimation.analysis import ergodic_moments

    found = ergodic_moments(
        load(artifact), calibration, observables, lags, periods, replications, burn_in, seed
    )
    show(found, output, as_json)


@click.command()
@click.argument("artifact")
@calibrated
@OBSERVABLES
@click.option("--periods", default=200, show_default=True, help="Of the data.")
@click.option("--lags", default=1, show_default=True, help="Of the autocovariances.")
@click.option("--replications", default=1_000, show_default=True, help="Simulated samples.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the shocks.")
@JSON
@OUTPUT
def identify(
    artifact: str,
    calibration: dict[str, float],
    observables: tuple[str, ...],
    periods: int,
    lags: int,
    replications: int,
    seed: int,
    as_json: bool,
    output: Path | None,
) -> None:
    """Say which parameters data could tell apart.

    ARTIFACT is a folder or the name of a shipped surrogate. From the Jacobian of means, covariances and
    autocovariances of samples with so many periods: its rank, the smallest standard errors that these moments
    allow, which parameters are weak, and which directions in the parameters change least.

    \b
    Examples:
      dsge-surrogate identify an_schorfheide
      dsge-surrogate identify an_schorfheide --observable inflation --observable interest_rate --periods 80
    """
    from estimation.analysis import identification

    found = identification(load(artifact), calibration, observables, periods, lags, replications, seed)
    show(found, output, as_json)
