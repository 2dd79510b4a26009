"""dsge-surrogate irf: generalised impulse responses of an estimated economy."""

from pathlib import Path

import click

from cli.results_folder import conclude, on_results


@click.command()
@on_results(draws=200)
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
    help="Where the economy is when the shock comes: ergodic, bound, away (from the bound), or a quarter of "
    "the sample such as 2009Q1.  [default: bound and away where there is a bound, else ergodic]",
)
@click.option("--horizon", default=20, show_default=True, help="Quarters.")
@click.option("--replications", default=100, show_default=True, help="Simulated paths for each draw.")
def irf(
    folder: Path,
    draws: int,
    seed: int,
    output: Path | None,
    shocks: tuple[str, ...],
    observables: tuple[str, ...],
    sizes: tuple[float, ...],
    starts: tuple[str, ...],
    horizon: int,
    replications: int,
) -> None:
    """Show what shocks do, at the bound and away from it.

    FOLDER is the output of `dsge-surrogate estimate`. Generalised impulse responses (Koop, Pesaran and
    Potter 1996) with bands over posterior draws: irf_SHOCK.csv, .md, .tex and .png for each shock.

    \b
    Examples:
      dsge-surrogate irf results/us_1984_2019_zlb
      dsge-surrogate irf results/us_1984_2019_zlb --shock growth --size -2 --from 2006Q4 --from 2009Q1
    """
    from estimation import read_results
    from estimation.analysis.impulse_responses import impulse_responses

    results = read_results(folder)
    findings = impulse_responses(
        results, shocks, observables, sizes, starts, horizon, draws, replications, seed
    )
    conclude(findings, output or folder)
