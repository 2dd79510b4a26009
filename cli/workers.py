"""Options of the commands whose work is shared among processes."""

from collections.abc import Callable
from typing import Any

import click


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
