"""The methods of solution on one footing: the same economies, networks, processor time and test points.

    OMP_NUM_THREADS=1 python -m benchmarks.methods [--seconds 10] [ECONOMY ...]

trains each economy by each method from five seeds, keeps every run under results/methods (a run that is there
is not repeated, so that several processes can share the work), and writes docs/benchmark-methods.md with its
figure from all that is there.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.kept import kept, read
from benchmarks.methods_report import write_report
from surrogate import economies, models
from surrogate.accuracy.errors import euler_errors
from surrogate.errors import NotSolved, SurrogateError
from surrogate.house.files import atomic_path
from surrogate.training import Settings
from surrogate.training.by_equations import constrained
from surrogate.training.run import Run, describe
from surrogate.training.sampling import draw_parameters, draw_states

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "methods"
ECONOMIES = ("brock_mirman", "rbc", "consumption_saving")
SEEDS = range(5)
LOOKS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Shares of the time after which accuracy is measured."""
CALIBRATIONS, STATES = 20, 100
POINTS = 2_000
PILOT = 5
"""Steps that are timed, so that Adam's learning rate reaches zero when the time is over."""
ADAM = {"optimiser": "adam", "batch": 256, "learning_rate": 1e-2, "adam_steps": 0}
LONG_PATHS = {"method": "lifetime_reward", "batch": 64, "horizon": 50, "learning_rate": 3e-3}
SQUARES = {"batch": 1024, "adam_steps": 0}
VARIANTS: dict[str, dict[str, Any]] = {
    "Euler, Levenberg-Marquardt": SQUARES,
    "Euler, Levenberg-Marquardt, box": {**SQUARES, "sampling": "box"},
    "Euler, Levenberg-Marquardt, simulation": {**SQUARES, "sampling": "simulation"},
    "Euler, Levenberg-Marquardt, multipliers": {**SQUARES, "constraints": "multipliers"},
    "Euler, Adam": ADAM,
    "Euler, Adam, simulation": {**ADAM, "sampling": "simulation"},
    "All-in-one, Adam": {**ADAM, "method": "all_in_one"},
    "All-in-one, Adam, multipliers": {**ADAM, "method": "all_in_one", "constraints": "multipliers"},
    "Bellman, Levenberg-Marquardt": {**SQUARES, "method": "bellman"},
    "Lifetime reward, Adam": {**ADAM, **LONG_PATHS},
}


@dataclass(frozen=True)
class Test:
    """Where accuracy is measured: states [n, n_states], parameters [n, n_parameters], and there the classical
    controls [n, n_controls]; Euler errors at as many points of their own.
    """

    states: Tensor
    parameters: Tensor
    controls: Tensor
    euler_states: Tensor
    euler_parameters: Tensor


def main() -> None:
    """Run what is missing, and write the report."""
    arguments = argparse.ArgumentParser(description="Train the same economies by each method.")
    arguments.add_argument("--seconds", type=float, default=10.0, help="processor time of a run (default 10)")
    arguments.add_argument("economy", nargs="*", help=f"default: {', '.join(ECONOMIES)}")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    folder = RESULTS / f"{given.seconds:g}s"
    for name in given.economy or [name for name in ECONOMIES if name in models.names()]:
        economy = models.get(name)
        for variant, seed in _runs(economy):
            path = folder / f"{name}-{variant.replace(', ', '-').replace(' ', '_')}-{seed}.json"
            trace = kept(path, partial(measured, economy, variant, seed, given.seconds))
            print(name, variant, seed, trace["failure"] or trace["looks"][-1], flush=True)
    found = [read(path) for path in sorted(folder.glob("*.json"))]
    write_report(
        found, ROOT / "docs", f"{platform.processor() or platform.machine()}, torch {torch.__version__}"
    )


def _runs(economy: models.Model) -> Iterator[tuple[str, int]]:
    """Variants and seeds; multipliers only where there are constraints."""
    has_constraints = bool(constrained(economy))
    for seed in SEEDS:
        for variant, changes in VARIANTS.items():
            if has_constraints or "constraints" not in changes:
                yield variant, seed


def measured(economy: models.Model, variant: str, seed: int, seconds: float) -> dict[str, Any]:
    """One run of some `seconds`: what it was, and its accuracy after each of `LOOKS`."""
    settings = Settings(**VARIANTS[variant], seed=seed)
    trace = {"economy": economy.name, "variant": variant, "seed": seed, "looks": [], "failure": ""}
    try:
        settings = replace(settings, steps=_steps(economy, settings, seconds))
        _run(Run(economy, settings), test_points(economy), trace, seconds)
    except SurrogateError as error:
        trace["failure"] = f"{type(error).__name__}: {error}"
    return trace | {"method": describe(settings), "steps": settings.steps}


def _steps(economy: models.Model, settings: Settings, seconds: float) -> int:
    """How many steps fill the time."""
    pilot = Run(economy, settings)
    pilot.advance()
    started = time.process_time()
    for _ in range(PILOT):
        pilot.advance()
    return max(1, round(seconds * PILOT / (time.process_time() - started)))


def _run(run: Run, test: Test, trace: dict[str, Any], seconds: float) -> None:
    """Advance until the time is over, looking at the accuracy now and then, which does not count."""
    run.progress()
    spent, waiting = 0.0, [share * seconds for share in LOOKS]
    while True:
        while waiting and (spent >= waiting[0] or run.step >= run.total):
            trace["looks"].append({"seconds": waiting.pop(0), "step": run.step, **accuracy(run, test)})
        if not waiting:
            break
        started = time.process_time()
        run.advance()
        spent += time.process_time() - started
    failure = run.failure(run.progress())
    if failure:
        raise NotSolved(failure)


@torch.no_grad()
def accuracy(run: Run, test: Test) -> dict[str, float]:
    """Relative differences from the classical controls, and log10 Euler errors."""
    found = run.policy(test.states, test.parameters)[:, : test.controls.shape[1]]
    share = (found / test.controls - 1).abs().nan_to_num(1.0)
    n_equations = sum(equation.size for equation in run.model.equations)
    errors = euler_errors(run.policy, test.euler_states, test.euler_parameters, 9)[:, :n_equations]
    return {
        "mean": float(share.mean()),
        "p99": float(share.flatten().quantile(0.99)),
        "max": float(share.max()),
        "euler": float(errors.mean()),
    }


def test_points(economy: models.Model) -> Test:
    """The same for every run of an economy: random calibrations, states uniform on their boxes."""
    generator = torch.Generator().manual_seed(20_220_202)
    calibrations = draw_parameters(economy, CALIBRATIONS, generator)
    parameters = calibrations.repeat_interleave(STATES, dim=0)
    states = draw_states(economy, parameters, generator)
    path = RESULTS / f"{economy.name}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.save(file, classical_controls(economy, calibrations, states))
    controls = torch.from_numpy(np.load(path))
    others = draw_parameters(economy, POINTS, generator)
    return Test(states, parameters, controls, draw_states(economy, others, generator), others)


def classical_controls(economy: models.Model, calibrations: Tensor, states: Tensor) -> np.ndarray:
    """Classical controls [n, n_controls] at `states` [n, n_states], as many for each of `calibrations`."""
    parts = []
    for theta, block in zip(calibrations.tolist(), states.split(STATES), strict=True):
        names = [each.name for each in economy.parameters]
        solution = economies.solve(economy.name, dict(zip(names, theta, strict=True)))
        columns = {v.name: c for v, c in zip(economy.states, block.numpy().T, strict=True)}
        found = solution.controls(columns)
        parts.append(np.stack([found[control.name] for control in economy.controls], axis=1))
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
