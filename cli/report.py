"""dsge-surrogate report: tables and figures of what has been sampled."""

from pathlib import Path

import click

from cli.record import recall


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--configuration", type=click.Path(path_type=Path), help="Configuration file, if it has moved since."
)
def report(folder: Path, configuration: Path | None) -> None:
    """Print the posterior table and draw the figures again.

    FOLDER is the output of `dsge-surrogate estimate`, finished or interrupted.

    \b
    Example:
      dsge-surrogate report results/herbst_schorfheide
    """
    from estimation import Estimation

    results = Estimation.from_toml(configuration or recall(folder)).saved_results(folder)
    results.save(folder)
    click.echo(results.summary())
    results.plot(folder)
    click.echo(f"Saved in {folder}")
