"""dsge-surrogate explore: an artifact as a page with sliders."""

from pathlib import Path

import click

from surrogate.catalogue import load
from surrogate.explorer import write_explorer


@click.command()
@click.argument("artifact")
@click.option(
    "--output", type=click.Path(path_type=Path), help="File.  [default: results/explore_MODEL.html]"
)
def explore(artifact: str, output: Path | None) -> None:
    """Write an artifact as a page with sliders, which works offline.

    ARTIFACT is a folder or the name of a shipped surrogate. On the page: two calibrations side by side, their
    impulse responses, policy functions, a simulated path and moments, and the certified accuracy. The page
    runs the network itself, and refuses what is outside the certified region. The file appears whole or not
    at all.

    \b
    Examples:
      dsge-surrogate explore an_schorfheide
      dsge-surrogate explore my_artifact --output my_economy.html
    """
    surrogate = load(artifact)
    file = output or Path("results") / f"explore_{surrogate.card.model}.html"
    click.echo(f"Wrote {write_explorer(surrogate, file)}: open it in a browser.")
