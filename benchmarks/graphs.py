"""What a call of `step.onnx` costs, whole and cut where parameters alone stop deciding.

    OMP_NUM_THREADS=1 python -m benchmarks.graphs

times every surrogate that ships on the same rows, once through ONNX Runtime as any other program would run
the file, and once through `surrogate.Surrogate`, prints a table and writes docs/benchmark-graphs.md.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT, machine
from surrogate import Surrogate, catalogue, load
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path

Array = NDArray[np.floating]
REPORT = ROOT / "docs" / "benchmark-graphs.md"
ROWS, VECTORS = (1, 32, 1_600), 32
"""Of states, and of parameters where there are so many states."""
SECONDS, FEWEST = 0.5, 5
"""Of calls, and how many of them at least; the fastest counts."""
COLUMNS = ("surrogate", *(f"{rows:,}: {what}" for rows in ROWS for what in ("whole", "cut", "ratio")))
HEADER = """# Calls of step.onnx

Milliseconds of a call of `step.onnx` with one row of states, {few} and {many:,}, and as many rows of
parameters, but at most {vectors}; parameters are the same at every call, as in a simulation or a filter.
*Whole*: the file as any program runs it. *Cut*: by `surrogate.Surrogate`, checks of its inputs left out,
which computes once what parameters alone decide, such as a steady state or a first-order solution. Where that
is little the graph stays whole, and the ratio says what the class costs. The fastest call of half a second.

{machine}. Written by `python -m benchmarks.graphs`.

"""


def fastest(call: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    call()
    found: list[float] = []
    while len(found) < FEWEST or sum(found) < SECONDS:
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return 1e3 * min(found)


def whole(folder: Path) -> onnxruntime.InferenceSession:
    """The file on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(folder / "step.onnx"), options, providers=["CPUExecutionProvider"]
    )


def milliseconds(economy: Surrogate, session: onnxruntime.InferenceSession, rows: int) -> tuple[float, float]:
    """Of a call with so many rows, whole and cut."""
    generator = np.random.default_rng(rows)
    theta = np.tile(economy.default, (min(rows, VECTORS), 1)).astype(economy.card.dtype)
    at_rest = economy.steady_state(theta)
    states = np.repeat(at_rest.states, rows // len(theta), axis=0)
    controls = np.repeat(at_rest.controls, rows // len(theta), axis=0)
    shocks = generator.standard_normal((rows, economy.n_shocks)).astype(theta.dtype)
    feed = {"states": states, "controls": controls, "shocks": shocks, "parameters": theta}
    return (
        fastest(lambda: session.run(None, feed)),
        fastest(lambda: economy.step(states, controls, shocks, theta, check=False)),
    )


def row(name: str) -> list[str]:
    """A line of the table."""
    economy = load(name)
    session = whole(economy.folder)
    cells = [f"`{name}`"]
    for rows in ROWS:
        before, after = milliseconds(economy, session, rows)
        cells += [f"{before:.2f}", f"{after:.2f}", f"{before / after:.1f}"]
    print(*cells, flush=True)
    return cells


def main() -> None:
    """Measure, and write the page."""
    table = markdown_table(COLUMNS, [row(name) for name in catalogue.available()])
    head = HEADER.format(few=ROWS[1], many=ROWS[2], vectors=VECTORS, machine=machine())
    with atomic_path(REPORT) as temporary:
        temporary.write_text(f"{head}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
