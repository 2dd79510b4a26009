"""Where in its box the small New Keynesian model has an equilibrium, and whether surrogates say so.

    OMP_NUM_THREADS=1 python -m benchmarks.existence an_schorfheide_zlb
    OMP_NUM_THREADS=1 python -m benchmarks.existence an_schorfheide

print tables and write docs/existence-<name>.md: calibrations spread over the box, whether the surrogate's
card certifies them, whether the classical solution by collocation exists there, and how far the network is
from it.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from benchmarks.filter_cases import POINTS, ROOT
from surrogate import Surrogate, load
from surrogate.errors import SurrogateError
from surrogate.house.files import atomic_path
from surrogate.reference.an_schorfheide_equations import LOG_GBAR
from surrogate.reference.an_schorfheide_projection import (
    KINKED,
    SMOOTH,
    AnSchorfheideSolution,
    solve_an_schorfheide,
    solve_an_schorfheide_zlb,
)

Array = NDArray[np.float64]

WIDTHS = {"an_schorfheide": (3.0, 4.5), "an_schorfheide_zlb": (2.0, 3.0)}
"""How far growth may go, in standard deviations."""
COARSE = replace(KINKED[0], government_points=2, shocks=replace(KINKED[0].shocks, government=1))
"""Government spending hardly matters for where an equilibrium exists."""
SEED = 20_221_101
STATES = 512
HEADER = """# Existence of an equilibrium: `{name}`

{count} calibrations spread over the box of the card (scrambled Sobol points, seed {seed}), and the two of
Herbst and Schorfheide. *Certified*: inside the region of the card. *Exists*: collocation with Newton's
method, the {homotopy}, arrives
(`surrogate/reference/an_schorfheide_projection.py`). *Difference*: the largest relative one between network
and collocation in consumption or inflation, at {states} states within two standard deviations and two
thirds of the grid, rates not below zero. *Growth within*: how far the grid of productivity growth reaches, in
standard deviations.
{note}
Written by `python -m benchmarks.existence {name}`.
"""
HOMOTOPY = {
    "an_schorfheide": "shocks made larger from nothing to full size",
    "an_schorfheide_zlb": "bound raised to zero from where it never binds",
}
NOTE = {
    "an_schorfheide": """
The impulse rho_r log(R_-1 / R_ss) + eps_r reaches 4.5 standard deviations whatever growth does, so that an
equilibrium is asked for at states that are hardly ever seen.
""",
    "an_schorfheide_zlb": """
With the bound the answer depends on how far growth may fall: at the bound, with flexible prices, expected
deflation feeds on itself, so that a quarter in which the bound is likely to bind for long has no
equilibrium. So growth is kept within the given number of its standard deviations; the impulse
rho_r log(R_-1/R_ss) + eps_r goes as far as five. The card's
region comes from Euler errors at eight states a calibration, few of them at the bound, so that it lets some
calibrations in that have no equilibrium.
""",
}


@dataclass(frozen=True)
class Trial:
    """One calibration at one width of the grid: `reason` is empty where a solution was found."""

    calibration: str
    width: float
    certified: bool
    reason: str
    difference: float
    seconds: float


def calibrations(surrogate: Surrogate, count: int) -> dict[str, dict[str, float]]:
    """Parameters by name: theta_m, theta_l and `count` points over the box."""
    unit = qmc.Sobol(surrogate.n_parameters, rng=SEED).random(count)
    points = surrogate.lower + (surrogate.upper - surrogate.lower) * unit
    drawn = {
        str(i + 1): dict(zip(surrogate.parameter_names, point.tolist(), strict=True))
        for i, point in enumerate(points)
    }
    return {**POINTS, **drawn}


def solve(name: str, parameters: Mapping[str, float], width: float) -> AnSchorfheideSolution:
    """The classical solution on a coarse grid on which growth goes so far; errors as the solvers'."""
    if name == "an_schorfheide":
        return solve_an_schorfheide(parameters, [replace(SMOOTH[0], growth_width=width)])
    return solve_an_schorfheide_zlb(parameters, [replace(COARSE, growth_width=width)])


