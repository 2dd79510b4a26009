"""Impulse responses at the zero lower bound and away from it, by the surrogate and by time iteration.

    python -m benchmarks.responses

takes the New Keynesian model of Kase, Melosi and Rottner at the surrogate's default calibration, lets the
same shocks meet the same states under both solutions, and writes docs/benchmark-responses.md with its figure.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.filter_cases import ROOT
from estimation.analysis.impulse_responses import (
    AWAY,
    BOUND,
    LABELS,
    conditional,
    generalised_responses,
    visited_states,
)
from estimation.analysis.simulation import mirrored_normals
from estimation.finding import as_markdown, labels
from surrogate import Surrogate, load
from surrogate.house import figures
from surrogate.house.files import atomic_path
from surrogate.reference.new_keynesian import NkZlbSolution, solve_nk_zlb

Array = NDArray[np.floating]

MODEL = "nk_zlb"
HORIZON, PATHS = 12, 1000
SIZES = (-2.0, 2.0)
SHOWN = [0, 1, 4]
PAGE = ROOT / "docs" / "benchmark-responses.md"
FIGURE = PAGE.with_suffix(".png")
HEADER = f"""# Impulse responses at the bound

Generalised impulse responses of `{MODEL}` at its default calibration to a preference shock of two standard
deviations, down and up: means over {PATHS} paths from states at which the zero lower bound binds, and from
states at which it does not. *Time iteration*: the same states and shocks under the classical solution. At
the bound a fall in demand costs more output than away from it, and more than a rise of the same size
brings, for the interest rate can hardly fall.

Written by `python -m benchmarks.responses`.

![Impulse responses at the bound and away from it](benchmark-responses.png)
"""


def both(surrogate: Surrogate, start: str, sizes: tuple[float, ...], seed: int = 0) -> tuple[Array, Array]:
    """Responses [sizes, HORIZON, n_observables] by the surrogate and by time iteration, from the same
    states.
    """
    theta = surrogate.default[None]
    visited = visited_states(surrogate, theta, PATHS // 10, np.random.default_rng(seed))
    states = conditional(surrogate, visited, start, PATHS).states
    noise = mirrored_normals(np.random.default_rng(seed + 1), HORIZON, 1, PATHS, 1)
    found = generalised_responses(surrogate, theta, states, noise, [0], sizes)[0, :, :, 0]
    calibration = dict(zip(surrogate.parameter_names, surrogate.default.tolist(), strict=True))
    solution = solve_nk_zlb(calibration)
    baseline = observables(solution, states[0, :, 0], noise[:, 0, :, 0])
    exact = []
    for size in sizes:
        shocked = noise[:, 0, :, 0].copy()
        shocked[0] = size
        exact.append((observables(solution, states[0, :, 0], shocked) - baseline).mean(axis=1))
    return found, np.array(exact)


def observables(solution: NkZlbSolution, preference: Array, shocks: Array) -> Array:
    """Growth, inflation and interest rate [T, n, 3] by time iteration, from states [n] with shocks [T, n]."""
    p, states = solution.parameters, [preference.astype(float)]
    for shock in shocks:
        states.append(p["rho_zeta"] * states[-1] + p["sigma_zeta"] * shock)
    path = {"preference": np.stack(states)}
    controls = solution.controls(path)
    growth = controls["labor"][1:] / controls["labor"][:-1] - 1
    columns = (growth, controls["inflation"][1:] - 1, solution.interest_rate(path)[1:] - 1)
    return 400 * np.stack(columns, axis=-1)


def table(surrogate: Surrogate, responses: dict[str, tuple[Array, Array]]) -> pd.DataFrame:
    """Responses at some quarters, solution beside solution."""
    levels = [list(responses), SIZES, list(surrogate.observable_names), SHOWN]
    index = pd.MultiIndex.from_product(levels, names=["states", "size", "observable", "quarter"])
    values = [np.stack([pair[k][:, SHOWN] for pair in responses.values()]).swapaxes(2, 3) for k in (0, 1)]
    columns = dict(zip(("surrogate", "time iteration"), values, strict=True))
    return pd.DataFrame({name: value.ravel() for name, value in columns.items()}, index=index)


def draw(surrogate: Surrogate, responses: dict[str, tuple[Array, Array]]) -> None:
    """Lines for the surrogate, dots for time iteration; sizes below each other."""
    names = surrogate.observable_names
    figure, panels = figures.panels(len(SIZES), len(names), width=2.7, height=2.0, sharex=True)
    with figures.styled():
        for (row, column), panel in np.ndenumerate(panels):
            panel.axhline(0.0, color=figures.GRAY, linewidth=0.6)
            for (name, pair), color in zip(responses.items(), (figures.RED, figures.BLUE), strict=True):
                panel.plot(pair[0][row, :, column], color=color, linewidth=1.4, label=name)
                label = f"{name}, time iteration"
                panel.plot(pair[1][row, :, column], ".", color=color, markersize=5, label=label)
            if row == 0:
                panel.set_title(labels(surrogate)[names[column]], loc="left")
            panel.set_ylabel(f"shock of {SIZES[row]:+g} sd" if column == 0 else "")
        for panel in panels[-1]:
            panel.set_xlabel("quarters after the shock")
        figures.legend(figure, panels[0, 0])
    figures.save(figure, FIGURE)


def main() -> None:
    """Compare, draw, print and write the report."""
    surrogate = load(MODEL)
    responses = {LABELS[start]: both(surrogate, start, SIZES) for start in (BOUND, AWAY)}
    draw(surrogate, responses)
    text = f"{HEADER}\n{as_markdown(table(surrogate, responses))}"
    print(text)
    with atomic_path(PAGE) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
