"""What commands on the folder of an estimation share: its results, common options, and where findings go."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import SEED
from surrogate.files import atomic_files
from surrogate.ownership import visited

if TYPE_CHECKING:
    from estimation.analysis import Finding

SHORT_TABLE = 30
Command = Callable[..., Any]


def on_results(draws: int) -> Callable[[Command], Command]:
    """Give a command the argument FOLDER and the options that all analyses of a posterior take.

    Parameters
    ----------
    draws : how many posterior draws it looks at by default.
    """
    options = (
        click.argument("folder", type=click.Path(path_type=Path)),
        click.option(
            "--draws", default=draws, show_default=True, help="Posterior draws, evenly from the chains."
        ),
        click.option("--seed", type=SEED, default=0, show_default=True, help="Of all random numbers."),
        click.option(
            "--output", type=click.Path(path_type=Path), help="Folder for the files.  [default: FOLDER]"
        ),
    )

    def decorate(command: Command) -> Command:
        """Add the options, and keep runs out of the folder meanwhile."""

        @wraps(command)
        def visiting(folder: Path, output: Path | None, **more: Any) -> None:
            """Find out before the work whether its results could be written."""
            click.get_current_context().with_resource(visited(output or folder))
            command(folder=folder, output=output, **more)

        decorated: Command = visiting
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def conclude(findings: "Sequence[Finding]", folder: Path) -> None:
    """Save findings, all or none, and print their notes and such tables as a terminal can show."""
    from estimation.analysis import save
    from estimation.finding import as_text

    with atomic_files(folder, [finding.name for finding in findings]) as new:
        for finding in findings:
            files = save(finding, new)
            click.echo(finding.title)
            if len(finding.table) <= SHORT_TABLE:
                click.echo(as_text(finding.table))
            click.echo(f"  {', '.join(path.name for path in files)}")
    for note in dict.fromkeys(finding.note for finding in findings):
        click.echo(note)
    click.echo(f"Saved in {folder}")
