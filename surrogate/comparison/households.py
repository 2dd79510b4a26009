"""Krusell and Smith's economy both ways: what households eat, who owns how much, and what a bad state does.

Both get the same shocks: `BURN_IN` quarters that do not count, in which the shape of wealth forgets where it
began, and then those that are compared. Each moves its own households, the surrogate by step.onnx on its
nodes, the classical solution by its own histogram: so whatever differs is the policy's doing or that of the
grids.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..artifact.runtime import Simulation, Surrogate
from ..house.listener import progress
from ..house.records import whole_number
from ..reference.krusell_smith_population import PopulationSolution, solve_population
from ..reference.krusell_smith_simulation import Path
from ..reference.wealth_distribution import Lorenz, lorenz
from .tables import (
    SHARES,
    AnyComparison,
    Policies,
    moment_table,
    observable_frame,
    path_table,
    relative_difference,
    response,
)

Array = NDArray[np.float64]
BURN_IN, MOST_PERIODS = 4_000, 100_000
SPELL, HORIZON = 8, 60
"""Quarters of the bad state whose response is shown, its average length, and of the response."""
SWITCHES, STAYS = -3.0, 3.0
"""Shocks with which the state does and does not change."""
NOBODY = 1e-6
"""Nodes with fewer households do not count."""
HOUSEHOLDS = {
    "unemployed, bad times": (0, 0),
    "employed, bad times": (1, 0),
    "unemployed, good times": (0, 1),
    "employed, good times": (1, 1),
}
PERCENT = "percent"


@dataclass(frozen=True)
class HouseholdsComparison(AnyComparison):
    """A surrogate and the classical solution at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    solution : the classical one.
    paths : (surrogate's, classical solution's), with the same shocks, after the burn-in.
    responses : of both, [HORIZON, 4]: what a bad state of `SPELL` quarters does to logs of capital, output
        and consumption, in percent, and to the Gini coefficient, in hundredths.
    seconds : of the surrogate's path, and of the classical solution and its path.
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int
    solution: PopulationSolution
    paths: tuple[Simulation, Path]
    responses: tuple[pd.DataFrame, pd.DataFrame]
    seconds: tuple[float, float]

    @cached_property
    def simulations(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The surrogate's and the classical solution's paths: a row a period, columns (kind, variable)."""
        return of_surrogate(self.surrogate, self.paths[0].observables[:, 0]), of_classical(self.paths[1])

    @property
    def series(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is of either solution period by period."""
        return {"simulation": self.simulations, "responses": self.responses}

    @cached_property
    def masses(self) -> Array:
        """Mean masses [2, 120] of the surrogate's households in bad and in good times."""
        states = self.paths[0].states[:, 0].astype(float)
        return np.stack([states[(states[:, -1] > 1) == good, :-1].mean(axis=0) for good in (False, True)])

    @cached_property
    def policies(self) -> dict[str, Policies]:
        """What households of each kind eat under both solutions at nodes of wealth, [60], in units of K_ss,
        when the distribution of wealth is its mean in such times.
        """
        productivity = 1 + np.array([-1, 1]) * self.parameters["dz"]
        theta = self.surrogate.parameter_array(self.parameters)
        chosen = self.surrogate.policy(np.column_stack([self.masses, productivity]), theta).astype(float)
        eaten = np.minimum(chosen, self.solution.resources(self.masses, np.arange(2)))
        exact = self.solution.controls({"wealth": self.masses, "productivity": productivity})["consumption"]
        found, exact = (values.reshape(2, 2, -1) for values in (eaten, exact))
        nodes = self.solution.nodes / self.solution.of_household.household.economy.steady_capital
        return {
            who: Policies(nodes[:, None], {"consumption": found[z, e]}, {"consumption": exact[z, e]})
            for who, (e, z) in HOUSEHOLDS.items()
        }

    @cached_property
    def distributions(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Nodes of wealth [n], in units of K_ss, and mean masses [n] there, of both solutions."""
        unit = self.solution.of_household.household.economy.steady_capital
        mean = self.paths[0].states[:, 0, :-1].astype(float).mean(axis=0).reshape(2, -1).sum(axis=0)
        classical = self.paths[1]
        exact = classical.histogram.mean(axis=0).sum(axis=0)
        return (self.solution.nodes / unit, mean), (classical.nodes / unit, exact)

    @cached_property
    def lorenz_curves(self) -> tuple[Lorenz, Lorenz]:
        """Lorenz curves of the mean distributions."""
        found, exact = (lorenz(*each) for each in self.distributions)
        return found, exact

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """`differences` in a few numbers, those of the `policies` and of the `paths`, and `moments`."""
        return {
            "differences": difference_table(self.simulations, self.responses),
            "policies": self._policy_table(),
            "paths": path_table(*self.simulations),
            "moments": moment_table(*self.simulations),
        }

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""
        surrogate, classical = self.seconds
        return [
            f"Both solutions are followed for {len(self.simulations[0])} periods with the shocks of seed "
            f"{self.seed}, after {BURN_IN:,} that do not count. {SHARES} Policies are what households eat; "
            "their mean counts households, and nodes of wealth without any are left out. A response is to a "
            f"bad state of {SPELL} quarters, against good times throughout.",
            f"The surrogate's path took {surrogate:.1f} seconds, the classical solution with its path "
            f"{classical:.1f}.",
        ]

    def _policy_table(self) -> pd.DataFrame:
        rows = {}
        for who, (e, z) in HOUSEHOLDS.items():
            at, there = self.policies[who], self.masses[z].reshape(2, -1)[e]
            gap = relative_difference(at.surrogate["consumption"], at.reference["consumption"])
            counted = np.where(there > NOBODY, there, 0.0)
            rows["consumption", who] = (gap @ counted / counted.sum(), gap[counted > 0].max())
        index = pd.MultiIndex.from_tuples(rows, names=["control", "along"])
        return pd.DataFrame(list(rows.values()), index, ["mean", "max"])


def compare_households(
    surrogate: Surrogate, parameters: Mapping[str, float], periods: int, seed: int
) -> HouseholdsComparison:
    """Solve the economy of `surrogate` at `parameters` (by name, all of them) both ways, and follow both for
    `periods` after the burn-in.

    Raises
    ------
    BadConfiguration : too many periods.
    SurrogateError : there is no classical solution at `parameters`.
    """
    whole_number("The number of periods", periods, 2, MOST_PERIODS)
    theta = surrogate.parameter_array(parameters)
    shocks = np.random.default_rng(seed).standard_normal(BURN_IN + periods)
    with progress("comparing", patient=True) as tell:
        started = time.perf_counter()
        solution = solve_population(parameters)
        tell(1, 3, "the classical solution is there")
        classical = solution.of_household.simulate(shocks).after(BURN_IN)
        tell(2, 3, "its path is there")
        middle = time.perf_counter()
        path = Simulation(*(each[BURN_IN:] for each in surrogate.simulate(theta, shocks[:, None])))
        ended = time.perf_counter()
        responses = responses_of(surrogate, theta, path), classical_responses(solution, classical)
        tell(3, 3)
    seconds = ended - middle, middle - started
    return HouseholdsComparison(surrogate, parameters, seed, solution, (path, classical), responses, seconds)


def of_surrogate(surrogate: Surrogate, seen: NDArray[np.floating]) -> pd.DataFrame:
    """Observables [T, 7] of a surrogate, and capital, as columns (kind, variable)."""
    named = dict(zip(surrogate.observable_names, seen.astype(float).T, strict=True))
    return observable_frame({"capital": np.exp(named["log_capital"]), **named})


def of_classical(path: Path) -> pd.DataFrame:
    """The same of a path of the classical solution."""
    return observable_frame(
        {
            "capital": path.capital,
            "log_capital": np.log(path.capital),
            "log_output": np.log(path.output),
            "log_consumption": np.log(path.consumption),
            "gini": path.gini,
            "bottom_half": path.wealth_share(0.0, 0.5),
            "top_tenth": path.wealth_share(0.9, 1.0),
            "at_limit": path.at_limit,
        }
    )


def responses_of(surrogate: Surrogate, theta: Array, path: Simulation) -> pd.DataFrame:
    """What a bad state does to the surrogate's economy where `path` ends, against good times throughout."""
    before, (bad, good) = int(path.states[-1, 0, -1] > 1), _scenarios()
    shocks = np.stack([_shocks(states, before) for states in (bad, good)], axis=1)[..., None]
    seen = surrogate.simulate(theta, shocks, np.repeat(path.states[-1], 2, axis=0)).observables
    return _response(*(of_surrogate(surrogate, seen[:, which]) for which in (0, 1)))


def classical_responses(solution: PopulationSolution, path: Path) -> pd.DataFrame:
    """The same of the classical solution."""
    simulator, last = solution.of_household.simulator, path.state[-1:]
    after = [
        simulator.run(np.concatenate([last, states]), path.histogram[-1]).after(1) for states in _scenarios()
    ]
    return _response(*map(of_classical, after))


def difference_table(
    paths: tuple[pd.DataFrame, pd.DataFrame], responses: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """The comparison in a few numbers: surrogate, reference, difference and its unit. Of the paths there is
    the distance of logs, mean and largest; of a response the value where the reference's is largest.
    """
    found, exact = (_by_name(path) for path in paths)
    rows: dict[str, tuple[float, float, float, str]] = {}
    for name in ("capital", "consumption"):
        log = f"log_{name}"
        means = np.exp(found[log]).mean(), np.exp(exact[log]).mean()
        gap = 100 * np.abs(found[log] - exact[log])
        rows[f"{name}, mean"] = (*means, 100 * (means[0] / means[1] - 1), PERCENT)
        rows[f"{name}, path, mean"] = (np.nan, np.nan, gap.mean(), PERCENT)
        rows[f"{name}, path, largest"] = (np.nan, np.nan, gap.max(), PERCENT)
    for name in ("gini", "bottom_half", "top_tenth", "at_limit"):
        means = found[name].mean(), exact[name].mean()
        rows[f"{name}, mean"] = (*means, means[0] - means[1], "level")
    for name in ("log_capital", "log_output", "log_consumption"):
        found_response, its_reference = (each[name].to_numpy(dtype=float) for each in responses)
        worst = np.abs(its_reference).argmax()
        most = found_response[worst], its_reference[worst]
        rows[f"{name}, response"] = (*most, most[0] - most[1], PERCENT)
    index = pd.Index(list(rows), name="what")
    return pd.DataFrame(list(rows.values()), index, ["surrogate", "reference", "difference", "unit"])


def _by_name(frame: pd.DataFrame) -> dict[str, Array]:
    return {variable: frame[kind, variable].to_numpy(dtype=float) for kind, variable in frame.columns}


def _scenarios() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """States z [HORIZON]: bad ones to begin with, and good ones throughout."""
    good = np.ones(HORIZON, dtype=np.int64)
    return np.where(np.arange(HORIZON) < SPELL, 0, good), good


def _shocks(states: NDArray[np.integer], before: int) -> Array:
    """Shocks [T] that lead through `states` [T] from the state `before`."""
    return np.where(np.diff(states, prepend=before) != 0, SWITCHES, STAYS)


def _response(bad: pd.DataFrame, good: pd.DataFrame) -> pd.DataFrame:
    return response(_by_name(bad), _by_name(good), ("log_capital", "log_output", "log_consumption", "gini"))
