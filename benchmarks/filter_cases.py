"""What the comparisons of filters share: economies at points with their samples, and a row of the table."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from benchmarks.kept import kept
from estimation import Estimation
from estimation.filters import Bound
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.an_schorfheide_linear import OBSERVABLES, THETA_L, THETA_M
from tests.gaussian_economies import an_schorfheide_economy
from tests.linear_artifact import write_artifact

ROOT = Path(__file__).parents[1]
POINTS = {"theta_m": THETA_M, "theta_l": THETA_L}
LINEAR = "log-linear"
KEPT = ROOT / "results" / "filters"
AT_THE_BOUND = ROOT / "examples" / "us_1990_2019_hank_zlb.toml"
SHARE_OF_SD = 0.05**0.5
"""Of its measurement errors: a twentieth of each series' variance."""
MEDIAN = {
    "sigma_s": 0.0631,
    "borrowing_limit": -0.499,
    "phi": 102.0,
    "theta_pi": 2.05,
    "theta_y": 0.987,
    "rho_z": 0.389,
    "rho_m": 0.908,
    "sigma_zeta": 0.01,
    "sigma_z": 0.00405,
    "sigma_m": 0.0012,
}
"""Of its posterior, in docs/hank-zlb-estimation.md."""


@dataclass(frozen=True)
class Case:
    """An economy at a point: parameters [p], sample [T, 3] of observables, measurement errors' standard
    deviations [3], what hides a shock, and, where known, the exact log likelihood.
    """

    economy: str
    point: str
    surrogate: Surrogate
    theta: NDArray[np.float64]
    data: NDArray[np.float64]
    sd: NDArray[np.float64]
    observables: tuple[str, ...] = OBSERVABLES
    bound: Bound | None = None
    exact: float | None = None

    @property
    def space(self) -> StateSpace:
        """The economy, observed with error."""
        return StateSpace(self.surrogate, self.observables, self.sd)


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
        if not np.isfinite(self.log_likelihoods).all():
            return "none", "", "", ""
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
    sd = measurement_sd(data)
    for point, calibration in POINTS.items():
        model = an_schorfheide_linear.state_space(calibration, sd)
        surrogate = Surrogate(write_artifact(an_schorfheide_economy(calibration), folder / point))
        exact = an_schorfheide_linear.log_likelihood(model, data)
        yield Case(LINEAR, point, surrogate, surrogate.default, data, sd, exact=exact)
    surrogate = load("an_schorfheide")
    for point, calibration in POINTS.items():
        yield Case("an_schorfheide", point, surrogate, surrogate.parameter_array(calibration)[0], data, sd)
    yield at_the_bound()


def at_the_bound() -> Case:
    """Heterogeneous households at the median of their posterior, and US data with a rate near zero for
    years.
    """
    observed = Estimation.from_toml(AT_THE_BOUND).data
    names, data = tuple(map(str, observed.columns)), observed.to_numpy(dtype=float)
    name, sd = "hank_zlb_reduced", SHARE_OF_SD * data.std(axis=0, ddof=1)
    surrogate, bound = load(name), Bound("interest_rate", "monetary", 0.25)
    return Case(name, "median", surrogate, surrogate.parameter_array(MEDIAN)[0], data, sd, names, bound)


def kept_row(case: Case, method: str, particles: int, run: Callable[[], dict]) -> Row:
    """The row of what `run` returns, ``milliseconds`` and ``values``, or of what it returned before."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in method)
    found = kept(KEPT / f"{case.economy}-{case.point}-{plain}-{particles}.json", run)
    values = np.array(found["values"])
    return Row(case.economy, case.point, method, particles, found["milliseconds"], values, case.exact)


def machine() -> str:
    """What the figures were measured on."""
    return (
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"ONNX Runtime {onnxruntime.__version__}"
    )
