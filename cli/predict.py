"""dsge-surrogate predict: moments of the data under prior and posterior."""

from pathlib import Path

import click

from cli.results_folder import conclude, on_results


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
    output: Path | None,
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
    from estimation.analysis.predictive_moments import predictive_moments

    results = read_results(folder)
    conclude([predictive_moments(results, moments, draws, seed)], output or folder)
