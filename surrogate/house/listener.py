"""Who hears what long work has to say: nobody, unless someone asks.

Library calls print nothing. ``with listening(Display()):`` shows what commands show, and a subclass of
`Listener` does with it whatever it likes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0
"""Seconds that short work may take before it is worth a word."""
Item = TypeVar("Item")
Tell = Callable[..., None]


class Listener:
    """Hears all and does nothing; subclass it for what is of interest."""

    def result(self, text: str) -> None:
        """Hear what was asked for, such as a table."""

    def message(self, text: str) -> None:
        """Hear what happens on the way, in one line."""

    def progress(self, title: str, done: int, total: int, text: str) -> None:
        """Hear that so many steps of some work are done, and what else is worth knowing about it."""

    def finished(self, title: str) -> None:
        """Hear that this work has ended, whether it got to its last step or not."""


_listener: ContextVar[Listener] = ContextVar("listener", default=Listener())  # noqa: B039 it holds nothing


def listener() -> Listener:
    """Who listens here and now."""
    return _listener.get()


@contextmanager
def listening(who: Listener) -> Iterator[None]:
    """Let `who` hear what the calls inside have to say."""
    before = _listener.set(who)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def progress(title: str, patient: bool = False) -> Iterator[Tell]:
    """Tell the listener how far some work is, by ``tell(done, total, text)``, and when it has ended.

    Parameters
    ----------
    patient : tell nothing of work that takes less than `PATIENCE`.
    """
    who, began = listener(), time.monotonic()

    def tell(done: int, total: int, text: str = "") -> None:
        """Pass it on."""
        if not patient or time.monotonic() - began >= PATIENCE:
            who.progress(title, done, total, text)

    try:
        yield tell
    finally:
        who.finished(title)


def track(items: Sequence[Item], title: str) -> Iterator[Item]:
    """Go through `items`, and tell the listener how far if it takes longer than one likes to wait."""
    with progress(title, patient=True) as tell:
        for done, item in enumerate(items):
            tell(done, len(items))
            yield item


class Display(Listener):
    """Prints results on standard output and the rest on standard error: on a terminal with a bar for work
    under way, elsewhere with a line at every tenth of it.
    """

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def result(self, text: str) -> None:
        """Print it on standard output."""
        print(text, flush=True)

    def message(self, text: str) -> None:
        """Print it on standard error, above the bars."""
        if self._bars is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._bars.console.print(text, markup=False, highlight=False)

    def progress(self, title: str, done: int, total: int, text: str) -> None:
        """Move the bar, or print a line if another tenth is done."""
        if sys.stderr.isatty():
            self._show(title, done, total, f"{title}: {text}" if text else title)
        elif (tenths := 10 * done // total) > self._tenths.get(title, -1):
            self._tenths[title] = tenths
            self.message(f"{title}: step {done} of {total}{f', {text}' if text else ''}")

    def finished(self, title: str) -> None:
        """Take the bar away."""
        self._tenths.pop(title, None)
        task = self._tasks.pop(title, None)
        if self._bars is not None and task is not None:
            self._bars.remove_task(task)
            if not self._tasks:
                self._bars.stop()
                self._bars = None

    def _show(self, title: str, done: int, total: int, description: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        if self._bars is None:
            words = TextColumn("{task.description}", markup=False)
            columns = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, console=Console(stderr=True), redirect_stdout=False)
            self._bars.start()
        if title in self._tasks:
            self._bars.update(self._tasks[title], completed=done, total=total, description=description)
        else:
            self._tasks[title] = self._bars.add_task(description, completed=done, total=total)
