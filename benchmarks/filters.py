"""Particle filters on the sample of Herbst and Schorfheide (2015): time, bias and variance.

    OMP_NUM_THREADS=1 python -m benchmarks.filters

prints one table and writes docs/benchmark-filters.md. The log-linear economy has an exact answer; the
nonlinear ones are measured when their surrogates are present, and the packages `particles` and Dynare when
they are installed. What was measured is kept in results/filters, so that a run can be stopped and gone on
with; remove that folder to measure again.
"""

import importlib.util
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from benchmarks.kept import kept
from estimation.filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    Bound,
    GuidedFilter,
    InversionFilter,
    KalmanFilter,
    ParticleFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.state_space import DEFAULT_BURN_IN, StateSpace
from surrogate import Surrogate, catalogue, load, markdown
from surrogate.files import atomic_path
from surrogate.reference import an_schorfheide_linear, kalman
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M
from tests.gaussian_economies import an_schorfheide_economy
from tests.linear_artifact import write_artifact

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmark-filters.md"
POINTS = {"theta_m": THETA_M, "theta_l": THETA_L}
LINEAR = "log-linear"
BOUND = Bound("interest_rate", "monetary", 0.25)
KEPT = ROOT / "results" / "filters"
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
`an_schorfheide_zlb` on their sample of 2003 to 2013 (44 quarters), where the bound binds for years.

- `ms`: milliseconds of processor time for one parameter vector, burn-in of {burn_in} quarters included, one
  thread, {vectors} vectors in a batch (fewer above 500 particles).
- `bias`: mean log likelihood less the exact one of the Kalman filter, which only the log-linear economy has;
  about minus half the variance of it belongs to any unbiased likelihood.
- `time x variance`: what an equally precise answer costs.
- `kalman`: the likelihood of the first-order solution, exact for the log-linear economy.
- `inversion`: the likelihood *without* measurement error, so that its log p is another one.
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


@dataclass(frozen=True)
class Case:
    """An economy at a point: parameters [p], sample [T, 3], and, where known, the exact log likelihood."""

    economy: str
    point: str
    surrogate: Surrogate
    theta: NDArray[np.float64]
    data: NDArray[np.float64]
    exact: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table: milliseconds a vector and replicated log likelihoods [replications]."""

    economy: str
    point: str
    method: str
    particles: int
    milliseconds: float
    log_likelihoods: NDArray[np.float64]
    exact: float | None

    def cells(self) -> tuple[str, ...]:
        """Texts in the order of COLUMNS; without log likelihoods, the time only."""
        count = f"{self.particles:,}" if self.particles else ""
        cost = (self.economy, self.point, self.method, count, f"{self.milliseconds:.2f}")
        return (*cost, *(self._quality() if len(self.log_likelihoods) else ("",) * 4))

    def _quality(self) -> tuple[str, ...]:
        mean = self.log_likelihoods.mean()
        comparable = self.exact is not None and self.method != "inversion"
        bias = f"{mean - self.exact:.3f}" if comparable else ""
        return f"{mean:.2f}", f"{self.sd:.3g}", bias, f"{self.time_times_variance:.2g}"

    @property
    def sd(self) -> float:
        """Of the log likelihoods; zero where they differ by rounding only."""
        values = self.log_likelihoods
        return 0.0 if np.ptp(values) < 1e-9 else float(values.std(ddof=1))

    @property
    def time_times_variance(self) -> float:
        """Milliseconds times the variance of the log likelihoods."""
        return self.milliseconds * self.sd**2


def sample(name: str) -> NDArray[np.float64]:
    """Output growth, inflation and the interest rate of a shipped sample, [T, 3]."""
    table = pd.read_csv(ROOT / "estimation" / "datasets" / f"{name}.csv")
    return table[["YGR", "INFL", "INT"]].to_numpy()


def measurement_sd(data: NDArray[np.float64]) -> NDArray[np.float64]:
    """A fifth of each series' standard deviation, [3]."""
    return 0.2 * data.std(axis=0, ddof=1)


def cases(folder: Path) -> Iterator[Case]:
    """The log-linear economy, written into `folder`, and the shipped nonlinear ones."""
    data = sample("herbst_schorfheide_us")
    for point, calibration in POINTS.items():
        model = an_schorfheide_linear.state_space(calibration, measurement_sd(data))
        surrogate = Surrogate(write_artifact(an_schorfheide_economy(calibration), folder / point))
        exact = kalman.log_likelihood(model, data)
        yield Case(LINEAR, point, surrogate, surrogate.default, data, exact)
    at_the_bound = sample("herbst_schorfheide_us_great_recession")
    for name, observed in (("an_schorfheide", data), ("an_schorfheide_zlb", at_the_bound)):
        if name in catalogue.available():
            surrogate = load(name)
            for point, calibration in POINTS.items():
                yield Case(name, point, surrogate, surrogate.parameter_array(calibration)[0], observed)


def kept_row(case: Case, method: str, particles: int, run: Callable[[], dict]) -> Row:
    """The row of what `run` returns, ``milliseconds`` and ``values``, or of what it returned before."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in method)
    found = kept(KEPT / f"{case.economy}-{case.point}-{plain}-{particles}.json", run)
    values = np.array(found["values"])
    return Row(case.economy, case.point, method, particles, found["milliseconds"], values, case.exact)


def measure(
    case: Case,
    filter_class: type[ParticleFilter],
    particles: int,
    replications: int,
) -> Row:
    """Replicate a filter on a case; the fastest batch counts."""
    space = StateSpace(case.surrogate, an_schorfheide_linear.OBSERVABLES, measurement_sd(case.data))
    particle_filter = filter_class(space, particles)
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
    space = StateSpace(case.surrogate, an_schorfheide_linear.OBSERVABLES, measurement_sd(case.data))
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
    observables = an_schorfheide_linear.OBSERVABLES
    kalman_filter = KalmanFilter(StateSpace(case.surrogate, observables, measurement_sd(case.data)))
    bound = BOUND if case.economy == "an_schorfheide_zlb" else None
    inversion = InversionFilter(StateSpace(case.surrogate, observables), bound)
    for name, filter_ in (("kalman", kalman_filter), ("inversion", inversion)):
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
    from benchmarks.filters_dynare import available, dynare_rows

    if case.economy == "an_schorfheide" and case.point == "theta_m" and available():
        yield from dynare_rows(case)


def machine() -> str:
    """What the figures were measured on."""
    return (
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"ONNX Runtime {onnxruntime.__version__}"
    )


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
    table = markdown.table(list(COLUMNS), [list(row.cells()) for row in measured])
    ratios = markdown.table(["economy", "point", "ours", "guided", "bootstrap"], comparison(measured))
    with atomic_path(REPORT) as path:
        path.write_text(f"{header}{table}\n\n{COMPARISON}{ratios}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
