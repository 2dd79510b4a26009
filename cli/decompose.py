"""dsge-surrogate decompose: which shocks made the data what they are."""

from pathlib import Path

import click

from cli.results_folder import conclude, on_results


@click.command()
@on_results(draws=100)
@click.option("--observable", "observables", multiple=True, help="Series to decompose.  [default: all]")
def decompose(
    folder: Path,
    draws: int,
    seed: int,
    output: Path | None,
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
    from estimation.analysis.decomposition import decompositions

    results = read_results(folder)
    conclude(decompositions(results, observables, draws, seed), output or folder)
