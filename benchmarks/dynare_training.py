"""How well Dynare files are solved in a few minutes: a network over the import's own ranges of parameters,
for the files of a folder that are named, beside perturbations at the file's calibration.

    python -m benchmarks.dynare_training FOLDER RESULTS NAME [NAME ...]

A NAME may carry settings of its own, `NAME:adam_steps=40`, and then has a row of its own.

Leaves the economy, its checkpoint and the figures of each file in the folder RESULTS, and goes on with the
next; a file whose figures are there is not solved again, so that an interrupted run continues. Prints the
table of all that are there.

Errors are log10 of the worst equation's, mean (99th percentile), on the ergodic set and on the states' box:
at a thousand parameter vectors for the network, and for the first-order solution in logs from which it
starts; and at the file's calibration for perturbations, in the file's own variables, at the states that the
network visits. *From order 3* is how far choices are there from those of that perturbation, on average and in
standard deviations of each choice, the largest of them. Orders 2 and 3 need Octave and Dynare.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from cli.train import changed
from surrogate import training
from surrogate.accuracy.certificate import UNSTABLE
from surrogate.accuracy.errors import ergodic_states, euler_errors
from surrogate.accuracy.perturbation import AtOneCalibration
from surrogate.comparison.perturbation import ORDERS, PerturbationPolicy, own_linear_rule
from surrogate.dynare.importing import Imported
from surrogate.dynare.octave import PerturbationRule, available, rule_of_dynare
from surrogate.errors import NoEquilibrium, SurrogateError
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models.interface import Model, Parameters, pack
from surrogate.models.registry import from_file
from surrogate.policy import PolicyNetwork
from surrogate.training.sampling import draw_parameters, draw_states, share_that_runs_away

from .dynare_files import first_import

POINTS, NODES = 1_000, 5
SECONDS = 300.0
"""Of the processor, the longest that a file is trained."""
ENOUGH, GAIN = -5.2, 1.2
"""Mean log10 error of a training batch at which training ends, if so many digits have been gained."""
SOLVED = {"mean": -4.0, "p99": -3.0}
"""Worst equation's errors on the ergodic set over the box that count as a solution."""
STEPS = 1_000
HEADER = [
    "file",
    "parameters",
    "states, outputs",
    "seconds",
    "batch: start",
    "after 20 steps",
    "network: ergodic",
    "network: box",
    "order 1 in logs: ergodic",
    "at the file: network",
    "order 1",
    "order 2",
    "order 3",
    "from order 3",
    "solved",
]
Policy = PolicyNetwork
Figures = dict[str, Any]


class Start:
    """The first-order solution in free coordinates, in the place of a network."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] of the anchor."""
        p = self.model.name_parameters(parameters)
        return pack(self.model.anchor(self.model.period(p, states), p), self.model.controls)


def solve(path: Path, results: Path, said: str = "") -> Figures:
    """Import and train one file, and what came of it; `said` are settings, `adam_steps=40,steps=100`."""
    imported, options, refused = first_import(path)
    if imported is None:
        return {"file": path.stem, "refused": refused}
    economy, checkpoint = (results / f"{path.stem}{said}.{ending}" for ending in ("py", "pt"))
    economy.write_text(imported.text, encoding="utf-8")
    model = from_file(economy)
    found: Figures = {
        "file": path.stem,
        "options": [*options, *said.split(",")] if said else options,
        "parameters": len(model.parameters),
        "sizes": [len(model.states), len(model.controls)],
    }
    started = time.process_time()
    try:
        history = _train(model, checkpoint, started + SECONDS, _settings(model, said))
    except SurrogateError as error:
        return found | {"seconds": time.process_time() - started, "failure": str(error)}
    found |= {"seconds": time.process_time() - started, "history": history}
    policy, content = training.load_policy(checkpoint, str(economy))
    found["steps"], found["failure"] = content["state"]["step"], content["state"]["failure"]
    return found | _over_the_box(policy) | _at_the_file(policy, imported, path)


def _settings(model: Model, said: str) -> training.Settings:
    """Those of the recipe, but for what is said."""
    settings = replace(training.recipe(model).settings, steps=STEPS)
    return changed(settings, filter(None, said.split(",")))


def _train(
    model: Model, checkpoint: Path, end: float, settings: training.Settings
) -> list[tuple[float, float]]:
    """Train until the errors are small or the time is up; what was saved last is what counts. Errors of
    training batches, and seconds, on the way.
    """
    history: list[tuple[float, float]] = []

    def told(now: training.Progress) -> None:
        history.append((now.log10_error, now.seconds))
        print(f"{model.name}: {now.step} {now.log10_error:.2f} {now.seconds:.0f} s", file=sys.stderr)
        enough = min(ENOUGH, history[0][0] - GAIN)
        if now.step > 0 and (now.log10_error < enough or time.process_time() > end):
            raise KeyboardInterrupt

    try:
        training.train(model, settings, checkpoint, progress=told)
    except KeyboardInterrupt:
        print(f"{model.name}: enough", file=sys.stderr)
    return history


