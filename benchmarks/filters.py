"""Particle filters on the sample of Herbst and Schorfheide (2015): time, bias and variance.

    OMP_NUM_THREADS=1 python -m benchmarks.filters

prints one table and writes docs/benchmark-filters.md. The log-linear economy has an exact answer; the
nonlinear ones are measured when their surrogates are present, and the packages `particles` and Dynare when
they are installed. What was measured is kept in results/filters, so that a run can be stopped and gone on
with; remove that folder to measure again.
"""

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import LINEAR, ROOT, Case, Row, cases, kept_row, machine
from benchmarks.filters_dynare import available, dynare_rows
from estimation.filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    InversionFilter,
    KalmanFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import DEFAULT_BURN_IN, StateSpace
from surrogate.house import figures
from surrogate.house.files import atomic_path

REPORT = ROOT / "docs" / "benchmark-filters.md"
VECTORS = 32
ROWS = 16_000
SETTINGS: tuple[tuple[type[ParticleFilter], int, int], ...] = (
    (BootstrapFilter, 400, 64),
    (BootstrapFilter, 10_000, 16),
    (BootstrapFilter, 40_000, 8),
    (TemperedFilter, 1_000, 16),
    (GuidedFilter, 100, 128),
    (GuidedFilter, 400, 128),
    (GuidedFilter, 1_000, 64),
    (AuxiliaryFilter, 400, 128),
    (TwistedFilter, 10, 128),
    (TwistedFilter, 50, 128),
    (TwistedFilter, 200, 128),
)
BATCHES = 8
HEADER = """# Filters

Log likelihood of the small New Keynesian model on the sample of Herbst and Schorfheide (80 quarters, three
series, measurement-error sd 20 % of each series' sd) at their parameter vectors theta_m and theta_l;
`hank_zlb_reduced`, heterogeneous households with the zero lower bound, at the median of their posterior on
US data of 1990 to 2019 (120 quarters, measurement errors of a twentieth of each series' variance), in which
the rate is near zero for seven years.

- `ms`: milliseconds of processor time for one parameter vector, burn-in of {burn_in} quarters included, one
  thread, {vectors} vectors in a batch (fewer above 500 particles).
- `bias`: mean log likelihood less the exact one of the Kalman filter, which only the log-linear economy has;
  about minus half the variance of it belongs to any unbiased likelihood.
- `time x variance`: what an equally precise answer costs.
- `kalman`: the likelihood of the first-order solution, exact for the log-linear economy, and of another
  economy where the bound binds for years, which that does not know.
- `inversion`: the likelihood *without* measurement error, so that its log p is another one.
- `none`: no likelihood, since no shocks explain the sample without measurement error (`inversion`).
- `network`: nothing but `step.onnx` once a quarter for each particle, as our particle filters call it.
- `particles` is the package of that name (Chopin), one vector at a time, from the ergodic distribution of the
  linear approximation without burn-in: on the log-linear economy by its matrices, without a network to
  evaluate; on the others by the same `step.onnx`, the guided filter with the proposal of the economy
  linearised at its steady state.
- `Dynare`: version 5 under Octave, the same equations solved by perturbation of second order
  (`benchmarks/an_schorfheide.mod`): `sis` is the bootstrap, `apf` the auxiliary particle filter.

{machine}. Written by `python -m benchmarks.filters`.

"""
COMPARISON = """## Against `particles`

Time x variance of `particles`' guided and bootstrap filters over ours, each with the number of particles that
serves it best. The twisted filter is the guided filter with lookahead; in the log-linear economy it has no
variance but rounding. In brackets, for the guided filter: how many times better it would be if nothing but
`network` took time.

"""
NETWORK = "network"
COLUMNS = (
    "economy",
    "point",
    "filter",
    "particles",
    "ms",
    "mean log p",
    "sd of log p",
    "bias",
    "time x variance",
)


