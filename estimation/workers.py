"""Worker processes on this machine, each pinned to one thread, that can be asked to stop.

Processes are spawned, never forked (ONNX Runtime does not survive a fork), so a script that starts
them must keep its own code under ``if __name__ == "__main__":``.
"""

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_end
from typing import Any

from estimation.pool import POLL_SECONDS, Pool, Task
from surrogate.errors import SurrogateError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
CHILD_ENVIRONMENT: dict[str, str] = dict.fromkeys(THREAD_VARIABLES, "1")
GRACE_SECONDS = 20

_stop: Any = None


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
