"""An economy with heterogeneous households beside its first-order solution in sequence space.

The classical solution of `hank` is exact to first order, at one calibration, without any summary of the
distribution: a steady state and sequence-space Jacobians (`surrogate.reference.hank_linear`).
What is compared is the steady state, impulse responses to shocks so small that curvature does not matter, and
paths with the same shocks, where what differs is risk and curvature as well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate
from ..house.listener import progress
from ..house.records import whole_number
from ..reference.hank_household import GROWTH, INFLATION_TARGET
from ..reference.hank_jacobian import household_responses
from ..reference.hank_linear import SHOCKS, LinearResponses, linear_responses
from ..reference.hank_steady_state import SteadyState, solve_steady_state
from ..reference.lottery import WealthGrid
from .tables import AnyComparison, moment_table, observable_frame, path_table

Array = NDArray[np.float64]
FINE = WealthGrid(400, 40.0, 2.5)
"""Of the steady state that the surrogate's is held to."""
PERIODS = 200
"""Of the Jacobians, and quarters in which a shock is forgotten."""
CALM, HORIZON, SIZE = 200, 30, 0.25
"""Quarters without shocks before an impulse, quarters after it, and its size in standard deviations."""
MOST_PERIODS = 100_000
AGGREGATES = ("output_growth", "inflation", "interest_rate")
DISTRIBUTION = ("gini", "share_at_limit", "share_of_debtors")
PERCENT = "percent of the peak"


