"""What commands share: output, errors without tracebacks, interruptions that say how to go on, options."""

from __future__ import annotations

import errno
import shlex
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import nan
from typing import Any

import click
import numpy as np
from click.core import ParameterSource
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from surrogate.artifact.card import Card
from surrogate.artifact.validation import Check
from surrogate.dynare.linear import UNIT_ROOT
from surrogate.errors import MissingPackage, SurrogateError
from surrogate.house.files import disk_is_full
from surrogate.house.listener import Display, listening

INTERRUPTED = 130
SEED = click.IntRange(min=0, max=2**63 - 1)
"""What every generator of random numbers takes."""


class ReportingGroup(click.Group):
    """Commands whose expected failures print one line and exit non-zero."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order in which one needs them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; user errors become ``Error: …`` and exit status 1, Ctrl-C status 130, and
        warnings one line each. What the library has to say is shown meanwhile.
        """
        try:
            with plain_warnings(), listening(Display()):
                return super().invoke(ctx)
        except SurrogateError as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone; click ends quietly
                raise
            raise click.ClickException(_plain(error)) from error
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show each warning once, as ``Warning: …`` on standard error, without the place in the source."""
    told: set[str] = set()

    def show(message: Warning | str, *place: Any, **more: Any) -> None:
        """Print a warning that has not been printed yet."""
        text = " ".join(str(message).split())
        if text not in told:
            click.echo(f"Warning: {text}", err=True)
        told.add(text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """On Ctrl-C say which command goes on from what has been saved, and exit with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted. Go on with: {command}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def command_line(ctx: click.Context, *more: str) -> str:
    """The command under way as the user typed it, with the flags `more` added once."""
    words = ["dsge-surrogate", ctx.info_name or ""]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and parameter.opts[0] not in more:
            words += _words(parameter, ctx.params[name])
    return shlex.join([*words, *more])


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
    """Standard output as rich sees it now, plain text when it is not a terminal; brackets are no markup."""
    return Console(highlight=False, markup=False, emoji=False)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table with the first column never wrapped."""
    result = Table(*columns, title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    result.columns[0].no_wrap = True
    return result


def print_checks(checks: Iterable[Check]) -> None:
    """A table with a row for each."""
    rows = table("check", "result", "detail")
    for check in checks:
        rows.add_row(check.name, "passed" if check.passed else "FAILED", check.detail)
    console().print(rows)


def print_roots(roots: NDArray[np.complex128], n_stable: int) -> bool:
    """A table of eigenvalues, and whether as many are stable as have to be for a unique stable solution."""
    finite = roots[np.isfinite(roots)]
    rows = table("modulus", "real", "imaginary", title="Eigenvalues")
    for root in finite:
        rows.add_row(*(f"{number:.4g}" for number in (abs(root), root.real, root.imag)))
    console().print(rows)
    stable = int((np.abs(finite) <= 1 + UNIT_ROOT).sum())
    click.echo(
        f"{len(roots) - len(finite)} more are infinite. {stable} are not above one, for {n_stable} "
        f"predetermined variables: {'a unique' if stable == n_stable else 'no unique'} stable solution."
    )
    return stable == n_stable


def on_workers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--processes`` and ``--scheduler``."""
    processes = click.option(
        "--processes",
        type=click.IntRange(min=1),
        help="Worker processes; the answer does not depend on it.  [default: one for each core]",
    )
    scheduler = click.option(
        "--scheduler", metavar="ADDRESS", help="Use the workers of a Dask scheduler instead."
    )
    return processes(scheduler(command))


def headline(card: Card, law: str = "box") -> tuple[float, float] | None:
    """Mean and 99th percentile of the log10 Euler error, worst equation; None if `law` was not tested."""
    equations = card.accuracy.get(law)
    if not equations:
        return None
    mean, p99 = (max(s.get(name, nan) for s in equations.values()) for name in ("mean", "p99"))
    return mean, p99


def headline_text(card: Card, law: str = "box") -> str:
    """The headline as text, such as ``-4.9 (-3.8)``; a dash if it was not tested."""
    figures = headline(card, law)
    return "-" if figures is None else f"{figures[0]:.1f} ({figures[1]:.1f})"


def _plain(error: OSError) -> str:
    if disk_is_full(error):
        return "The disk is full. What was saved is kept: free some space and go on with --resume."
    return str(error)


def _words(parameter: click.Parameter, value: Any) -> list[str]:
    if isinstance(parameter, click.Argument):
        return [str(value)]
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [parameter.opts[0]]
    values = value if parameter.multiple else [value]
    return [word for item in values for word in (parameter.opts[0], str(item))]
