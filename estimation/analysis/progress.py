"""How far a computation has got, on standard error, if it takes longer than one likes to wait."""

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

PATIENCE = 2.0  # seconds
Item = TypeVar("Item")


def track(items: Sequence[Item], title: str) -> Iterator[Item]:
    """Go through `items`; after two seconds show a bar in a terminal, elsewhere one line."""
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()
    shown = False
    with Progress(console=console, disable=not console.is_terminal, auto_refresh=False) as bar:
        task = bar.add_task(title, total=len(items), visible=False)
        for done, item in enumerate(items):
            late = time.monotonic() - began > PATIENCE
            if late and not shown and not console.is_terminal:
                console.print(f"{title}: {done} of {len(items)}")
            shown = shown or late
            bar.update(task, completed=done, visible=shown)
            bar.refresh()
            yield item
