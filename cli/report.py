"""dsge-surrogate report: tables and figures of what has been sampled."""

from pathlib import Path

import click

from surrogate.house.files import atomic_files
from surrogate.house.ownership import visited

from .console import SEED


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of all random numbers.")
@click.option(
    "--processes", type=click.IntRange(min=1), help="Worker processes.  [default: one for each core]"
)
def report(folder: Path, seed: int, processes: int | None) -> None:
    """Print the posterior table, draw the figures again, and write all into one page, report.html.

    FOLDER is the output of `dsge-surrogate estimate`, finished or interrupted. The page needs no network: it
    can be mailed and opened anywhere.

    \b
    Example:
      dsge-surrogate report results/herbst_schorfheide
    """
    from estimation import read_results
    from estimation.report import write_report
    from estimation.results import DRAWN

    click.get_current_context().with_resource(visited(folder))
    results = read_results(folder)
    click.echo(results.summary())
    with atomic_files(folder, DRAWN) as new:
        results.save(new)
        results.plot(new)
        page = write_report(results, new, seed, processes)
    click.echo(f"Saved in {folder}; open {folder / page.name} in a browser")
