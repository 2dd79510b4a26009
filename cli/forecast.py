"""dsge-surrogate forecast: what comes after the sample."""

from pathlib import Path

import click

from cli.results_folder import conclude, on_results


@click.command()
@on_results(draws=100)
@click.option("--observable", "observables", multiple=True, help="Observable to forecast.  [default: all]")
@click.option("--horizon", default=12, show_default=True, help="Quarters.")
@click.option("--replications", default=100, show_default=True, help="Simulated futures for each draw.")
def forecast(
    folder: Path,
    draws: int,
    seed: int,
    output: Path | None,
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
    from estimation.analysis.forecasts import forecasts

    results = read_results(folder)
    conclude([forecasts(results, observables, horizon, draws, replications, seed)], output or folder)