def difference(
    surrogate: Surrogate, parameters: Mapping[str, float], solution: AnSchorfheideSolution, width: float
) -> float:
    """Largest relative difference of the controls at states within two standard deviations, and growth within
    two thirds of the grid's `width`.
    """
    c, linear = solution.collocation.calibration, solution.collocation.linear
    draws = 2 * qmc.Sobol(3, rng=SEED).random(STATES) * 2 - 2
    lag = c.log_rate + draws[:, 0] * linear.sd_impulse / c.rho_r
    states = {
        "interest_rate_lag": np.maximum(lag, 0.0) if solution.collocation.bound is not None else lag,
        "government": LOG_GBAR + draws[:, 1] * c.sigma_g / np.sqrt(1 - c.rho_g**2),
        "growth": min(1.0, width / 3) * draws[:, 2] * linear.sd_growth,
        "monetary": np.zeros(STATES),
    }
    rows = np.stack([states[name] for name in surrogate.state_names], axis=1).astype(surrogate.card.dtype)
    theta = surrogate.parameter_array(parameters).astype(surrogate.card.dtype)
    network = surrogate.policy(rows, theta, check=False)
    found = solution.controls(states)
    return float(
        max(np.abs(network[:, i] / found[x] - 1).max() for i, x in enumerate(surrogate.control_names))
    )


def trials(name: str, count: int) -> list[Trial]:
    """Every calibration at every width; an economy without an equilibrium is not tried at larger ones."""
    surrogate, found = load(name), []
    for label, parameters in calibrations(surrogate, count).items():
        certified = bool(surrogate.inside(surrogate.parameter_array(parameters))[0])
        reason = ""
        for width in WIDTHS[name]:
            start, apart = time.perf_counter(), np.nan
            if not reason:
                try:
                    apart = difference(surrogate, parameters, solve(name, parameters, width), width)
                except SurrogateError as error:
                    reason = str(error).rpartition(":")[2].strip(" .")
            found.append(Trial(label, width, certified, reason, apart, time.perf_counter() - start))
            print(found[-1], flush=True)
    return found


def cross_table(found: list[Trial]) -> str:
    """Markdown: for each width, certified or not by existing or not, with the differences where it exists."""
    lines = [
        "| growth within | | exists | does not | median difference | largest |",
        "|---|---|" + "---:|" * 4,
    ]
    drawn = [trial for trial in found if trial.calibration not in POINTS]
    for width in sorted({t.width for t in found}):
        for certified in (True, False):
            part = [t for t in drawn if t.width == width and t.certified == certified]
            there = np.array([t.difference for t in part if not t.reason])
            sizes = [f"{value:.1e}" for value in (np.median(there), there.max())] if len(there) else ["", ""]
            told = "certified" if certified else "not certified"
            counts = f"{len(there)} | {len(part) - len(there)}"
            lines.append(f"| {width:g} sd | {told} | {counts} | {' | '.join(sizes)} |")
    return "\n".join(lines) + "\n"


def list_of_exceptions(found: list[Trial], points: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown: what happens at theta_m and theta_l and at the points where card and collocation disagree."""
    shown = ("tau", "kappa", "psi1", "psi2", "rho_r", "rho_z", "r_a", "pi_a", "gamma_q", "sigma_r", "sigma_z")
    lines = [
        f"| point | growth within | {' | '.join(shown)} | outcome |",
        "|---|---|" + "---:|" * len(shown) + "---|",
    ]
    for trial in found:
        if trial.calibration in POINTS or trial.certified == bool(trial.reason):
            values = " | ".join(f"{points[trial.calibration][name]:.2f}" for name in shown)
            outcome = trial.reason or f"exists, difference {trial.difference:.1e}"
            lines.append(f"| {trial.calibration} | {trial.width:g} sd | {values} | {outcome} |")
    return "\n".join(lines) + "\n"


def report(name: str, count: int) -> Path:
    """Run, print and write; returns the file."""
    found = trials(name, count)
    points = calibrations(load(name), count)
    header = HEADER.format(
        name=name, count=count, seed=SEED, states=STATES, homotopy=HOMOTOPY[name], note=NOTE[name]
    )
    exceptions = "\n## theta_m, theta_l, and where card and collocation disagree\n\n"
    text = f"{header}\n{cross_table(found)}{exceptions}{list_of_exceptions(found, points)}"
    print(text)
    with atomic_path(ROOT / "docs" / f"existence-{name.replace('_', '-')}.md") as path:
        path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(WIDTHS))
    parser.add_argument("--count", type=int, default=64)
    given = parser.parse_args()
    report(given.name, given.count)