def _over_the_box(policy: Policy) -> Figures:
    """Errors over the whole box, and the share of economies that run away."""
    generator, model = torch.Generator().manual_seed(1), policy.model
    theta = model.prepared(draw_parameters(model, POINTS, generator))
    start = cast(Policy, Start(model))
    visited = ergodic_states(policy, theta, generator)
    return {
        "ergodic": _worst(euler_errors(policy, visited, theta, NODES)),
        "box": _worst(euler_errors(policy, draw_states(model, theta, generator), theta, NODES)),
        "start": _worst(euler_errors(start, ergodic_states(start, theta, generator), theta, NODES)),
        "run_away": share_that_runs_away(policy, visited, theta, generator),
    }


def _at_the_file(policy: Policy, imported: Imported, path: Path) -> Figures:
    """Errors at the file's calibration beside perturbations', at the states that the network visits, and how
    far choices are from the perturbations', in ergodic standard deviations of each; nothing where the ranges
    that the file estimates leave its own values out.
    """
    values = {**imported.calibration.parameters, **imported.calibration.sds}
    if any(each.default != values[text] for text, each in imported.box.ranges.items()):
        return {}
    generator, model = torch.Generator().manual_seed(2), policy.model
    default = model.prepared(model.default_parameters().expand(POINTS, -1))
    visited = ergodic_states(policy, default, generator)
    found: Figures = {"network": _worst(euler_errors(policy, visited, default, NODES))}
    rules = _rules(imported, path)
    chosen = policy(visited, default).detach().numpy()
    for order, rule in enumerate(rules, 1):
        by_rule = PerturbationPolicy(imported, rule)
        at_once = cast(Policy, AtOneCalibration(model, cast(Callable, by_rule)))
        found[f"order {order}"] = _worst(euler_errors(at_once, visited, default, NODES))
        gap = np.abs(by_rule(visited.numpy()) - chosen).mean(0) / chosen.std(0)
        found[f"gap {order}"] = float(gap.max())
    return found


def _rules(imported: Imported, path: Path) -> list[PerturbationRule]:
    """Perturbations of order 1, 2 and so on, as far as Dynare is there and finds them."""
    rules = [own_linear_rule(imported)]
    if available():
        with suppress(NoEquilibrium):
            for order in ORDERS:
                rules.append(rule_of_dynare(path, order, imported.calibration.covariances))
    return rules


def _worst(errors: Tensor) -> dict[str, float]:
    """The worst equation's mean and 99th percentile."""
    return {"mean": float(errors.mean(0).max()), "p99": float(errors.quantile(0.99, dim=0).max())}


def is_solved(found: Figures) -> bool:
    """Whether training says so, no more economies run away than a certificate allows, and errors on the
    ergodic set are small enough.
    """
    return "ergodic" in found and not objection(found)


def objection(found: Figures) -> str:
    """Why a file that was trained does not count as solved, empty if it does."""
    if found["failure"]:
        return found["failure"]
    if any(found["ergodic"][name] > most for name, most in SOLVED.items()):
        return "errors are too large"
    share = found["run_away"]
    return f"errors are small enough, but {share:.1%} of the economies run away" if share > UNSTABLE else ""


def row(found: Figures) -> list[str]:
    """One line of the table."""
    if "refused" in found:
        return [found["file"], *["-"] * (len(HEADER) - 2), f"refused: {found['refused']}"]
    options = f" ({', '.join(found['options'])})" if found["options"] else ""
    states, outputs = found["sizes"]
    names = ("ergodic", "box", "start", "network", "order 1", "order 2", "order 3")
    said = f"no: {objection(found)}" if objection(found) else "yes"
    return [
        f"{found['file']}{options}",
        str(found["parameters"]),
        f"{states}, {outputs}",
        f"{found['seconds']:.0f}",
        *_first_batches(found.get("history", [])),
        *(_told(found[name]) if name in found else "-" for name in names),
        f"{found['gap 3']:.4f}" if "gap 3" in found else "-",
        said,
    ]


def _first_batches(history: list[tuple[float, float]]) -> list[str]:
    """Mean error of a training batch at the start, and when it was measured next, after twenty steps."""
    return [f"{error:.2f}" for error, _ in history[:2]] + ["-"] * max(0, 2 - len(history))


def _told(errors: dict[str, float]) -> str:
    return f"{errors['mean']:.2f} ({errors['p99']:.2f})"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    folder = Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    for each in sys.argv[3:]:
        name, _, said = each.partition(":")
        kept = folder / f"{name}{said}.json"
        if kept.exists():
            continue
        (file,) = sorted(Path(sys.argv[1]).rglob(f"{name}.mod"))
        figures = solve(file, folder, said)
        with atomic_path(kept) as place:
            place.write_text(json.dumps(figures), encoding="utf-8")
        print(" | ".join(row(figures)), file=sys.stderr, flush=True)
    every = [json.loads(each.read_text(encoding="utf-8")) for each in sorted(folder.glob("*.json"))]
    print(markdown_table(HEADER, map(row, every)))
    print(f"\nSolved: {sum(map(is_solved, every))} of {len(every)}.")
