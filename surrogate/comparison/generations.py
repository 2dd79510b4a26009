"""Overlapping generations beside what is known of them without networks.

Without shocks another method solves for what every age owns and eats. With shocks there is no classical
solution for so many generations: there the surrogate's own path is held to the equations, which are written
apart and evaluated with what its files say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate
from ..errors import Changed
from ..house.records import whole_number
from ..reference.olg_economy import DELTA, ETA, Household, euler_errors
from ..reference.olg_steady_state import OlgSteadyState, steady_state
from .tables import AnyComparison

Array = NDArray[np.float64]
BURN_IN, MOST_PERIODS = 200, 100_000
PERCENT = 100.0
STATES = ("low depreciation, low productivity", "low depreciation, high productivity",
          "high depreciation, low productivity", "high depreciation, high productivity")  # fmt: skip
QUARTERS = ("first", "second", "third")
"""Of life."""
PROFILES = ("capital", "bonds", "consumption")
LEVELS = {"mean": None, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


class GenerationsPolicy:
    """The files at one calibration, as `euler_errors` asks them."""

    def __init__(self, surrogate: Surrogate, theta: Array) -> None:
        """`theta` is [n_parameters], or [w, n_parameters] where w divides the rows that it is asked about."""
        self.surrogate, self.theta = surrogate, np.atleast_2d(theta)
        self.savers = (surrogate.n_controls - 1) // 2

    def __call__(self, k: Array, b: Array, eta: Array, delta: Array) -> tuple[Array, Array, Array]:
        """What savers choose, [n, S] each, and the price [n]."""
        states = np.column_stack([k, b, eta, delta])
        chosen = self.surrogate.policy(states, self.theta, check=False).astype(float)
        return chosen[:, : self.savers], chosen[:, self.savers : -1], chosen[:, -1]


@dataclass(frozen=True)
class GenerationsComparison(AnyComparison):
    """A surrogate of overlapping generations at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    steady : the economy without shocks, by another method.
    states : the surrogate's path [T, n_states] after the burn-in.
    observables : its observables, [T, n_observables].
    errors : relative Euler errors [T, S, 2] of capital and of bonds, by equations written apart.
    consumption : of every age, [T, S + 1].
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int
    steady: OlgSteadyState
    states: Array
    observables: Array
    errors: Array
    consumption: Array

    @property
    def savers(self) -> int:
        """S."""
        return self.errors.shape[1]

    @cached_property
    def simulations(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The surrogate's path, a row a period, and the same numbers without shocks."""
        steady, total = self.steady, Household.of(self.parameters, self.savers + 1).labor.sum()
        output = steady.wage * total / (1 - self.parameters["alpha"])
        quarters = np.array_split((steady.capital + steady.bonds) / steady.capital_of_all, 4)
        at_rest = {
            "log_capital": np.log(steady.capital_of_all),
            "log_output": np.log(output),
            "log_consumption": np.log(steady.consumption.sum()),
            "gross_return": steady.gross_return,
            "bond_price": steady.bond_price,
            **{f"wealth_{name}": float(q.sum()) for name, q in zip(QUARTERS, quarters, strict=False)},
        }
        index = pd.RangeIndex(1, len(self.states) + 1, name="period")
        path = pd.DataFrame(self.observables, index, self.surrogate.observable_names)
        return path, pd.DataFrame({name: at_rest[name] for name in path.columns}, index)

    @property
    def series(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is period by period."""
        return {"simulation": self.simulations}

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """What every age owns and eats: mean of the path, and without shocks by the surrogate and by the
        reference.
        """
        rest = self.surrogate.steady_state(self.surrogate.parameter_array(self.parameters)).states[0]
        owned = {"capital": 0, "bonds": self.savers}
        columns = {}
        for name in PROFILES:
            if name == "consumption":
                columns[name, "mean with shocks"] = self.consumption.mean(axis=0)
            else:
                block = slice(owned[name], owned[name] + self.savers)
                columns[name, "mean with shocks"] = np.append(0.0, self.states[:, block].mean(axis=0))
                columns[name, "steady state, surrogate"] = np.append(0.0, rest[block].astype(float))
            columns[name, "steady state, reference"] = getattr(self.steady, name)
        frame = pd.DataFrame(columns, pd.RangeIndex(self.savers + 1, name="age"))
        frame.columns = frame.columns.set_names(["what", "of"])
        return frame

    @cached_property
    def by_state(self) -> pd.DataFrame:
        """Euler errors in percent over ages and periods, in all and in each of four states."""
        eta, delta = self.states[:, -2], self.states[:, -1]
        number = 2 * (delta > DELTA.mean()) + (eta > ETA.mean())
        where = {"all": np.ones(len(number), bool)} | {name: number == i for i, name in enumerate(STATES)}
        rows = {
            (equation, name): error_figures(self.errors[there, :, column])
            for column, equation in enumerate(("capital", "bonds"))
            for name, there in where.items()
            if there.any()
        }
        index = pd.MultiIndex.from_tuples(rows, names=["equation", "state"])
        return pd.DataFrame(list(rows.values()), index)

    @cached_property
    def by_age(self) -> pd.DataFrame:
        """Mean and largest Euler errors of each age, in percent."""
        size = PERCENT * np.abs(self.errors)
        columns = {
            (equation, name): statistic(size[..., column], axis=0)
            for column, equation in enumerate(("capital", "bonds"))
            for name, statistic in (("mean", np.mean), ("max", np.max))
        }
        return pd.DataFrame(columns, pd.RangeIndex(self.savers, name="age"))

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """`errors` by state, and means and standard deviations of the path beside the steady state."""
        path, at_rest = self.simulations
        moments = pd.DataFrame({"mean": path.mean(), "sd": path.std(), "without shocks": at_rest.iloc[0]})
        return {"errors": self.by_state, "moments": moments.rename_axis("variable")}

    @property
    def more_tables(self) -> dict[str, pd.DataFrame]:
        """What is only saved."""
        return {"errors_by_age": self.by_age, "profiles": self.profiles}

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""
        return [
            f"The surrogate is followed for {len(self.states)} periods with the shocks of seed {self.seed}, "
            f"after {BURN_IN} that do not count. Euler errors are of all savers in all of these periods, by "
            "equations written apart. `without shocks` is the deterministic steady state, by another method."
        ]


def error_figures(errors: Array) -> dict[str, float]:
    """Mean and quantiles of the sizes of relative errors, in percent."""
    size = PERCENT * np.abs(errors)
    return {
        name: float(size.mean() if level is None else np.quantile(size, level))
        for name, level in LEVELS.items()
    }


def compare_generations(
    surrogate: Surrogate, parameters: Mapping[str, float], periods: int, seed: int
) -> GenerationsComparison:
    """Solve the economy of `surrogate` at `parameters` (by name, all of them) without shocks, and follow the
    surrogate with shocks for `periods` after the burn-in.

    Raises
    ------
    Changed : an artifact whose states are not those of overlapping generations.
    BadConfiguration : too many periods.
    NoEquilibrium : there is no steady state at `parameters`.
    """
    whole_number("The number of periods", periods, 2, MOST_PERIODS)
    generations = number_of_generations(surrogate)
    steady = steady_state(parameters, generations)
    theta = surrogate.parameter_array(parameters)
    shocks = np.random.default_rng(seed).normal(size=(BURN_IN + periods, surrogate.n_shocks))
    path = surrogate.simulate(theta, shocks)
    states = path.states[BURN_IN:, 0].astype(float)
    household, policy = Household.of(parameters, generations), GenerationsPolicy(surrogate, theta)
    rows = split(states)
    errors = np.stack(euler_errors(household, policy, *rows), axis=-1)
    consumption, _, _ = household.period(*rows, policy(*rows))
    observables = path.observables[BURN_IN:, 0].astype(float)
    return GenerationsComparison(
        surrogate, parameters, seed, steady, states, observables, errors, consumption
    )


def number_of_generations(surrogate: Surrogate) -> int:
    """That the artifact was made for.

    Raises
    ------
    Changed : it has no capital and bonds by age.
    """
    sizes = {state.name: state.size for state in surrogate.card.states}
    if sizes.get("capital") != sizes.get("bonds") or "capital" not in sizes:
        raise Changed(
            f"The artifact of {surrogate.card.model} has no capital and bonds by age: export it again."
        )
    return sizes["capital"] + 1


def split(states: Array) -> tuple[Array, Array, Array, Array]:
    """Capital and bonds [n, S], productivity and depreciation [n]."""
    savers = (states.shape[1] - 2) // 2
    return states[:, :savers], states[:, savers:-2], states[:, -2], states[:, -1]
