"""dsge-surrogate shocks, irf, forecast, decompose and predict: what an estimated economy has to say.

They take the folder of an estimation, have common options, and leave findings beside its results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surrogate.artifact.graph import POLICY
from surrogate.catalogue import available, load
from surrogate.errors import BadConfiguration
from surrogate.house.files import atomic_files
from surrogate.house.ownership import visited

from .at_calibration import calibrated
from .console import SEED

if TYPE_CHECKING:
    from estimation.analysis import Finding

SHORT_TABLE = 30
Command = Callable[..., Any]


def on_results(
    draws: int, place: Callable[[Path], Path] = lambda folder: folder
) -> Callable[[Command], Command]:
    """Give a command the argument FOLDER and the options that all analyses of a posterior take.

    Parameters
    ----------
    draws : how many posterior draws it looks at by default.
    place : where its files go by default, given FOLDER.
    """
    options = (
        click.argument("folder", type=click.Path(path_type=Path)),
        click.option(
            "--draws", default=draws, show_default=True, help="Posterior draws, evenly from the chains."
        ),
        click.option("--seed", type=SEED, default=0, show_default=True, help="Of all random numbers."),
        click.option(
            "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: FOLDER]"
        ),
    )

    def decorate(command: Command) -> Command:
        """Add the options, and keep runs out of the folder meanwhile."""

        @wraps(command)
        def visiting(folder: Path, output: Path | None, **more: Any) -> None:
            """Find out before the work whether its results could be written."""
            output = output or place(folder)
            click.get_current_context().with_resource(visited(output))
            command(folder=folder, output=output, **more)

        decorated: Command = visiting
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def is_artifact(folder: Path) -> bool:
    """Whether this is an artifact's folder or the name of a shipped surrogate."""
    return (folder / POLICY.file).is_file() or (not folder.exists() and str(folder) in available())


def _responses_folder(folder: Path) -> Path:
    """Beside an estimation, or, as an artifact stays as it is, a folder of their own."""
    return Path("results") / f"irf_{folder.resolve().name}" if is_artifact(folder) else folder


def conclude(findings: Sequence[Finding], folder: Path) -> None:
    """Save findings, all or none, and print their notes and such tables as a terminal can show."""
    from estimation.analysis import save
    from estimation.finding import as_text

    with atomic_files(folder, [finding.name for finding in findings]) as new:
        for finding in findings:
            files = save(finding, new)
            click.echo(finding.title)
            if len(finding.table) <= SHORT_TABLE:
                click.echo(as_text(finding.table))
            click.echo(f"  {', '.join(path.name for path in files)}")
    for note in dict.fromkeys(finding.note for finding in findings):
        click.echo(note)
    click.echo(f"Saved in {folder}")


@click.command()
@on_results(draws=100)
def shocks(
    folder: Path,
    draws: int,
    seed: int,
    output: Path,
) -> None:
    """Say what the data tell about shocks, states and the bound.

    FOLDER is the output of `dsge-surrogate estimate` by a filter. Smoothed and filtered, with bands: files
    shocks and states and, where there is a bound, the probability that it binds, as .csv, .md, .tex and .png.

    \b
    Example:
      dsge-surrogate shocks results/us_1984_2019_zlb
    """
    from estimation import read_results
    from estimation.analysis.shocks import shocks_and_states

    results = read_results(folder)
    conclude(shocks_and_states(results, draws, seed), output)


