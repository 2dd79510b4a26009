"""The likelihood of the small New Keynesian model with its network and with its classical solution.

    OMP_NUM_THREADS=1 python -m benchmarks.reference_likelihood

prints one table and writes docs/reference-likelihood.md: on the sample of Herbst and Schorfheide (2015), how
far the nonlinear likelihood is from that of the linearised economy, and whether that is the economy or the
network.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from benchmarks.filter_cases import POINTS, ROOT, measurement_sd, sample
from estimation.filters import GuidedFilter, ParticleFilter, TwistedFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, Transition, load
from surrogate.artifact.runtime import SteadyState
from surrogate.house.files import atomic_path
from surrogate.reference import an_schorfheide_linear
from surrogate.reference.an_schorfheide_equations import LOG_GBAR, Shocks
from surrogate.reference.an_schorfheide_projection import Grid, solve_an_schorfheide

Array = NDArray[np.float64]

REPORT = ROOT / "docs" / "reference-likelihood.md"
GRID = Grid(13, 4, 13, Shocks(9, 3, 9), width=8.0, growth_width=8.0)
"""Wide enough for every particle."""
FILTERS: tuple[tuple[type[ParticleFilter], int, int], ...] = (
    (TwistedFilter, 50, 16),
    (GuidedFilter, 400, 16),
)
COLUMNS = ("point", "policy", "filter", "mean log p", "standard error", "less the linear economy's")
HEADER = """# Is it the network or the economy?

Log likelihood of `an_schorfheide` on the sample of Herbst and Schorfheide (80 quarters, three series,
measurement-error sd 20 % of each series' sd) at their parameter vectors. The same particle filters run on the
same equations once with the network and once with the classical solution by collocation
(`surrogate/reference/an_schorfheide_projection.py`). The linearised economy's is exact, by the Kalman filter.
Where network and collocation agree with each other and not with the linearised economy, the difference is the
economy's.

Written by `python -m benchmarks.reference_likelihood`.

"""


class ReferenceEconomy:
    """The classical solution at one calibration where the filters expect a surrogate; float64 throughout.

    What a filter asks about names and parameters is answered by the surrogate of the same economy.
    """

    def __init__(self, surrogate: Surrogate, parameters: Mapping[str, float]) -> None:
        self.surrogate = surrogate
        self.card = SimpleNamespace(dtype="float64")
        self.solution = solve_an_schorfheide(parameters, [GRID])
        self.parameters = dict(parameters)

    def __getattr__(self, name: str) -> object:
        return getattr(self.surrogate, name)

    @cached_property
    def calibration(self):
        """The compound parameters and equations of the solution."""
        return self.solution.collocation.calibration

    def policy(self, states: Array, parameters: Array, check: bool = False) -> Array:
        """Consumption and inflation [n, 2] at states [n, 4]."""
        found = self.solution.controls(dict(zip(self.surrogate.state_names, states.T, strict=True)))
        return np.stack([found[name] for name in self.surrogate.control_names], axis=1)

    def steady_state(self, parameters: Array, check: bool = False) -> SteadyState:
        """States [w, 4] and controls [w, 2] without shocks."""
        c = self.calibration
        states = np.tile([c.log_rate, LOG_GBAR, 0.0, 0.0], (len(parameters), 1))
        return SteadyState(states, self.policy(states, parameters))

    def step(
        self, states: Array, controls: Array, shocks: Array, parameters: Array, check: bool = False
    ) -> Transition:
        """One quarter: states [n, 4], controls [n, 2], shocks [n, 3] (monetary, government, growth)."""
        c = self.calibration
        government, growth = states[:, 1], states[:, 2]
        rate, output = self._rate_and_output(states, controls)
        tomorrow = np.stack(
            [
                c.log_rate + rate,
                (1 - c.rho_g) * LOG_GBAR + c.rho_g * government + c.sigma_g * shocks[:, 1],
                c.rho_z * growth + c.sigma_z * shocks[:, 2],
                c.sigma_r * shocks[:, 0],
            ],
            axis=1,
        )
        chosen = self.policy(tomorrow, parameters)
        next_rate, next_output = self._rate_and_output(tomorrow, chosen)
        p = self.parameters
        observed = [
            p["gamma_q"] + 100 * (next_output - output + tomorrow[:, 2]),
            p["pi_a"] + 400 * np.log(chosen[:, 1] / c.target),
            p["pi_a"] + p["r_a"] + 4 * p["gamma_q"] + 400 * next_rate,
        ]
        return Transition(tomorrow, chosen, np.stack(observed, axis=1))

    def _rate_and_output(self, states: Array, controls: Array) -> tuple[Array, Array]:
        """Log deviation of the rate [n] and log output [n]."""
        c = self.calibration
        policy = np.log(controls.T / np.array([[c.steady_consumption], [c.target]]))
        impulse = c.rho_r * (states[:, 0] - c.log_rate) + states[:, 3]
        rate, _ = c.rule(impulse, policy, states[:, 1])
        return rate, np.log(controls[:, 0]) + states[:, 1] - c.share(policy[1], states[:, 1])[0]


def evaluate(
    economy: Surrogate, method: type[ParticleFilter], particles: int, replications: int, theta: Array
) -> Array:
    """Replicated log likelihoods [replications] at theta [p]."""
    data = sample("herbst_schorfheide_us")
    space = StateSpace(economy, an_schorfheide_linear.OBSERVABLES, measurement_sd(data))
    generator = np.random.Generator(np.random.SFC64(1))
    values = method(space, particles).log_likelihood(np.tile(theta, (replications, 1)), data, generator)
    return np.asarray(values, dtype=float)


def lines() -> Iterator[tuple[str, ...]]:
    """Rows of the table as text."""
    surrogate, data = load("an_schorfheide"), sample("herbst_schorfheide_us")
    for point, calibration in POINTS.items():
        exact = an_schorfheide_linear.log_likelihood(
            an_schorfheide_linear.state_space(calibration, measurement_sd(data)), data
        )
        yield point, "linear", "Kalman", f"{exact:.2f}", "", ""
        theta = surrogate.parameter_array(calibration)[0]
        economies = {"network": surrogate, "collocation": ReferenceEconomy(surrogate, calibration)}
        for (method, particles, replications), (policy, economy) in (
            (setting, item) for setting in FILTERS for item in economies.items()
        ):
            values = evaluate(economy, method, particles, replications, theta)  # pyright: ignore[reportArgumentType]
            name = method.__name__.removesuffix("Filter").lower()
            error = values.std(ddof=1) / np.sqrt(len(values))
            yield (
                point,
                policy,
                f"{name}, {particles:,}",
                f"{values.mean():.2f}",
                f"{error:.2f}",
                f"{values.mean() - exact:.2f}",
            )


def main() -> None:
    """Print the table row by row and write the report."""
    table = ["| " + " | ".join(COLUMNS) + " |", "|---|---|---|" + "---:|" * (len(COLUMNS) - 3)]
    print(*table, sep="\n")
    for cells in lines():
        table.append("| " + " | ".join(cells) + " |")
        print(table[-1], flush=True)
    with atomic_path(REPORT) as path:
        path.write_text(HEADER + "\n".join(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
