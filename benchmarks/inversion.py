"""Speed and rounding of the inversion filter on the sample of Herbst and Schorfheide (2015).

    OMP_NUM_THREADS=1 python -m benchmarks.inversion

prints one table and writes docs/benchmark-inversion.md.
"""

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT, machine, sample
from estimation.filters import Bound, InversionFilter, shock_solver
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.house import figures
from surrogate.house.files import atomic_path
from surrogate.reference.an_schorfheide_linear import THETA_M

REPORT = ROOT / "docs" / "benchmark-inversion.md"
CASES = {
    "an_schorfheide": "herbst_schorfheide_us",
    "an_schorfheide_zlb": "herbst_schorfheide_us_great_recession",
}
BOUND = Bound("interest_rate", "monetary", 0.25)
SPREAD = 0.05
REPETITIONS = 8
HEADER = """# Inversion filter

Parameter vectors for each second of processor time, one thread, on the sample of Herbst and Schorfheide (80
quarters), and for `an_schorfheide_zlb` on theirs of 2003 to 2013 (44 quarters; observed rates of {floor}
percent or less count as at the bound), at vectors within some {spread:.0%} of theta_m. The fastest of
{repetitions} batches counts. [Two processes](benchmark-cores.md) give twice as many.

- `vectors`: in a batch; a sampler with 64 walkers asks for 32 at once.
- `rounding`: median change of log p when the differences for the Jacobian are half as wide, and the
  change that nine in ten stay below.
- `failed`: share of vectors for which no shocks reproduce the sample; they cost the most time.

{machine}. Written by `python -m benchmarks.inversion`.

"""
COLUMNS = ("economy", "vectors", "a second", "rounding", "failed")


def vectors_near(surrogate: Surrogate, count: int) -> NDArray[np.float64]:
    """Parameter vectors [count, p] around theta_m, inside box and region."""
    generator = np.random.default_rng(1)
    spread = np.exp(SPREAD * generator.standard_normal((4 * count, surrogate.n_parameters)))
    theta = surrogate.parameter_array(THETA_M) * spread
    return theta[surrogate.inside(theta)][:count]


def build(name: str) -> InversionFilter:
    """The filter for a shipped economy."""
    surrogate = load(name)
    bound = BOUND if name == "an_schorfheide_zlb" else None
    return InversionFilter(StateSpace(surrogate, surrogate.observable_names), bound)


def speed(name: str, count: int) -> float:
    """Parameter vectors for each second of processor time."""
    inversion, data = build(name), sample(CASES[name])
    theta, seconds = vectors_near(inversion.state_space.surrogate, count), []
    for _ in range(REPETITIONS):
        start = time.process_time()
        inversion.log_likelihood(theta, data)
        seconds.append(time.process_time() - start)
    return len(theta) / min(seconds)


def precision(name: str) -> tuple[str, str]:
    """Median and 90 % quantile of the change of log p between two widths, and the share of failures."""
    inversion, data = build(name), sample(CASES[name])
    theta = vectors_near(inversion.state_space.surrogate, 256)
    width, values = shock_solver.WIDTH, []
    for shock_solver.WIDTH in (width / 2, width):
        values.append(inversion.log_likelihood(theta, data))
    found = np.isfinite(values).all(axis=0)
    median, most = np.quantile(np.abs(values[0][found] - values[1][found]), [0.5, 0.9])
    return f"{median:.1g}, {most:.1g}", f"{1 - found.mean():.1%}"


def main() -> None:
    """Print the table and write the report."""
    rows = []
    for name in CASES:
        rounding, failed = precision(name)
        for count in (32, 256):
            rows.append([name, f"{count}", f"{speed(name, count):,.0f}", rounding, failed])
            print(*rows[-1], flush=True)
    header = HEADER.format(floor=BOUND.floor, spread=SPREAD, repetitions=REPETITIONS, machine=machine())
    with atomic_path(REPORT) as path:
        path.write_text(header + figures.markdown_table(list(COLUMNS), rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
