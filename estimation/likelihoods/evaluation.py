"""Likelihoods of many parameter vectors: in blocks, and on several cores, the same for any number of them."""

from collections.abc import Callable

import numpy as np

from estimation.posterior import Posterior
from estimation.workers import WorkerPool
from surrogate.house.listener import progress

VECTORS_PER_TASK = 200


def log_likelihoods(
    posterior: Posterior, theta: np.ndarray, seed: int, processes: int | None, label: str
) -> np.ndarray:
    """Log likelihoods [w] of ``theta`` [w, n_free], with random numbers that follow from ``seed``.

    Parameters
    ----------
    processes : worker processes; 1 stays in this one, ``None`` takes one for each core.
    label : what the listener hears this work called.
    """
    parts = np.array_split(theta, max(1, len(theta) // VECTORS_PER_TASK))
    done: list[np.ndarray] = []
    with progress(label, patient=True) as tell:

        def note(values: np.ndarray) -> None:
            """Count a part that is there."""
            done.append(values)
            tell(len(done), len(parts))

        if processes != 1:
            tasks = [(_evaluate, posterior, part, [seed, number]) for number, part in enumerate(parts)]
            with WorkerPool(processes) as pool:
                return np.concatenate(pool.run(tasks, note))
        for number, part in enumerate(parts):
            note(_evaluate(posterior, part, [seed, number]))
        return np.concatenate(done)


def _evaluate(posterior: Posterior, theta: np.ndarray, seed: list[int]) -> np.ndarray:
    return posterior.log_likelihood(theta, np.random.default_rng(seed))


def in_blocks(evaluate: Callable[[slice], np.ndarray], rows: int, size: int) -> np.ndarray:
    """Values [rows] that `evaluate` returns for consecutive slices of at most `size` rows.

    Linear algebra refuses a whole stack for one singular matrix in it: such a slice is halved until the row
    is alone, and its value is minus infinity.
    """
    return np.concatenate(
        [_divided(evaluate, first, min(first + size, rows)) for first in range(0, rows, size)]
    )


def _divided(evaluate: Callable[[slice], np.ndarray], first: int, stop: int) -> np.ndarray:
    try:
        return evaluate(slice(first, stop))
    except np.linalg.LinAlgError:
        if stop - first == 1:
            return np.array([-np.inf])
    middle = (first + stop) // 2
    return np.concatenate([_divided(evaluate, first, middle), _divided(evaluate, middle, stop)])