@dataclass(frozen=True)
class SequenceSpaceComparison(AnyComparison):
    """A surrogate and the first-order solution at one calibration.

    Attributes
    ----------
    surrogate : what is compared.
    parameters : the calibration, by name.
    seed : of the shocks.
    rest : observables (surrogate's, classical solution's) at rest, by name.
    responses : of both, a row a quarter and a column for each (shock, observable), in the observable's unit,
        to shocks of one standard deviation.
    simulations : of both, a row a period and columns (kind, variable), with the same shocks.
    seconds : of the surrogate's responses and path, and of the classical solution.
    """

    surrogate: Surrogate
    parameters: Mapping[str, float]
    seed: int
    rest: tuple[Mapping[str, float], Mapping[str, float]]
    responses: tuple[pd.DataFrame, pd.DataFrame]
    simulations: tuple[pd.DataFrame, pd.DataFrame]
    seconds: tuple[float, float]

    @property
    def series(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """What there is of either solution period by period."""
        return {"simulation": self.simulations, "responses": self.responses}

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """`differences` in a few numbers, those of the `paths`, and `moments`."""
        return {
            "differences": self._differences(),
            "paths": path_table(*self.simulations),
            "moments": moment_table(*self.simulations),
        }

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables has to know."""
        surrogate, classical = self.seconds
        return [
            f"Both solutions are followed for {len(self.simulations[0])} periods with the shocks of seed "
            f"{self.seed}, after {PERIODS} that do not count. The reference is exact to first order: along "
            f"the paths risk and curvature differ, too. Responses are to shocks of {SIZE:g} standard "
            f"deviations, shown for one; their difference is the largest over {HORIZON} quarters. The "
            f"reference at rest has {FINE.points} nodes of wealth.",
            f"The surrogate took {surrogate:.1f} seconds, the classical solution {classical:.1f}.",
        ]

    @property
    def gaps(self) -> dict[tuple[str, str], float]:
        """Largest difference of each response, as a share of the reference's peak."""
        found, exact = (each.to_numpy(dtype=float) for each in self.responses)
        gaps = np.abs(found - exact).max(axis=0) / np.abs(exact).max(axis=0)
        names = [(str(shock), str(name)) for shock, name in self.responses[1].columns]
        return dict(zip(names, gaps.tolist(), strict=True))

    def _differences(self) -> pd.DataFrame:
        rows: dict[str, tuple[float, float, float, str]] = {}
        for name, exact in self.rest[1].items():
            found = self.rest[0][name]
            rows[f"{name} at rest"] = (found, exact, found - exact, "level")
        for (shock, name), gap in self.gaps.items():
            found, exact = (each[shock, name].to_numpy(dtype=float) for each in self.responses)
            peak = np.abs(exact).argmax()
            rows[f"{name} after {shock}"] = (found[peak], exact[peak], 100 * gap, PERCENT)
        index = pd.Index(list(rows), name="what")
        return pd.DataFrame(list(rows.values()), index, ["surrogate", "reference", "difference", "unit"])


def compare_in_sequence_space(
    surrogate: Surrogate, parameters: Mapping[str, float], periods: int, seed: int
) -> SequenceSpaceComparison:
    """Solve the economy of `surrogate` at `parameters` (by name, all of them) to first order, and follow both
    for `periods`.

    Raises
    ------
    BadConfiguration : too many periods.
    SurrogateError : there is no steady state at `parameters`.
    """
    whole_number("The number of periods", periods, 2, MOST_PERIODS)
    theta = surrogate.parameter_array(parameters)
    shocks = np.random.default_rng(seed).standard_normal((PERIODS + periods, len(SHOCKS)))
    with progress("comparing", patient=True) as tell:
        started = time.perf_counter()
        risk = parameters["sigma_s"], parameters["borrowing_limit"]
        rest = solve_steady_state(*risk)
        linear = linear_responses(rest, household_responses(rest, PERIODS, {}), parameters)
        tell(1, 3, "the first-order solution is there")
        fine = solve_steady_state(*risk, grid=FINE, guess=rest)
        tell(2, 3, "the steady state on a fine grid is there")
        middle = time.perf_counter()
        found = at_rest_of_surrogate(surrogate, theta), responses_of(surrogate, theta)
        seen = surrogate.simulate(theta, shocks[:, None]).observables[PERIODS:, 0].astype(float)
        ended = time.perf_counter()
        tell(3, 3)
    path = dict(zip(surrogate.observable_names, seen.T, strict=True))
    return SequenceSpaceComparison(
        surrogate,
        parameters,
        seed,
        (found[0], at_rest(fine)),
        (found[1], linear_observables(linear, HORIZON)),
        (observable_frame({name: path[name] for name in AGGREGATES}), linear_path(rest, linear, shocks)),
        (ended - middle, middle - started),
    )


def at_rest(rest: SteadyState) -> dict[str, float]:
    """Observables of the steady state that are not trivial."""
    bonds, mass = rest.households.bonds, rest.mass.sum(axis=0)
    edges = (bonds[1:] + bonds[:-1]) / 2
    in_debt = float(np.interp(0.0, edges, np.cumsum(mass)[:-1]))
    return {
        "interest_rate": 400 * float(np.log(rest.gross_rate)),
        "gini": rest.gini,
        "share_at_limit": rest.share_at_limit,
        "share_of_debtors": in_debt,
    }


def at_rest_of_surrogate(surrogate: Surrogate, theta: Array) -> dict[str, float]:
    """The same of the surrogate's steady state: what it observes there, the lagged rate for the rate."""
    states, controls = surrogate.steady_state(theta)
    # Observables of the distribution are those at the start of the next quarter, which moves by little.
    seen = surrogate.step(states, controls, np.zeros((1, len(SHOCKS))), theta).next_observables[0]
    named = dict(zip(surrogate.observable_names, seen.astype(float), strict=True))
    rate = float(states[0, surrogate.state_names.index("interest_rate_lag")])
    return {"interest_rate": 400 * rate, **{name: float(named[name]) for name in DISTRIBUTION}}


def responses_of(surrogate: Surrogate, theta: Array, size: float = SIZE) -> pd.DataFrame:
    """Responses of the surrogate to a shock of one standard deviation where the economy is without shocks,
    from the difference between shocks of `size` up and down.
    """
    calm = surrogate.simulate(theta, np.zeros((CALM, 1, len(SHOCKS))))
    impulses = np.concatenate([size * np.eye(len(SHOCKS)), -size * np.eye(len(SHOCKS))])
    shocks = np.concatenate([impulses[None], np.zeros((HORIZON - 1, *impulses.shape))])
    start = np.repeat(calm.states[-1], len(impulses), axis=0)
    seen = surrogate.simulate(theta, shocks, start).observables.astype(float)
    moved = (seen[:, : len(SHOCKS)] - seen[:, len(SHOCKS) :]) / (2 * size)
    return _responses(
        {
            (shock, name): moved[:, i, surrogate.observable_names.index(name)]
            for i, shock in enumerate(SHOCKS)
            for name in AGGREGATES
        }
    )


def linear_observables(linear: LinearResponses, horizon: int) -> pd.DataFrame:
    """The same of the first-order solution."""
    columns = {}
    for shock, path in linear.paths.items():
        growth = np.diff(path["output"], prepend=0.0) + path["growth"]
        levels = (100 * growth, 400 * path["inflation"], 400 * path["interest_rate"])
        for name, values in zip(AGGREGATES, levels, strict=True):
            columns[shock, name] = values[:horizon]
    return _responses(columns)


def linear_path(rest: SteadyState, linear: LinearResponses, shocks: Array) -> pd.DataFrame:
    """Observables of the first-order solution after `shocks` [PERIODS + T, shocks], without the first
    PERIODS.
    """
    responses = linear_observables(linear, PERIODS)
    means = (np.log(GROWTH), np.log(INFLATION_TARGET), np.log(rest.gross_rate))
    columns = {}
    for name, mean, factor in zip(AGGREGATES, means, (100, 400, 400), strict=True):
        answers = (
            np.convolve(shocks[:, i], responses[shock, name].to_numpy())[PERIODS : len(shocks)]
            for i, shock in enumerate(SHOCKS)
        )
        columns[name] = factor * float(mean) + sum(answers)
    return observable_frame(columns)


def _responses(columns: Mapping[tuple[str, str], Array]) -> pd.DataFrame:
    frame = pd.DataFrame(list(columns.values()), pd.MultiIndex.from_tuples(columns)).T
    frame.columns.names = ["shock", "observable"]
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="quarter"))
