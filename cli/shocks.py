"""dsge-surrogate shocks: shocks, states and the bound, quarter by quarter."""

from pathlib import Path

import click

from cli.results_folder import conclude, on_results


@click.command()
@on_results(draws=100)
def shocks(
    folder: Path,
    draws: int,
    seed: int,
    output: Path | None,
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
    conclude(shocks_and_states(results, draws, seed), output or folder)
