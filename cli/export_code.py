"""dsge-surrogate export-code: an artifact as source code of another language."""

from pathlib import Path

import click

from surrogate.catalogue import load
from surrogate.translation import LANGUAGES
from surrogate.translation import export_code as translate


@click.command(name="export-code")
@click.argument("artifact")
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), required=True, help="m is MATLAB's, and Octave's."
)
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [default: results/MODEL_LANGUAGE]")
def export_code(artifact: str, language: str, output: Path | None) -> None:
    """Write an artifact as source code that needs no library.

    ARTIFACT is a folder or the name of a shipped surrogate. Written are its policy, its step and its steady
    state as functions of one row of doubles, with checks of the box and the certified region, and a
    self-test. The folder appears whole or not at all.

    \b
    Examples:
      dsge-surrogate export-code rbc --language c
      dsge-surrogate export-code my_artifact --language r --output my_code
    """
    surrogate = load(artifact)
    folder = output or Path("results") / f"{surrogate.card.model}_{language}"
    files = translate(surrogate, language, folder)
    click.echo(f"Wrote {', '.join(str(file) for file in files)}")
