"""Figures of the economy in continuous time beside its classical solutions.

Matplotlib comes with the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..house.figures import BLUE, GRAY, RED, legend, panels, styled
from .continuous_time import INCOMES, SHOCKS, WATCHED, ContinuousComparison
from .figures import draw_policy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IN_UNITS = "wealth, in units of K*"
SOLUTIONS = (("surrogate", BLUE, "-"), ("reference", RED, "--"))
RESPONSES = {
    "log_capital": "capital, percent",
    "log_output": "output, percent",
    "log_consumption": "consumption, percent",
}
BY_SHOCK = dict(zip(SHOCKS, (RED, GRAY, BLUE), strict=True))


def policy_figure(comparison: ContinuousComparison) -> Figure:
    """What households eat, by income and productivity: levels above, relative differences below.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(2, len(comparison.policies), 2.6, 2.0, sharex="col", sharey="row")
    with styled():
        for column, (who, at) in enumerate(comparison.policies.items()):
            rows[0, column].set_title(who, loc="left")
            draw_policy(rows[0, column], rows[1, column], at.states[:, 0], at, "consumption")
            rows[1, column].set_xlabel(IN_UNITS)
        legend(figure, rows[0, 0])
    return figure


def value_figure(comparison: ContinuousComparison) -> Figure:
    """What another unit of wealth is worth, c^-gamma, by income and productivity: the derivative of the value
    function, above, and by how many percent productivity moves it, below.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    gamma = comparison.parameters["gamma"]
    figure, rows = panels(2, len(INCOMES), 3.6, 2.2, sharex="col")
    with styled():
        for column, who in enumerate(INCOMES):
            usual = comparison.policies[f"{who}, usual productivity"].surrogate["consumption"] ** -gamma
            for name, color in BY_SHOCK.items():
                at = comparison.policies[f"{who}, {name} productivity"]
                wealth, value = at.states[:, 0], at.surrogate["consumption"] ** -gamma
                exact = at.reference["consumption"] ** -gamma
                label = f"{name} productivity"
                rows[0, column].plot(wealth, value, color=color, linewidth=1.3, label=label)
                rows[1, column].plot(wealth, 100 * np.log(value / usual), color=color, linewidth=1.3)
                rows[0, column].plot(wealth[::8], exact[::8], ".", color=color, markersize=4)
            rows[0, column].set_title(f"marginal value of wealth, {who}", loc="left")
            rows[0, column].set_yscale("log")
            rows[1, column].set_title("against usual productivity, percent", loc="left")
            rows[1, column].set_xlabel(IN_UNITS)
        legend(figure, rows[0, 0])
    return figure


def wealth_figure(comparison: ContinuousComparison) -> Figure:
    """How the distribution of wealth changes after a shock, by income: the distribution function at rest, and
    what becomes of it, in hundredths of a per cent of all households.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    wealth = comparison.nodes / comparison.unit
    shown = comparison.masses.sum(0).cumsum() < 1 - 1e-5
    masses = comparison.after_shock.states[:, :, :-1].astype(float)
    masses = masses.reshape(*masses.shape[:2], 2, -1).cumsum(-1)
    figure, rows = panels(2, len(INCOMES), 3.6, 2.2, sharex="col")
    shades = np.linspace(0.25, 1.0, len(WATCHED))
    with styled():
        for column, who in enumerate(INCOMES):
            rest = comparison.masses[column].cumsum()
            rows[0, column].plot(wealth[shown], rest[shown], color=GRAY, linewidth=1.3)
            rows[0, column].set_title(f"share of households with less, {who}", loc="left")
            for quarter, shade in zip(WATCHED, shades, strict=True):
                change = 1e4 * (masses[quarter - 1, 0, column] - masses[quarter - 1, 1, column])
                label = f"after {quarter / 4:g} years"
                rows[1, column].plot(
                    wealth[shown], change[shown], color=BLUE, alpha=shade, linewidth=1.3, label=label
                )
            rows[1, column].set_title("change by a shock, hundredths of a percent", loc="left")
            rows[1, column].set_xlabel(IN_UNITS)
        legend(figure, rows[1, 0])
    return figure


def response_figure(comparison: ContinuousComparison) -> Figure:
    """What one standard deviation of productivity does.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(1, len(RESPONSES), 2.8, 2.2)
    with styled():
        for panel, (name, title) in zip(rows[0], RESPONSES.items(), strict=True):
            for (label, color, line), response in zip(SOLUTIONS, comparison.responses, strict=True):
                years = response.index / 4
                panel.plot(years, response[name], color=color, linestyle=line, linewidth=1.3, label=label)
            panel.set_title(title, loc="left")
            panel.set_xlabel("years")
        legend(figure, rows[0, 0])
    return figure


CONTINUOUS_FIGURES: Mapping[str, Callable[[ContinuousComparison], Figure]] = {
    "policies": policy_figure,
    "values": value_figure,
    "wealth": wealth_figure,
    "responses": response_figure,
}
"""By the name of the file."""
