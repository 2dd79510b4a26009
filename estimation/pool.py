"""Workers that tasks are handed to: processes on this machine or a cluster."""

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

Task = tuple[Any, ...]
"""A function that another process can import, and its arguments."""

POLL_SECONDS = 0.1


class Pool(AbstractContextManager, ABC):
    """Runs tasks elsewhere; use it as a context manager.

    Attributes
    ----------
    processes : tasks that run at the same time; it changes the speed and nothing else.
    """

    processes: int

    def map(self, function: Callable, items: Iterable) -> list:
        """Results of ``function`` on each item, in order; errors as in :meth:`relay`."""
        return self.run([(function, item) for item in items])

    def run(self, tasks: Iterable[Task], on_result: Callable[[Any], None] = lambda result: None) -> list:
        """Results of tasks ``(function, *arguments)``, in order; errors as in :meth:`relay`.

        ``on_result`` is called with each result as it arrives.
        """
        results: dict[int, Any] = {}

        def keep(number: int, result: Any) -> None:
            results[number] = result
            on_result(result)

        self.relay(tasks, keep)
        return [results[number] for number in sorted(results)]

    def relay(self, tasks: Iterable[Task], proceed: Callable[[int, Any], Task | None]) -> None:
        """Run tasks, each followed by as many others as its result calls for.

        Parameters
        ----------
        tasks : what to begin with.
        proceed : called, in this process, with the number of a task and its result, as soon as that is
            there; returns the task that follows under the same number, if any. It is never interrupted.

        Raises
        ------
        KeyboardInterrupt : on Ctrl-C, after tasks were asked to stop
            (:func:`estimation.workers.stop_requested`) and ``proceed`` has seen what they still had to give.
        Exception : the first that a task raises, likewise.
        """
        with _noted_interrupts() as interrupted:
            numbers = {self._submit(task): number for number, task in enumerate(tasks)}
            try:
                while numbers:
                    for future in sorted(self._finished(list(numbers)), key=numbers.__getitem__):
                        number = numbers.pop(future)
                        task = proceed(number, self._result(future))
                        if task is not None:
                            numbers[self._submit(task)] = number
                    if interrupted():
                        raise KeyboardInterrupt
            except BaseException:
                self._salvage(numbers, proceed)
                raise

    def _salvage(self, numbers: dict[Any, int], proceed: Callable[[int, Any], Task | None]) -> None:
        for future in sorted(self._stopped(list(numbers)), key=numbers.__getitem__):
            if not future.cancelled() and future.exception() is None:
                proceed(numbers[future], future.result())

    @abstractmethod
    def _submit(self, task: Task) -> Any:
        """Start a task; returns its future."""

    @abstractmethod
    def _finished(self, futures: Collection[Any]) -> Collection[Any]:
        """Those that are done; waits a moment for the first of them."""

    @abstractmethod
    def _stopped(self, futures: Collection[Any]) -> Collection[Any]:
        """Ask tasks to stop; those that are done then."""

    @abstractmethod
    def _result(self, future: Any) -> Any:
        """The result of a future that is done; raises what the task raised, and clear errors for the rest."""


@contextmanager
def _noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Take note of Ctrl-C instead of raising ``KeyboardInterrupt``; a second one is raised."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, before)