@click.command()
@on_results(draws=200, place=_responses_folder)
@calibrated
@click.option("--shock", "shocks", multiple=True, help="Shock; several times for several.  [default: all]")
@click.option("--observable", "observables", multiple=True, help="Observable to show.  [default: all]")
@click.option(
    "--size",
    "sizes",
    type=float,
    multiple=True,
    default=(1.0, -1.0),
    show_default=True,
    help="Of the shock, in standard deviations.",
)
@click.option(
    "--from",
    "starts",
    multiple=True,
    help="Where the economy is when the shock comes: ergodic, bound, away (from the bound), a quarter of the "
    "sample such as 2009Q1, or, of an artifact, rest.  [default: bound and away where there is a bound, else "
    "ergodic]",
)
@click.option("--horizon", default=20, show_default=True, help="Quarters.")
@click.option(
    "--replications",
    type=int,
    help="Simulated paths.  [default: 100 for each draw, 1000 of an artifact]",
)
def irf(
    folder: Path,
    draws: int,
    seed: int,
    output: Path,
    calibration: dict[str, float],
    shocks: tuple[str, ...],
    observables: tuple[str, ...],
    sizes: tuple[float, ...],
    starts: tuple[str, ...],
    horizon: int,
    replications: int | None,
) -> None:
    """Show what shocks do, at the bound and away from it.

    FOLDER is the output of `dsge-surrogate estimate`, for bands over posterior draws, or an artifact (a
    folder, or the name of a shipped surrogate), for one calibration. Generalised impulse responses (Koop,
    Pesaran and Potter 1996): irf_SHOCK.csv, .md, .tex and .png for each shock, in FOLDER or, of an artifact,
    in results/irf_ARTIFACT.

    \b
    Examples:
      dsge-surrogate irf results/us_1984_2019_zlb
      dsge-surrogate irf results/us_1984_2019_zlb --shock growth --size -2 --from 2006Q4 --from 2009Q1
      dsge-surrogate irf rbc --parameter gamma=4 --from rest
    """
    if is_artifact(folder):
        from estimation.analysis import calibrated_responses

        findings = calibrated_responses(
            load(folder), calibration, shocks, observables, sizes, starts, horizon, replications or 1000, seed
        )
        conclude(findings, output)
        return
    if calibration:
        raise BadConfiguration(
            f"{folder} is no artifact: --parameter and --calibration are for those, and the responses of an "
            "estimation are those at its draws."
        )
    from estimation import read_results
    from estimation.analysis.impulse_responses import impulse_responses

    results = read_results(folder)
    findings = impulse_responses(
        results, shocks, observables, sizes, starts, horizon, draws, replications or 100, seed
    )
    conclude(findings, output)


@click.command()
@on_results(draws=100)
@click.option("--observable", "observables", multiple=True, help="Observable to forecast.  [default: all]")
@click.option("--horizon", default=12, show_default=True, help="Quarters.")
@click.option("--replications", default=100, show_default=True, help="Simulated futures for each draw.")
def forecast(
    folder: Path,
    draws: int,
    seed: int,
    output: Path,
    observables: tuple[str, ...],
    horizon: int,
    replications: int,
) -> None:
    """Forecast from the end of the sample.

    FOLDER is the output of `dsge-surrogate estimate` by a filter. Parameters, states, future shocks and
    measurement errors are drawn: forecast.csv, .md, .tex and, as fan charts, .png.

    \b
    Example:
      dsge-surrogate forecast results/us_1984_2019_zlb --horizon 20
    """
    from estimation import read_results
    from estimation.analysis.predictive import forecasts

    results = read_results(folder)
    conclude([forecasts(results, observables, horizon, draws, replications, seed)], output)


@click.command()
@on_results(draws=100)
@click.option("--observable", "observables", multiple=True, help="Series to decompose.  [default: all]")
def decompose(
    folder: Path,
    draws: int,
    seed: int,
    output: Path,
    observables: tuple[str, ...],
) -> None:
    """Split each series of the data into what each shock contributed.

    FOLDER is the output of `dsge-surrogate estimate` by a filter. Contributions add up to the data although
    the economy is nonlinear (Shapley values): decomposition_SERIES.csv, .md, .tex and .png.

    \b
    Example:
      dsge-surrogate decompose results/us_1984_2019_zlb --observable interest_rate
    """
    from estimation import read_results
    from estimation.analysis.shocks import decompositions

    results = read_results(folder)
    conclude(decompositions(results, observables, draws, seed), output)


@click.command()
@on_results(draws=500)
@click.option(
    "--moment",
    "moments",
    multiple=True,
    help='Such as "sd(inflation)".  [default: means, sds, autocorrelations and correlations]',
)
def predict(
    folder: Path,
    draws: int,
    seed: int,
    output: Path,
    moments: tuple[str, ...],
) -> None:
    """Hold moments of the data against samples that the model makes.

    FOLDER is the output of `dsge-surrogate estimate`. Prior and posterior predictive intervals and p values:
    predictive_moments.csv, .md, .tex and .png.

    \b
    Examples:
      dsge-surrogate predict results/us_1984_2019_zlb
      dsge-surrogate predict results/us_1984_2019_zlb --moment "autocorr(inflation, 1)"
    """
    from estimation import read_results
    from estimation.analysis.predictive import predictive_moments

    results = read_results(folder)
    conclude([predictive_moments(results, moments, draws, seed)], output)
