"""Krusell and Smith's economy in continuous time both ways: finite differences at rest, linear expectations
around it, and the surrogate's files.

What households eat is held against finite differences where aggregates rest, and against linear rational
expectations after shocks. Both economies get the same shocks, each moves its own households: the surrogate by
step.onnx, the reference by its linear law.
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
from ..reference.continuous_time import ALPHA, DELTA, StationaryEquilibrium, solve_stationary
from ..reference.continuous_time_linear import (
    Linear,
    LinearEconomy,
    solve_linear_economy,
    surrogate_nodes,
)
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
BURN_IN, MOST_PERIODS = 400, 100_000
QUARTERS = 4
"""In a year; a period is one."""
HORIZON, REST = 120, 1_200
"""Quarters of a response, and of the way to rest before it."""
SHOCKS = {"low": -2.0, "usual": 0.0, "high": 2.0}
"""Productivity at which policies are shown, in standard deviations."""
RESPONDING = ("log_capital", "log_output", "log_consumption")
INCOMES = ("low income", "high income")
WATCHED = (4, 20, 80)
"""Quarters after a shock in which the distribution of wealth is shown."""
NOBODY = 1e-6
"""Nodes with fewer households do not count."""
ENDS = 0.12
"""In logs: capital below and above rest where its drift is shown."""
PERCENT = "percent"


@dataclass(frozen=True)
class ContinuousComparison(AnyComparison):
    """A surrogate and the classical solutions at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    stationary : finite differences where nothing aggregate moves.
    linear : rational expectations to first order around it.
    rest : states [n_states] of the surrogate where it comes to rest without shocks.
    paths : (surrogate's, linear solution's), with the same shocks, after the burn-in: observables by name,
        [T] each.
    responses : of both, [HORIZON, 3]: what one standard deviation more of productivity does to logs of
        capital, output and consumption, in percent.
    after_shock : the surrogate's economy after it, and without it.
    seconds : of the surrogate's path, and of the classical solutions with theirs.
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int
    stationary: StationaryEquilibrium
    linear: LinearEconomy
    rest: Array
    paths: tuple[Mapping[str, Array], Mapping[str, Array]]
    responses: tuple[pd.DataFrame, pd.DataFrame]
    after_shock: Simulation
    seconds: tuple[float, float]

    @cached_property
    def theta(self) -> Array:
        """The calibration, [1, n_parameters]."""
        return self.surrogate.parameter_array(self.parameters)

    @property
    def sd(self) -> float:
        """Standard deviation of log productivity."""
        return self.parameters["sig"] / float(np.sqrt(2 * self.parameters["eta"]))

    @property
    def unit(self) -> float:
        """K*, the representative agent's capital."""
        return self.stationary.fine.economy.representative_capital

    @cached_property
    def nodes(self) -> Array:
        """Wealth [n] at the nodes of the surrogate."""
        return surrogate_nodes(self.stationary.fine.economy, self.masses.shape[1])

    @property
    def masses(self) -> Array:
        """Masses [2, n] at rest, the low income first."""
        return self.rest[:-1].reshape(2, -1)

    @property
    def capital(self) -> float:
        """K where the surrogate rests."""
        return float(self.masses.sum(0) @ self.nodes)

    @cached_property
    def simulations(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The surrogate's and the linear path: a row a period, columns (kind, variable)."""
        found, exact = (observable_frame(path) for path in self.paths)
        return found, exact

    @property
    def series(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is of either solution period by period."""
        return {"simulation": self.simulations, "responses": self.responses}

    def eaten(self, states: Array) -> Array:
        """What the surrogate's households eat [k, 2, n] at `states` [k, n_states]."""
        return self.surrogate.policy(states, self.theta).astype(float).reshape(len(states), 2, -1)

    @cached_property
    def policies(self) -> dict[str, Policies]:
        """What households of either income eat at the nodes up to where somebody is, in units of K*: at rest
        beside finite differences, and with much or little productivity beside linear expectations, which
        correct finite differences by what productivity changes.
        """
        scaled = self._with_capital(self.stationary.capital)
        states = np.stack([np.append(scaled, sds * self.sd) for sds in SHOCKS.values()])
        exact = self.stationary.consumption_at(self.nodes).T
        moved = self.linear.consumption_by_productivity(self.nodes).T
        there = self.masses.sum(0) > NOBODY
        found = self.eaten(states)
        policies = {}
        for row, (name, sds) in enumerate(SHOCKS.items()):
            for income, who in enumerate(INCOMES):
                reference = exact[income] * np.exp(moved[income] * sds * self.sd)
                policies[f"{who}, {name} productivity"] = Policies(
                    (self.nodes[there] / self.unit)[:, None],
                    {"consumption": found[row, income, there]},
                    {"consumption": reference[there]},
                )
        return policies

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """`differences` in a few numbers, those of the `policies` and of the `paths`, and `moments`."""
        return {
            "differences": self._difference_table(),
            "policies": self._policy_table(),
            "paths": path_table(*self.simulations),
            "moments": moment_table(*self.simulations),
        }

    def drift(self, log_factor: float) -> float:
        """Kdot / K, a year, where everybody's wealth is exp(`log_factor`) times what it is at rest."""
        masses = self._with_capital(self.capital * np.exp(log_factor)).reshape(2, -1)
        eaten = self.eaten(np.append(masses.ravel(), 0.0)[None])[0]
        capital = float(masses.sum(0) @ self.nodes)
        output = capital**ALPHA
        return float((output - DELTA * capital - (masses * eaten).sum()) / capital)

    @cached_property
    def response_of_consumption(self) -> float:
        """d log C / dz of the surrogate at rest."""
        step = self.sd / 2
        states = np.stack([np.append(self.rest[:-1], z) for z in (step, -step)])
        up, down = np.log((self.masses * self.eaten(states)).sum((1, 2)))
        return float(up - down) / (2 * step)

    def _with_capital(self, capital: float) -> Array:
        """Masses [2 n] at rest whose wealth is multiplied such that they own `capital`."""
        places = np.minimum(self.nodes * capital / self.capital, self.nodes[-1])
        cell = np.clip(np.searchsorted(self.nodes, places, side="right") - 1, 0, len(self.nodes) - 2)
        share = (places - self.nodes[cell]) / np.diff(self.nodes)[cell]
        moved = np.zeros_like(self.masses)
        for income in range(2):
            np.add.at(moved[income], cell, (1 - share) * self.masses[income])
            np.add.at(moved[income], cell + 1, share * self.masses[income])
        return moved.ravel()

    def _difference_table(self) -> pd.DataFrame:
        """Surrogate, reference, difference and its unit."""
        found, exact = self.paths
        years = [1, 5, 20]
        rows: dict[str, tuple[float, float, float, str]] = {}
        rows["capital at rest"] = _percent(self.capital, self.stationary.capital)
        rows["drift of capital below rest, a year"] = (self.drift(-ENDS), np.nan, np.nan, "share")
        rows["drift of capital above rest, a year"] = (self.drift(ENDS), np.nan, np.nan, "share")
        response = self.linear.consumption_of_all_by_productivity
        rows["consumption by productivity"] = _percent(self.response_of_consumption, response)
        for year in years:
            ours, theirs = (each["log_capital"].loc[QUARTERS * year] for each in self.responses)
            rows[f"capital after {year} years of a shock"] = _percent(ours, theirs)
        sds = found["log_capital"].std(), exact["log_capital"].std()
        rows["sd of log capital on the path"] = _percent(*sds)
        gap = 100 * np.abs(found["log_capital"] - exact["log_capital"])
        rows["capital, path, mean"] = (np.nan, np.nan, float(gap.mean()), PERCENT)
        rows["capital, path, largest"] = (np.nan, np.nan, float(gap.max()), PERCENT)
        gini = float(found["gini"].mean())
        rows["gini"] = (gini, self.stationary.gini, gini - self.stationary.gini, "level")
        columns = ["surrogate", "reference", "difference", "unit"]
        return pd.DataFrame(list(rows.values()), pd.Index(list(rows), name="what"), columns)

    def _policy_table(self) -> pd.DataFrame:
        there = self.masses.sum(0) > NOBODY
        rows = {}
        for who, at in self.policies.items():
            gap = relative_difference(at.surrogate["consumption"], at.reference["consumption"])
            mass = np.maximum(self.masses[INCOMES.index(who.split(", ")[0])][there], 0.0)
            rows["consumption", who] = (gap @ mass / mass.sum(), gap.mean(), gap.max())
        index = pd.MultiIndex.from_tuples(rows, names=["control", "along"])
        return pd.DataFrame(list(rows.values()), index, ["mean", "mean over nodes", "max"])

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""
        surrogate, classical = self.seconds
        return [
            f"Both economies are followed for {len(self.simulations[0])} quarters with the shocks of seed "
            f"{self.seed}, after {BURN_IN} that do not count. At rest the reference is finite differences, "
            "extrapolated; after shocks, and along the path, linear rational expectations around it. "
            "Policies are what households eat; `mean` counts households, `mean over nodes` and `max` nodes "
            f"of wealth. A response is to one standard deviation of productivity. {SHARES}",
            f"The surrogate's path took {surrogate:.1f} seconds, the classical solutions with theirs "
            f"{classical:.1f}.",
        ]


def compare_continuous(
    surrogate: Surrogate, parameters: Mapping[str, float], periods: int, seed: int
) -> ContinuousComparison:
    """Solve the economy of `surrogate` at `parameters` (by name, all of them) both ways, and follow both for
    `periods` quarters after the burn-in.

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
        stationary, linear = solve_stationary(parameters), solve_linear_economy(parameters)
        tell(1, 4, "the classical solutions are there")
        exact = {name: path[BURN_IN:] for name, path in linear_path(linear, shocks).items()}
        their_response = linear_response(linear)
        tell(2, 4, "their path is there")
        middle = time.perf_counter()
        path = surrogate.simulate(theta, shocks[:, None])
        seen = path.observables[BURN_IN:, 0].astype(float)
        found = dict(zip(surrogate.observable_names, seen.T, strict=True))
        ended = time.perf_counter()
        tell(3, 4, "the surrogate's path is there")
        rest = surrogate.simulate(theta, np.zeros((REST, 1))).states[-1, 0].astype(float)
        z = parameters["sig"] / float(np.sqrt(2 * parameters["eta"]))
        after_shock, own_response = response_of(surrogate, theta, rest, z)
        tell(4, 4)
    return ContinuousComparison(
        surrogate,
        parameters,
        seed,
        stationary,
        linear,
        rest,
        (found, exact),
        (own_response, their_response),
        after_shock,
        (ended - middle, middle - started),
    )


def linear_path(linear: LinearEconomy, shocks: Array, z: float = 0.0) -> dict[str, Array]:
    """Logs of output, consumption and capital, and the return [T], after each of `shocks` [T], from rest with
    log productivity `z`, extrapolated from both grids.
    """
    fine, coarse = (_path_on(each, shocks, z) for each in (linear.fine, linear.coarse))
    capital, consumption, productivity = (2 * fine - coarse).T
    rest = linear.capital
    capital, consumption = capital + np.log(rest), consumption + np.log(rest**ALPHA - DELTA * rest)
    output = productivity + ALPHA * capital
    return {
        "log_output": output,
        "log_consumption": consumption,
        "log_capital": capital,
        "interest_rate": ALPHA * np.exp(output - capital) - DELTA,
    }


def _path_on(solution: Linear, shocks: Array, z: float) -> Array:
    """log K and log C in deviations from rest, and z, [T, 3] on one grid."""
    step, sd = solution.step(1 / QUARTERS)
    rest, state, rows = solution.rest, solution.after_productivity(z), []
    for shock in shocks:
        state = step @ state
        state[-1] += sd * shock
        rows.append((solution.wealth @ state, solution.consumption_of_all @ state, state[-1]))
    units = np.array([rest.capital, rest.consumption_of_all])
    moved = np.array(rows)
    return np.column_stack([moved[:, :2] / units, moved[:, 2]])


def linear_response(linear: LinearEconomy) -> pd.DataFrame:
    """What one standard deviation of productivity does, see `ContinuousComparison.responses`."""
    economy, calm = linear.economy, np.zeros(HORIZON)
    z = economy.sig / float(np.sqrt(2 * economy.eta))
    return response(linear_path(linear, calm, z), linear_path(linear, calm), RESPONDING)


def response_of(surrogate: Surrogate, theta: Array, rest: Array, z: float) -> tuple[Simulation, pd.DataFrame]:
    """Two economies of the surrogate, one in which log productivity becomes `z` at `rest` [n_states] and one
    in which nothing happens, and the same of them.
    """
    moved = rest.copy()
    moved[-1] = z
    path = surrogate.simulate(theta, np.zeros((HORIZON, 2, 1)), np.stack([moved, rest]))
    seen = path.observables.astype(float)
    after, without = (
        dict(zip(surrogate.observable_names, seen[:, which].T, strict=True)) for which in (0, 1)
    )
    return path, response(after, without, RESPONDING)


def _percent(found: float, exact: float) -> tuple[float, float, float, str]:
    return float(found), float(exact), 100 * float(found / exact - 1), PERCENT