def measure(
    case: Case,
    filter_class: type[ParticleFilter],
    particles: int,
    replications: int,
) -> Row:
    """Replicate a filter on a case; the fastest batch counts."""
    particle_filter = filter_class(case.space, particles)
    vectors = min(VECTORS, max(1, ROWS // particles))
    theta = np.tile(case.theta, (vectors, 1))
    generator = np.random.Generator(np.random.SFC64(1))

    def run() -> dict:
        return repeated(
            lambda: particle_filter.log_likelihood(theta, case.data, generator),
            max(2, replications // vectors),
        )

    return kept_row(case, filter_class.__name__.removesuffix("Filter").lower(), particles, run)


def measure_network(case: Case, particles: int) -> Row:
    """The evaluations of `step.onnx` in one likelihood by so many particles, and nothing else."""
    space = case.space
    vectors = min(VECTORS, max(1, ROWS // particles))
    theta = np.tile(case.theta, (vectors, 1)).astype(space.dtype)
    rest = case.surrogate.steady_state(theta)
    states, controls = (np.repeat(part, particles, axis=0).astype(space.dtype) for part in rest)
    shocks = np.random.default_rng(1).standard_normal((len(states), case.surrogate.n_shocks), space.dtype)

    def run() -> dict:
        seconds = []
        for _ in range(BATCHES):
            start = time.process_time()
            for _ in range(DEFAULT_BURN_IN + len(case.data)):
                space.step(states, controls, shocks, theta)
            seconds.append((time.process_time() - start) / vectors)
        return {"milliseconds": 1e3 * min(seconds), "values": []}

    return kept_row(case, NETWORK, particles, run)


def measure_exact(case: Case) -> Iterator[Row]:
    """The filters that have no random numbers."""
    theta = np.tile(case.theta, (VECTORS, 1))
    inversion = InversionFilter(StateSpace(case.surrogate, case.observables), case.bound)
    for name, filter_ in (("kalman", KalmanFilter(case.space)), ("inversion", inversion)):
        yield kept_row(
            case,
            name,
            0,
            lambda filter_=filter_: repeated(lambda: filter_.log_likelihood(theta, case.data), BATCHES),
        )


def repeated(evaluate: Callable[[], NDArray[np.floating]], times: int) -> dict:
    """Milliseconds a vector of the fastest evaluation, and all log likelihoods."""
    values, seconds = [], []
    for _ in range(times):
        start = time.process_time()
        found = evaluate()
        seconds.append((time.process_time() - start) / len(found))
        values.extend(found.tolist())
    return {"milliseconds": 1e3 * min(seconds), "values": values}


def rows() -> Iterator[Row]:
    """All measurements."""
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            for filter_class, particles, replications in SETTINGS:
                yield measure(case, filter_class, particles, replications)
            for filter_class, particles, _ in SETTINGS:
                if filter_class is GuidedFilter:
                    yield measure_network(case, particles)
            yield from measure_exact(case)
            yield from peers(case)


def peers(case: Case) -> Iterator[Row]:
    """Other people's filters, where they are installed."""
    if importlib.util.find_spec("particles"):
        from benchmarks.filters_peer import peer_rows
        from benchmarks.filters_peer_onnx import onnx_peer_rows

        yield from peer_rows(case) if case.economy == LINEAR else onnx_peer_rows(case)
    if case.economy == "an_schorfheide" and case.point == "theta_m" and available():
        yield from dynare_rows(case)


def comparison(measured: list[Row]) -> list[list[str]]:
    """How many times better than `particles` ours are in time x variance, each with its best number of
    particles; and how many times the guided filter would be if only the network took time.
    """
    lines = []
    for economy, point in dict.fromkeys((row.economy, row.point) for row in measured):
        here = [row for row in measured if (row.economy, row.point) == (economy, point)]
        theirs = [best(here, f"`particles`, {method}") for method in ("guided", "bootstrap")]
        for ours in ("guided", "auxiliary", "twisted"):
            ratios = [f"{their / best(here, ours):,.2g}" for their in theirs]
            if ours == "guided":
                ratios = [
                    f"{r} ({their / by_network(here):,.2g})" for r, their in zip(ratios, theirs, strict=True)
                ]
            lines.append([economy, point, ours, *ratios])
    return lines


def best(rows: list[Row], method: str) -> float:
    """Smallest time x variance of a method; not a number where it was not measured."""
    return min((row.time_times_variance for row in rows if row.method == method), default=np.nan)


def by_network(rows: list[Row]) -> float:
    """Smallest time x variance of the guided filter with the time of its network alone."""
    variances = {row.particles: row.sd**2 for row in rows if row.method == "guided"}
    costs = (row.milliseconds * variances[row.particles] for row in rows if row.method == NETWORK)
    return min(costs, default=np.nan)


def main() -> None:
    """Print the table row by row and write the report."""
    measured = []
    print(" | ".join(COLUMNS))
    for row in rows():
        measured.append(row)
        print(" | ".join(row.cells()), flush=True)
    header = HEADER.format(vectors=VECTORS, burn_in=DEFAULT_BURN_IN, machine=machine())
    table = figures.markdown_table(list(COLUMNS), [list(row.cells()) for row in measured])
    ratios = figures.markdown_table(["economy", "point", "ours", "guided", "bootstrap"], comparison(measured))
    with atomic_path(REPORT) as path:
        path.write_text(f"{header}{table}\n\n{COMPARISON}{ratios}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
