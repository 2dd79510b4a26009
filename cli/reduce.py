"""dsge-surrogate reduce: from the artifact of many households to one of few states."""

from pathlib import Path

import click

from surrogate.catalogue import load
from surrogate.errors import BadConfiguration

from .console import SEED, needs_extra


@click.command()
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--full", help="Artifact of the full economy.  [default: the one that ships]")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="What the artifact was exported from, for economies that keep choices of its network.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of simulation and fit.")
def reduce(model: str, folder: Path, full: str | None, checkpoint: Path | None, seed: int) -> None:
    """Fit an economy of few states to one of many households.

    MODEL is the name of a reduced economy or a Python file that defines one. The full economy's artifact is
    simulated all over its box, the choices of MODEL are fitted to what it chooses, and its card says how far
    paths are from those of the full economy. FOLDER appears whole or not at all.

    \b
    Examples:
      dsge-surrogate reduce krusell_smith_reduced my_reduced
      dsge-surrogate reduce krusell_smith_reduced my_reduced --full my_artifact --seed 1
      dsge-surrogate reduce hank_reduced my_reduced --full my_hank --checkpoint my_hank.pt
    """
    with needs_extra("train"):
        from surrogate import export, models
        from surrogate.models.registry import entry_of
        from surrogate.training.reduction import ReductionSettings
    economy = models.get(model)
    if not isinstance(economy, models.Reduced):
        raise BadConfiguration(f"{economy.name} stands for no other economy: there is nothing to fit it to.")
    source = full or economy.full.name
    entry = entry_of(economy)
    own = {} if entry is None else entry.reduction
    export.reduce(economy, source, folder, ReductionSettings(**{**own, "seed": seed}), checkpoint)
    differences = load(folder).card.accuracy["reduction"]
    text = ", ".join(f"{name} {figures['mean']:.1e}" for name, figures in differences.items())
    click.echo(f"Wrote {folder}: {economy.name}, mean differences from {source}: {text}.")
