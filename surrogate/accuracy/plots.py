"""Figures of a policy's accuracy; Matplotlib comes with the extra ``plot``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from surrogate.accuracy.euler import accepted_parameters, ergodic_states, euler_errors
from surrogate.figures import BLUE, GRAY, RED, legend, panels, styled
from surrogate.policy import PolicyNetwork
from surrogate.reference.time_iteration import PARAMETER_NAMES, RbcSolution, solve_rbc, steady_capital
from surrogate.region import Region
from surrogate.training.sampling import draw_states

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Policy = Callable[[Array, Array], NDArray[np.floating]]
"""From states [n, n_states] and one parameter vector [n_parameters] to controls, as `Surrogate.policy`."""

COLORS = {"box": BLUE, "ergodic": RED}
LAWS = {"box": "box", "ergodic": "ergodic set"}
LEVELS = {
    -2.0: (BLUE, "productivity two sd low"),
    0.0: (GRAY, "mean productivity"),
    2.0: (RED, "two sd high"),
}
"""Productivity levels of the policy slices, in standard deviations, with their colors and names."""
REACH = 0.4
"""Half-width of the policy slices in log capital."""
LEAST_DIFFERENCE = 1e-6
"""Where the axis of relative differences ends: beyond, a curve only crosses zero."""


def sample_errors(
    policy: PolicyNetwork, nodes: int | tuple[int, ...], region: Region | None = None, points: int = 4_000
) -> dict[str, Array]:
    """log10 Euler errors [points, n_equations] on the box and on the ergodic set, parameters uniform on the
    certified region.
    """
    generator = torch.Generator().manual_seed(7)

    def accept(theta: torch.Tensor) -> torch.Tensor:
        inside = np.ones(len(theta), bool) if region is None else region.contains(theta.numpy())
        return torch.from_numpy(inside)

    parameters = accepted_parameters(policy.model, points, generator, accept)
    states = {
        "box": draw_states(policy.model, parameters, generator),
        "ergodic": ergodic_states(policy, parameters, generator),
    }
    return {law: euler_errors(policy, s, parameters, nodes).numpy() for law, s in states.items()}


def euler_error_figure(errors: Mapping[str, Array], equations: Mapping[str, str]) -> Figure:
    """A row for each equation: density of log10 errors, and the share of points with a larger error.

    Parameters
    ----------
    errors : log10 errors [n, n_equations] by law, "box" and "ergodic".
    equations : names of the equations, in order, and what a unit of their error is.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(len(equations), 2, width=3.6, height=2.3)
    with styled():
        for column, ((name, unit), (density, tail)) in enumerate(zip(equations.items(), rows, strict=True)):
            density.set_title(f"{name}: density of errors", loc="left")
            tail.set_title(f"{name}: share of points with a larger error", loc="left")
            for law, values in errors.items():
                _draw_errors(density, tail, values[:, column], law)
            for panel in (density, tail):
                panel.set_xlabel(f"log10 of the error ({unit})")
            density.legend(loc="upper left", frameon=False)
            tail.set_xlim(density.get_xlim()[0], None)
            density.set_ylim(0, 1.35 * density.get_ylim()[1])  # room for the legend
    return figure


def policy_slices(policy: Policy, calibrations: Mapping[str, Mapping[str, float]]) -> Figure:
    """RBC consumption over capital at three productivity levels, a column for each calibration: the policy
    (lines) on time iteration (dots), and below by how much they differ.

    Parameters
    ----------
    policy : the RBC surrogate's policy.
    calibrations : title -> parameters by name.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    figure, rows = panels(2, len(calibrations), width=2.9, height=2.2, sharex=True, sharey="row")
    with styled():
        for (title, parameters), levels, gaps in zip(calibrations.items(), *rows, strict=True):
            levels.set_title(title, loc="left")
            gaps.set_yscale("log")
            gaps.set_xlabel("log(capital / steady state)")
            reference = solve_rbc(parameters)
            for deviations in LEVELS:
                _draw_slice(levels, gaps, policy, reference, parameters, deviations)
        rows[0][0].set_ylabel("consumption / steady state")
        rows[0][0].plot(
            [], [], "o", color="0.3", markersize=3.5, markerfacecolor="white", label="time iteration"
        )
        rows[1][0].set_ylabel("relative difference")
        rows[1][0].set_ylim(LEAST_DIFFERENCE, None)
        legend(figure, rows[0][0])
    return figure


def _draw_errors(density: Any, tail: Any, errors: Array, law: str) -> None:
    color, ordered = COLORS[law], np.sort(errors)
    label = f"{LAWS[law]}: mean {errors.mean():.2f}, 99 % below {np.quantile(errors, 0.99):.2f}"
    bins = np.linspace(np.quantile(ordered, 0.002), np.quantile(ordered, 0.998), 50)
    label = label.replace("-", "\N{MINUS SIGN}")
    density.hist(errors, bins=bins, density=True, color=color, alpha=0.45, label=label)
    density.set_yticks([])
    density.spines["left"].set_visible(False)
    tail.plot(
        ordered,
        1 - np.arange(len(ordered)) / len(ordered),
        color=color,
        linewidth=1.4,
        drawstyle="steps-post",
    )
    tail.set_yscale("log")
    tail.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")


def _draw_slice(
    levels: Any,
    gaps: Any,
    policy: Policy,
    reference: RbcSolution,
    parameters: Mapping[str, float],
    deviations: float,
) -> None:
    color = LEVELS[deviations][0]
    theta = np.array([parameters[name] for name in PARAMETER_NAMES])
    z = deviations * parameters["sigma"] / np.sqrt(1 - parameters["rho"] ** 2)
    x = np.linspace(-REACH, REACH, 81)
    capital = steady_capital(parameters) * np.exp(x)
    exact, unit = reference.consumption(capital, z), reference.consumption(steady_capital(parameters), 0.0)
    found = policy(np.stack([capital, np.full_like(capital, z)], axis=1), theta)[:, 0]
    dots = {"color": color, "markersize": 3.5, "markerfacecolor": "white", "linestyle": "none"}
    levels.plot(x, found / unit, color=color, linewidth=1.3, label=LEVELS[deviations][1])
    levels.plot(x[::8], exact[::8] / unit, marker="o", **dots)
    gaps.plot(x, np.abs(found / exact - 1), color=color, linewidth=1.1)
