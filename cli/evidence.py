"""dsge-surrogate evidence: marginal likelihoods, and models of the same data compared."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.record import recall

if TYPE_CHECKING:
    from estimation.analysis import Finding


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the comparison.")
@click.option(
    "--draws", type=click.IntRange(min=100), default=4000, show_default=True, help="New likelihoods."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of these draws.")
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
    from estimation import Estimation
    from estimation.analysis import marginal_likelihood as marginal
    from estimation.analysis.finding import save
    from estimation.analysis.model_comparison import compare_models, require_same_data

    named = {str(folder): Estimation.from_toml(recall(folder)).saved_results(folder) for folder in folders}
    require_same_data(named)
    found = {}
    for name, results in named.items():
        found[name] = marginal.evidence(results, draws, seed, processes)
        finding = marginal.finding(results, found[name])
        save(finding, Path(name))
        click.echo(f"{name}\n{_text(finding)}\n")
    if len(found) > 1:
        comparison = compare_models(found)
        click.echo(_text(comparison))
        if output is not None:
            save(comparison, output)


def _text(finding: "Finding") -> str:
    from estimation.table import as_text

    return f"{as_text(finding.table)}\n{finding.note}"
