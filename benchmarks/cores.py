"""Does a likelihood use both cores, and do threads compete for them?

    python -m benchmarks.cores

evaluates batches of 32 parameter vectors of the small New Keynesian model in one and in two worker processes,
prints a table and writes docs/benchmark-cores.md. Nothing else should run meanwhile: it counts wall time.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT, machine, measurement_sd, sample
from benchmarks.inversion import vectors_near
from estimation.filters import GuidedFilter, InversionFilter, TwistedFilter
from estimation.filters.state_space import StateSpace
from estimation.work.pool import WorkerPool
from surrogate import load
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "benchmark-cores.md"
CASES = {"guided, 400 particles": 32, "twisted, 50 particles": 32, "inversion": 256}
SECONDS = 1.0
COLUMNS = ("likelihood", "vectors", "workers", "vectors a second", "against one", "cores busy")
HEADER = """# Cores

Log likelihoods a second of wall time, `an_schorfheide` on the sample of Herbst and Schorfheide (80 quarters),
at vectors within some 5 % of theta_m. Each worker evaluates batches of its own, as an ensemble of walkers
does.

- `vectors`: in a batch. 32 are what a sampler with 64 walkers asks for at once.
- `workers`: processes as estimations start them, each pinned to one thread, or threads of one process.
- `cores busy`: processor time over wall time. More than the number of workers would mean that threads inside
  NumPy or ONNX Runtime compete with them.

Two threads share one Python interpreter, which is what they wait for. So estimations run one ensemble in each
process, and a single call of `log_prob` uses one core.

{machine}. Written by `python -m benchmarks.cores`.

"""


class Evaluation:
    """A likelihood with a batch of parameter vectors, built where it runs.

    Parameters
    ----------
    case : one of CASES.
    """

    def __init__(self, case: str) -> None:
        surrogate, self.data = load("an_schorfheide"), sample("herbst_schorfheide_us")
        self.theta = vectors_near(surrogate, CASES[case])
        names = surrogate.observable_names
        space = StateSpace(surrogate, names, measurement_sd(self.data))
        filters = {
            "guided, 400 particles": GuidedFilter(space, 400),
            "twisted, 50 particles": TwistedFilter(space, 50),
        }
        self.inversion = InversionFilter(StateSpace(surrogate, names))
        self.particle_filter = filters.get(case)

    def __call__(self, generator: np.random.Generator) -> NDArray[np.floating]:
        if self.particle_filter is None:
            return self.inversion.log_likelihood(self.theta, self.data)
        return self.particle_filter.log_likelihood(self.theta, self.data, generator)


def worked(case: str, seed: int) -> tuple[int, float, float]:
    """Vectors, wall seconds and processor seconds of this thread of a worker that is warm."""
    evaluate, generator = Evaluation(case), np.random.default_rng(seed)
    evaluate(generator)
    count, start, busy = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < SECONDS:
        count += len(evaluate(generator))
    return count, time.perf_counter() - start, time.process_time() - busy


def row(case: str, workers: int, threads: bool, alone: float | None) -> tuple[list[str], float]:
    """One line of the table, and its vectors a second."""
    if threads:
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(worked, [case] * workers, range(workers)))
        busy = max(processor / wall for _, wall, processor in found)  # of the process, counted by each
    else:
        with WorkerPool(workers) as pool:
            found = pool.run([(worked, case, seed) for seed in range(workers)])
        busy = sum(processor / wall for _, wall, processor in found)
    speed = sum(count / wall for count, wall, _ in found)
    name = f"{workers} {'threads' if threads else 'processes' if workers > 1 else 'process'}"
    gain = "" if alone is None else f"{speed / alone:.2f}"
    return [case, f"{CASES[case]}", name, f"{speed:,.0f}", gain, f"{busy:.2f}"], speed


def main() -> None:
    """Print the table and write the report."""
    lines = []
    for case in CASES:
        alone = None
        for workers, threads in ((1, False), (2, False), (2, True)):
            line, speed = row(case, workers, threads, alone)
            alone = alone or speed
            lines.append(line)
            print(*line, sep=" | ", flush=True)
    with atomic_path(REPORT) as path:
        path.write_text(
            HEADER.format(machine=machine()) + figures.markdown_table(list(COLUMNS), lines) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
