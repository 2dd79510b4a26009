"""How households answer to a future that is known: sequence-space Jacobians.

Auclert, Bardóczy, Rognlie and Straub (2021), "Using the Sequence-Space Jacobian to Solve and Estimate
Heterogeneous-Agent Models", Econometrica 89. Someone who learns today that a price moves s periods ahead
changes today's choices, by Y_s in the aggregate and by D_s in tomorrow's distribution, and the households of
tomorrow know it s - 1 periods ahead. With expectation vectors E_t = Lambda^t y, what an output y is expected
to be t periods ahead from each node,

    F_ts = Y_s (t = 0),  E_t-1 . D_s (t > 0),      J_ts = J_t-1,s-1 + F_ts.

Derivatives of choices are central differences of one step of the endogenous grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .hank_household import BETA, Choices, Households
from .hank_steady_state import SteadyState, moved

Array = NDArray[np.float64]

INPUTS = ("rate", "wage", "tax", "dividends", "patience")
"""What moves; patience multiplies beta between this period and the next."""
WIDTH = 1e-5
"""Of the differences, relative to one."""


class HouseholdResponses(NamedTuple):
    """Answers of all households.

    Attributes
    ----------
    jacobians : by output and input, [periods, periods]: of the output in a period (row) to the input in
        another one (column), both in levels.
    worth : by input, [periods, states, nodes]: of today's log M to the input so many periods ahead.
    """

    jacobians: dict[str, dict[str, Array]]
    worth: dict[str, Array]


def household_responses(rest: SteadyState, periods: int, moments: dict[str, Array]) -> HouseholdResponses:
    """Jacobians of savings, efficient hours, taxed income and consumption, and of `moments`: integrals over
    the households at the beginning of a period, each of a function given at the nodes, [states, nodes].
    """
    households = rest.households
    outputs = {name: _output(households, rest.choices, name) for name in _CHOSEN} | moments
    expectations = {name: _expectations(rest, values, periods) for name, values in outputs.items()}
    jacobians: dict[str, dict[str, Array]] = {name: {} for name in outputs}
    worth = {}
    for each in INPUTS:
        news = _news(rest, each, periods)
        worth[each] = news.worth
        for name in outputs:
            impact = news.outputs.get(name, np.zeros(periods))
            later = expectations[name][:-1] @ news.distribution.T
            jacobians[name][each] = _accumulated(np.vstack([impact[None], later]))
    return HouseholdResponses(jacobians, worth)


def expectation_vectors(rest: SteadyState, values: Array, periods: int) -> Array:
    """Lambda^t y [periods, states, nodes] of an output y [states, nodes]."""
    return _expectations(rest, values, periods).reshape(periods, *values.shape)


_CHOSEN = ("savings", "hours", "taxed", "consumption")


class _News(NamedTuple):
    """What is done today about an input s = 0, 1, ... periods ahead: log M [periods, states, nodes], outputs
    [periods], and tomorrow's distribution [periods, states nodes].
    """

    worth: Array
    outputs: dict[str, Array]
    distribution: Array


def _output(households: Households, choices: Choices, name: str) -> Array:
    values = getattr(choices, name)
    return households.productivity[:, None] * values if name == "hours" else values


def _expectations(rest: SteadyState, values: Array, periods: int) -> Array:
    rows = [values.ravel()]
    for _ in range(periods - 1):
        rows.append(rest.movement @ rows[-1])
    return np.stack(rows)


def _news(rest: SteadyState, each: str, periods: int) -> _News:
    """Differences between an input that is a little higher and one that is a little lower."""
    high, low = (_path(rest, each, side * WIDTH, periods) for side in (1, -1))
    width = 2 * WIDTH * _unit(rest, each)
    outputs = {name: (high.outputs[name] - low.outputs[name]) / width for name in high.outputs}
    return _News((high.worth - low.worth) / width, outputs, (high.distribution - low.distribution) / width)


def _unit(rest: SteadyState, each: str) -> float:
    return 1.0 if each == "patience" else getattr(rest.prices, each)


def _path(rest: SteadyState, each: str, change: float, periods: int) -> _News:
    """Choices of those who learn of a `change` of an input s = 0, 1, ... periods ahead."""
    households, mass = rest.households, rest.mass
    worth = rest.worth * (1 + change) if each == "patience" else rest.worth
    prices = rest.prices
    if each != "patience":
        prices = prices._replace(**{each: getattr(prices, each) * (1 + change)})
    logs, outputs, distributions = [], {name: [] for name in _CHOSEN}, []
    for _ in range(periods):
        choices = households.choose(worth, prices)
        logs.append(np.log(worth / rest.worth))
        for name in _CHOSEN:
            outputs[name].append((mass * _output(households, choices, name)).sum())
        distributions.append(moved(households, choices.savings, mass).ravel())
        worth = BETA * households.worth_of_saving(choices.consumption, prices.rate)
        prices = rest.prices
    return _News(
        np.stack(logs), {name: np.array(values) for name, values in outputs.items()}, np.stack(distributions)
    )


def _accumulated(fake_news: Array) -> Array:
    """J from F, [periods, periods]."""
    jacobian = fake_news.copy()
    for column in range(1, len(jacobian)):
        jacobian[1:, column] += jacobian[:-1, column - 1]
    return jacobian
