"""Workers of a Dask cluster (https://distributed.dask.org); needs the extra ``distributed``.

Dask runs the tasks of a worker that has died again on another one. Nothing is lost, because tasks are pure
functions and only this process writes. Workers need this package, but no file of this machine: surrogates
travel with their content.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from surrogate.errors import MissingPackage, SurrogateError

from .pool import POLL_SECONDS, Pool, Task, WorkerDied, WorkerPool

PATIENCE_SECONDS = 20


class NoCluster(SurrogateError):
    """There is no scheduler at the address, or it has no workers."""


class ClusterPool(Pool):
    """The workers of a Dask scheduler; use it as a context manager.

    Parameters
    ----------
    scheduler : its address, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    MissingPackage : Dask is not installed.
    NoCluster : nothing answers at the address, or no worker turns up.
    """

    def __init__(self, scheduler: str) -> None:
        self._distributed = _distributed()
        try:
            self._distributed.comm.get_address_host_port(scheduler, strict=True)
            self._client = self._distributed.Client(scheduler, timeout=PATIENCE_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise NoCluster(
                f"No Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`."
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            self._client.close()
            raise NoCluster(
                f"The Dask scheduler at {scheduler} has no workers; start some with "
                f"`dask worker {scheduler} --nworkers auto --nthreads 1`."
            ) from None
        self.processes = sum(self._client.nthreads().values())

    def __exit__(self, *failure: object) -> None:
        self._client.close()

    def _submit(self, task: Task) -> Any:
        return self._client.submit(_with_one_thread, *task, pure=False)

    def _finished(self, futures: Collection[Any]) -> Collection[Any]:
        try:
            with self._client.as_current():
                return self._distributed.wait(futures, POLL_SECONDS, "FIRST_COMPLETED").done
        except TimeoutError:
            return ()

    def _stopped(self, futures: Collection[Any]) -> Collection[Any]:
        done = [future for future in futures if future.done()]
        self._client.cancel([future for future in futures if not future.done()])
        return done

    def _result(self, future: Any) -> Any:
        try:
            return future.result()
        except self._distributed.KilledWorker:
            raise WorkerDied(
                "One worker after the other died over the same task, perhaps for want of memory. What was "
                "saved is kept: run again with resume."
            ) from None
        except self._distributed.CancelledError:
            raise WorkerDied(
                "The Dask scheduler has gone. What was saved is kept: run again with resume."
            ) from None


def open_pool(processes: int | None = None, scheduler: str | None = None) -> Pool:
    """Workers on the cluster of a Dask ``scheduler``, or else ``processes`` of this machine.

    Raises
    ------
    MissingPackage, NoCluster : as :class:`ClusterPool`.
    """
    return WorkerPool(processes) if scheduler is None else ClusterPool(scheduler)


class _OneThread:
    """Keeps linear algebra to one thread while tasks run: many would compete with the worker's neighbours for
    the cores. The last task puts back what the worker, which others may use too, had before.
    """

    def __init__(self) -> None:
        self._lock, self._tasks, self._limits = threading.Lock(), 0, None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the limit during one task of perhaps several at the same time."""
        import threadpoolctl

        with self._lock:
            if not self._tasks:
                self._limits = threadpoolctl.threadpool_limits(1)
            self._tasks += 1
        try:
            yield
        finally:
            with self._lock:
                self._tasks -= 1
                if not self._tasks and self._limits is not None:
                    self._limits.restore_original_limits()


_one_thread = _OneThread()


def _with_one_thread(function: Callable, *arguments: Any) -> Any:
    with _one_thread.held():
        return function(*arguments)


def _distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError:
        raise MissingPackage(
            'A cluster needs Dask, which is not installed: pip install "dsge-surrogate[distributed]"'
        ) from None
    return distributed
