"""What every command shares: output, errors without tracebacks, and interruptions that say how to go on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from surrogate.errors import MissingPackage, SurrogateError

INTERRUPTED = 130


class ReportingGroup(click.Group):
    """Commands whose expected failures print one line and exit non-zero."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; user errors become ``Error: …`` and exit status 1, Ctrl-C status 130."""
        try:
            return super().invoke(ctx)
        except SurrogateError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone; click ends quietly
                raise
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """On Ctrl-C say which command goes on from what has been saved, and exit with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted. Go on with: {command}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turn a missing optional package into an error that names the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("surrogate", "estimation", "cli"):
            raise
        raise MissingPackage(
            f'This needs {error.name}, which is not installed: pip install "dsge-surrogate[{extra}]"'
        ) from error


def console() -> Console:
    """Standard output as rich sees it now; plain text when it is not a terminal."""
    return Console(highlight=False)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table with the first column never wrapped."""
    result = Table(*columns, title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    result.columns[0].no_wrap = True
    return result
