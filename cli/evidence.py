"""dsge-surrogate evidence: marginal likelihoods, and models of the same data compared."""

from pathlib import Path

import click

from surrogate.house.ownership import visited

from .analyses import conclude
from .console import SEED


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the comparison.  [default: results/model_comparison]",
)
@click.option(
    "--draws", type=click.IntRange(min=100), default=4000, show_default=True, help="New likelihoods."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of all random numbers.")
@click.option(
    "--processes", type=click.IntRange(min=1), help="Worker processes.  [default: one for each core]"
)
def evidence(
    folders: tuple[Path, ...], output: Path | None, draws: int, seed: int, processes: int | None
) -> None:
    """Estimate the marginal likelihood of each FOLDER, and compare the models if there are several.

    FOLDERS are outputs of `dsge-surrogate estimate` on the same data. Each receives marginal_likelihood.csv,
    .md and .tex: bridge sampling, with importance sampling and the modified harmonic mean as checks.

    \b
    Examples:
      dsge-surrogate evidence results/herbst_schorfheide
      dsge-surrogate evidence results/one results/other --output results/comparison
    """
    from estimation import read_results
    from estimation.analysis import marginal_likelihood as marginal
    from estimation.analysis.marginal_likelihood import compare_models, require_same_data

    for folder in folders:
        click.get_current_context().with_resource(visited(folder))
    results = {str(folder): read_results(folder) for folder in folders}
    require_same_data(results)
    found = {}
    for name, posterior in results.items():
        found[name] = marginal.evidence(posterior, draws, seed, processes)
        conclude([marginal.finding(posterior, found[name])], Path(name))
    if len(found) > 1:
        conclude([compare_models(found)], output or Path("results/model_comparison"))
