"""Workers that tasks are handed to, and processes of this machine as such, each pinned to one thread.

Processes are spawned, never forked (ONNX Runtime does not survive a fork), so a script that starts them must
keep its own code under ``if __name__ == "__main__":``. They can be asked to stop.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import wait as wait_for_end
from typing import Any, Generic, TypeVar

from surrogate.errors import SurrogateError

Task = tuple[Any, ...]
"""A function that another process can import, and its arguments."""
POLL_SECONDS = 0.1
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
CHILD_ENVIRONMENT: dict[str, str] = dict.fromkeys(THREAD_VARIABLES, "1")
GRACE_SECONDS = 20
_stop: Any = None
Value = TypeVar("Value")
_rebuilt = threading.local()


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
            (:func:`stop_requested`) and ``proceed`` has seen what they still had to give.
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
                for future in sorted(self._stopped(list(numbers)), key=numbers.__getitem__):
                    if not future.cancelled() and future.exception() is None:
                        proceed(numbers[future], future.result())
                raise

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


class WorkerDied(SurrogateError):
    """A worker process ended without an answer."""


class WorkerPool(Pool):
    """A pool of spawned processes; use it as a context manager.

    Parameters
    ----------
    processes : how many; ``None`` takes one for each core this process may use.
    """

    def __init__(self, processes: int | None = None) -> None:
        if processes is not None and processes < 1:
            raise SurrogateError(f"At least one worker process is needed, not {processes}.")
        self.processes = processes or available_cores()
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._executor = ProcessPoolExecutor(
            self.processes, context, initializer=_prepare, initargs=(self._stop,)
        )

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._executor.shutdown(cancel_futures=True)

    def _submit(self, task: Task) -> Future:
        with _interrupts_held(), _child_environment():  # the executor starts processes when it gets tasks
            return self._executor.submit(*task)

    def _finished(self, futures: Collection[Future]) -> Collection[Future]:
        return wait(futures, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done

    def _stopped(self, futures: Collection[Future]) -> Collection[Future]:
        self._stop.set()
        return wait(futures).done

    def _result(self, future: Future) -> Any:
        try:
            return future.result()
        except BrokenProcessPool:
            raise WorkerDied(
                "A worker process ended unexpectedly. If this is your own script, put the call under "
                "`if __name__ == '__main__':`. If memory or disk ran out, free some or use fewer processes. "
                "What was saved is kept: run again with resume."
            ) from None


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def stop_requested() -> bool:
    """Whether a task should end at the next opportunity."""
    return _stop is not None and _stop.is_set()


class Packed(Generic[Value]):
    """A pickled object that each thread of each process rebuilds when it first sees it.

    Loading ONNX files takes longer than many a task; a thread keeps the last object it rebuilt. Threads do
    not share it, because filters need not be safe for that.
    """

    def __init__(self, value: Value) -> None:
        self._content = pickle.dumps(value)

    @property
    def value(self) -> Value:
        """The object; the same one at every call in one thread."""
        if getattr(_rebuilt, "content", None) != self._content:
            _rebuilt.value = pickle.loads(self._content)
            _rebuilt.content = self._content
        return _rebuilt.value


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


@contextmanager
def _child_environment() -> Iterator[None]:
    """Set the environment of processes started meanwhile, and of this one no longer than that; many threads
    would compete for the cores.
    """
    before = {name: os.environ.get(name) for name in CHILD_ENVIRONMENT}
    os.environ.update(CHILD_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; processes started meanwhile inherit that, so it never hits one while it loads."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(stop: Any) -> None:
    global _stop
    _stop = stop
    warnings.formatwarning = _one_line
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _one_line(message: Warning | str, *place: object, **more: object) -> str:
    """A warning as text, without its place in a source that the user of a command does not know."""
    return f"Warning: {' '.join(str(message).split())}\n"


def _end_with_parent() -> None:
    """Leave no orphan behind when the parent is killed, but let a task finish what it is writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        _stop.set()
        time.sleep(GRACE_SECONDS)
        os._exit(1)
