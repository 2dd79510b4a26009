"""dsge-surrogate export: from a checkpoint to an artifact."""

from pathlib import Path

import click

from surrogate.catalogue import load

from .console import headline_text, needs_extra


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", help="Python file of the economy, if it is your own.")
def export(checkpoint: Path, folder: Path, model: str | None) -> None:
    """Certify a trained economy and write its ONNX files.

    CHECKPOINT is what `dsge-surrogate train` left. FOLDER appears whole or not at all; an artifact that is
    already there is replaced, a folder with other files is not. A file that --model names is run only if it
    is the one that was trained.

    \b
    Examples:
      dsge-surrogate export checkpoints/rbc.pt my_artifact
      dsge-surrogate export my_economy.pt my_artifact --model my_economy.py
    """
    with needs_extra("train"):
        from surrogate import export as exporter
    click.echo(f"Certifying {checkpoint} ...", err=True)
    exporter.export(checkpoint, folder, model)
    card = load(folder).card
    click.echo(
        f"Wrote {folder}: {card.model}, log10 Euler errors {headline_text(card)} over the box, mean (p99)."
    )
