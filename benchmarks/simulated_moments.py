"""Speed of simulated moments: parameter vectors a minute for `rbc`, ten moments, T = 200, 50 replications.

    OMP_NUM_THREADS=1 python -m benchmarks.simulated_moments

prints one table and writes docs/benchmark-moments.md.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.filter_cases import ROOT, machine
from estimation.moments import SimulatedMoments, compute_moments
from estimation.moments.samples import BURN_IN
from estimation.moments.simulated import ROWS_PER_CALL
from estimation.work.pool import WorkerPool
from surrogate import Surrogate, load
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "benchmark-moments.md"
ECONOMY, PERIODS, REPLICATIONS = "rbc", 200, 50
MOMENTS = (
    "sd(output_growth)",
    "sd(consumption_growth)",
    "sd(investment_growth)",
    "sd(log_output)",
    "autocorr(consumption_growth, 1)",
    "autocorr(log_output, 1)",
    "autocorr(log_output, 4)",
    "corr(output_growth, consumption_growth)",
    "corr(output_growth, investment_growth)",
    "corr(log_output, consumption_growth, 1)",
)
BATCHES = (1, 16, 32, 256)
REPETITIONS, PROCESSES = 5, 2
HEADER = """# Speed of simulated moments

`{economy}`: {count} moments of {replications} samples of {periods} quarters for each parameter vector,
{burn_in} quarters of burn-in before each.

- `vectors`: how many are asked for at once; at most {at_once} are simulated in one batch.
- `simulation`, `moments`: milliseconds of processor time a vector.
- `a minute`: vectors in a minute of processor time, everything included; the fastest of {repetitions} rounds.

{processes} worker processes, one thread each: {wall:,.0f} vectors a minute of wall time, with {load:.1f}
processes ready to run on {cores} cores.

With the same moments as a function of a DataFrame, called once for each sample: {frame:,.0f} a minute.

{machine}. Written by `python -m benchmarks.simulated_moments`.

"""
COLUMNS = ("vectors", "simulation, ms", "moments, ms", "a minute")


def sample(economy: Surrogate) -> pd.DataFrame:
    """A sample [PERIODS, n_y] at the default parameters."""
    shocks = np.random.default_rng(1).standard_normal((BURN_IN + PERIODS, economy.n_shocks))
    paths = economy.simulate({}, shocks).observables[BURN_IN:, 0]
    return pd.DataFrame(paths, columns=list(economy.observable_names)).astype(float)


def vectors_near(economy: Surrogate, count: int) -> np.ndarray:
    """Parameter vectors [count, p] around the default, inside the box."""
    spread = 0.1 * (economy.upper - economy.lower) * np.random.default_rng(2).standard_normal((count, 6))
    return np.clip(economy.default + spread, economy.lower, economy.upper)


def of_frame(frame: pd.DataFrame) -> dict[str, float]:
    """The ten moments of one sample, by pandas."""
    columns: Mapping[str, Any] = {str(name): frame[name] for name in frame}
    found = {}
    for name in MOMENTS:
        function, arguments = name.rstrip(")").split("(")
        x, *rest = (part.strip() for part in arguments.split(","))
        series = columns[x]
        if function == "sd":
            found[name] = float(series.std())
        elif function == "autocorr":
            found[name] = float(series.autocorr(int(rest[0])))
        else:
            lag = int(rest[1]) if len(rest) > 1 else 0
            found[name] = float(series.corr(columns[rest[0]].shift(lag)))
    return found


def target(moments: Sequence) -> SimulatedMoments:
    """The distance that an estimation minimises."""
    economy = load(ECONOMY)
    return SimulatedMoments(economy, sample(economy), moments, replications=REPLICATIONS)


def fastest(evaluate: Callable[[], object], vectors: int) -> float:
    """Seconds of processor time a vector."""
    seconds = []
    for _ in range(REPETITIONS):
        start = time.process_time()
        evaluate()
        seconds.append(time.process_time() - start)
    return min(seconds) / vectors


def seconds_of_moments(distance: SimulatedMoments, vectors: int) -> float:
    """Seconds of processor time a vector for the moments of samples that are already there."""
    samples = np.random.default_rng(3).standard_normal((vectors * REPLICATIONS, PERIODS, 4))
    size = ROWS_PER_CALL
    blocks = [samples[first : first + size] for first in range(0, len(samples), size)]
    return fastest(
        lambda: [compute_moments(distance.moments, block, distance.observables) for block in blocks], vectors
    )


def row(distance: SimulatedMoments, vectors: int) -> list[str]:
    """One line of the table."""
    theta = vectors_near(distance.surrogate, vectors)
    total = fastest(partial(distance.simulated_moments, theta), vectors)
    moments = seconds_of_moments(distance, vectors)
    return [f"{vectors}", f"{1e3 * (total - moments):.2f}", f"{1e3 * moments:.2f}", f"{60 / total:,.0f}"]


def evaluate_share(distance: SimulatedMoments, theta: np.ndarray) -> int:
    """What one worker process does."""
    return len(distance.simulated_moments(theta))


def by_processes(distance: SimulatedMoments, vectors: int = 512) -> float:
    """Vectors a minute of wall time with worker processes."""
    theta = vectors_near(distance.surrogate, vectors)
    with WorkerPool(PROCESSES) as pool:
        tasks = [(evaluate_share, distance, part) for part in np.array_split(theta, PROCESSES)]
        pool.run([(evaluate_share, distance, theta[:1])] * PROCESSES)
        start = time.perf_counter()
        pool.run(tasks)
        return 60 * vectors / (time.perf_counter() - start)


def main() -> None:
    """Print the table and write the report."""
    distance = target(MOMENTS)
    rows = [row(distance, vectors) for vectors in BATCHES]
    table = figures.markdown_table(list(COLUMNS), rows)
    by_frame = target([of_frame])
    frame = 60 / fastest(partial(by_frame.simulated_moments, vectors_near(by_frame.surrogate, 1)), 1)
    header = HEADER.format(
        economy=ECONOMY,
        count=len(MOMENTS),
        replications=REPLICATIONS,
        periods=PERIODS,
        burn_in=BURN_IN,
        at_once=ROWS_PER_CALL // REPLICATIONS,
        repetitions=REPETITIONS,
        processes=PROCESSES,
        wall=by_processes(distance),
        load=os.getloadavg()[0],
        cores=os.cpu_count(),
        frame=frame,
        machine=machine(),
    )
    print(table)
    with atomic_path(REPORT) as path:
        path.write_text(header + table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
