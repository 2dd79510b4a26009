"""How well Dynare files are solved in a few minutes: a network over the import's own ranges of parameters,
for each file of a folder that is named, beside perturbations at the file's calibration.

    python -m benchmarks.dynare_training FOLDER SECONDS NAME [NAME ...]

SECONDS are processor seconds of training. Errors are log10 of the worst equation's, mean (99th percentile),
on the ergodic set and on the states' box: at a thousand parameter vectors for the network, and for the
first-order solution in logs from which it starts; and at the file's calibration for perturbations, in the
file's own variables, at the states that the network visits. Orders 2 and 3 need Octave and Dynare.
"""

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import torch
from torch import Tensor

from surrogate import training
from surrogate.accuracy.errors import ergodic_states, euler_errors
from surrogate.accuracy.perturbation import AtOneCalibration
from surrogate.comparison.perturbation import ORDERS, PerturbationPolicy, own_linear_rule
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.octave import available, rule_of_dynare
from surrogate.errors import SurrogateError
from surrogate.house.figures import markdown_table
from surrogate.models.interface import Model, Parameters, pack
from surrogate.models.registry import from_file
from surrogate.policy import PolicyNetwork
from surrogate.training.sampling import draw_parameters, draw_states

POINTS, NODES = 1_000, 5
SETTINGS = training.Settings(hidden=(24, 24), trunk=16, nodes=3, batch=2048, adam_steps=100, steps=600)
HEADER = [
    "file",
    "parameters",
    "states, outputs",
    "seconds",
    "network: ergodic",
    "network: box",
    "order 1 in logs: ergodic",
    "at the file: network",
    "order 1",
    "order 2",
    "order 3",
]
Policy = PolicyNetwork


class Start:
    """The first-order solution in free coordinates, in the place of a network."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] of the anchor."""
        p = self.model.name_parameters(parameters)
        return pack(self.model.anchor(self.model.period(p, states), p), self.model.controls)


def row(path: Path, seconds: float) -> list[str]:
    """Train one file, and what came of it."""
    imported = _imported(path)
    with TemporaryDirectory() as folder:
        economy, checkpoint = Path(folder) / "economy.py", Path(folder) / "economy.pt"
        economy.write_text(imported.text, encoding="utf-8")
        model = from_file(economy)
        started = time.process_time()
        _train(model, checkpoint, seconds)
        spent = time.process_time() - started
        policy = training.load_policy(checkpoint, str(economy))[0]
    generator = torch.Generator().manual_seed(1)
    theta = draw_parameters(model, POINTS, generator)
    default = model.default_parameters().expand(POINTS, -1)
    start = cast(Policy, Start(model))
    at_the_file = ergodic_states(policy, default, generator)
    orders = [
        _told(euler_errors(each, at_the_file, default, NODES)) for each in _orders(imported, model, path)
    ]
    return [
        f"{path.stem}{' (percent)' if imported.percent else ''}",
        str(len(model.parameters)),
        f"{len(model.states)}, {len(model.controls)}",
        f"{spent:.0f}",
        _told(euler_errors(policy, ergodic_states(policy, theta, generator), theta, NODES)),
        _told(euler_errors(policy, draw_states(model, theta, generator), theta, NODES)),
        _told(euler_errors(start, ergodic_states(start, theta, generator), theta, NODES)),
        _told(euler_errors(policy, at_the_file, default, NODES)),
        *orders,
        *["-"] * (1 + len(ORDERS) - len(orders)),
    ]


def _imported(path: Path) -> Imported:
    try:
        return import_economy(path)
    except SurrogateError as error:
        if "--percent" not in str(error):
            raise
    return import_economy(path, percent=True)


def _train(model: Model, checkpoint: Path, seconds: float) -> None:
    """Train until so many processor seconds are spent; what was saved last is what counts."""
    end = time.process_time() + seconds

    def told(now: training.Progress) -> None:
        if time.process_time() > end:
            raise KeyboardInterrupt

    try:
        training.train(model, SETTINGS, checkpoint, progress=told)
    except KeyboardInterrupt:
        print(f"{model.name}: time is up", file=sys.stderr)


def _orders(imported: Imported, model: Model, path: Path) -> list[Policy]:
    """Perturbations of order 1 and, where Dynare is installed, 2 and 3, in the place of a network."""
    rules = [own_linear_rule(imported)]
    if available():
        rules += [rule_of_dynare(path, order, percent=imported.percent) for order in ORDERS]
    policies: list[Callable] = [PerturbationPolicy(imported, rule) for rule in rules]
    return [cast(Policy, AtOneCalibration(model, policy)) for policy in policies]


def _told(errors: Tensor) -> str:
    """The worst equation's mean (99th percentile)."""
    return f"{float(errors.mean(0).max()):.2f} ({float(errors.quantile(0.99, dim=0).max()):.2f})"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    rows = []
    for name in sys.argv[3:]:
        (file,) = sorted(Path(sys.argv[1]).rglob(f"{name}.mod"))
        try:
            rows.append(row(file, float(sys.argv[2])))
        except SurrogateError as error:
            rows.append([file.stem, *["-"] * (len(HEADER) - 2), f"not solved: {error}"])
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print(markdown_table(HEADER, rows))
