"""Fresh likelihoods of many parameter vectors, on several cores, the same for any number of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.progress import Progress

from estimation.posterior import Posterior
from estimation.workers import WorkerPool

VECTORS_PER_TASK = 200


def log_likelihoods(
    posterior: Posterior, theta: np.ndarray, seed: int, processes: int | None, label: str
) -> np.ndarray:
    """Log likelihoods [w] of ``theta`` [w, n_free], with random numbers that follow from ``seed``.

    Parameters
    ----------
    processes : worker processes; 1 stays in this one, ``None`` takes one for each core.
    label : what the progress bar says.
    """
    parts = np.array_split(theta, max(1, len(theta) // VECTORS_PER_TASK))
    with _bar(label, len(parts)) as advance:
        if processes != 1:
            tasks = [(_evaluate, posterior, part, [seed, number]) for number, part in enumerate(parts)]
            with WorkerPool(processes) as pool:
                return np.concatenate(pool.run(tasks, lambda values: advance()))
        values = []
        for number, part in enumerate(parts):
            values.append(_evaluate(posterior, part, [seed, number]))
            advance()
        return np.concatenate(values)


def _evaluate(posterior: Posterior, theta: np.ndarray, seed: list[int]) -> np.ndarray:
    return posterior.log_likelihood(theta, np.random.default_rng(seed))


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)
