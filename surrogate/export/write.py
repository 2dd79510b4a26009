"""Write the folder that is a surrogate, and see that ONNX Runtime says what the training framework says."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ..accuracy import Certificate, certify
from ..accuracy.errors import ArtifactPolicy, inside
from ..artifact.card import Card, Variable
from ..artifact.graph import CONTRACTS, POLICY, STEADY_STATE, STEP, Contract, sealed_files
from ..artifact.region import Region
from ..artifact.runtime import Surrogate
from ..artifact.validation import POINTS, movement_at_rest, objection
from ..catalogue import load
from ..errors import BadConfiguration, NotSolved, SurrogateError
from ..house.files import atomic_folder, require_replaceable
from ..models.interface import Model
from ..models.registry import installed_name
from ..policy import PolicyNetwork
from ..training import Settings, load_policy
from ..training.bank import Bank
from ..training.checkpoint import require_solved, settings_of
from ..training.run import describe
from ..training.sampling import draw_corners, draw_parameters, draw_states
from ..training.settings import nodes_of_test
from ..training.watching import WATCHED, watch
from .graphs import (
    PREPARED,
    PolicyGraph,
    PreparedGraph,
    SteadyStateGraph,
    StepGraph,
    serialised,
    to_onnx,
    with_prepared,
)

TIMING = (
    "a state dated t is known when the control dated t is chosen; step maps states and controls dated t and "
    "shocks dated t+1 to states, controls and observables dated t+1"
)
PARITY_POINTS = 1_000
CORNERS = 64
BATCH_SIZES = (1, 2, 1_000)
OUTPUTS = ("controls", "next_states", "next_controls", "next_observables")
TOLERANCE = 1e-5
"""Largest difference that float32 may make, relative to one plus the absolute value."""
ROUNDING = 3.0
"""Or so many times what torch itself loses in float32: a growth rate is in percent, a difference such as
investment loses digits where it is small, so does the mass of households at a node that others come close to,
and in consumption at 160 nodes some digit is always the last.
"""


def export(checkpoint: str | Path, folder: str | Path, model: Model | str | None = None) -> Path:
    """Certify the policy of a checkpoint and write it with its card; the folder appears whole or not at all.

    `model` is the economy, or its name or Python file; only one that ships can do without.

    Raises:
        BrokenArtifact: if the checkpoint cannot be read.
        BadConfiguration: if the economy is the user's own and `model` is missing.
        Changed: if the economy is another one, or has changed since.
        NotSolved: if the run did not find a solution, or the certificate does not bear it out.
        WriteFailed: if the folder cannot be written or holds other files, before anything is certified.
        SurrogateError: if ONNX Runtime and the network disagree.
    """
    require_replaceable(folder, [contract.file for contract in CONTRACTS])
    policy, content = load_policy(Path(checkpoint), model)
    require_solved(content, Path(checkpoint))
    if (kind := settings_of(content).distribution) != "histogram":
        raise BadConfiguration(
            f"{checkpoint} is solved at one calibration, with distribution={kind}: train with a histogram "
            "for a surrogate."
        )
    graphs = graphs_of(policy)
    with atomic_folder(folder) as temporary:
        write_all(graphs, make_card(policy, content, Certificate({}, None), {}), temporary)
        certificate = _certify_files(temporary, policy, settings_of(content))
        certificate.accuracy.update(_bank(policy, content))
        if reason := objection(certificate.accuracy):
            raise NotSolved(f"{checkpoint} holds no solution: {reason}; train longer or narrow the box")
        differences = parity(policy, temporary, certificate.region)
        write_all(graphs, make_card(policy, content, certificate, differences), temporary)
    return Path(folder)


def make_card(
    policy: PolicyNetwork, content: dict[str, Any], certificate: Certificate, found: dict[str, Any]
) -> Card:
    """The card of a policy trained as the checkpoint `content` says."""
    training = {
        "method": describe(settings_of(content)),
        "seed": content["settings"]["seed"],
        "seconds": round(content["state"]["seconds"], 1),
        "device": content["settings"]["device"],
        "settings": content["settings"],
    }
    return card_of(policy.model, training, certificate, found)


def card_of(model: Model, training: dict[str, Any], certificate: Certificate, found: dict[str, Any]) -> Card:
    """The card of an economy that was solved as `training` says."""
    return Card(
        model=model.name,
        model_version=model.version,
        description=model.description,
        states=tuple(model.states),
        controls=tuple(Variable(c.name, c.description, c.unit, c.size) for c in model.controls),
        shocks=tuple(Variable(e.name, e.description, e.unit, e.size) for e in model.shocks),
        observables=tuple(model.observables),
        parameters=tuple(model.parameters),
        timing=TIMING,
        dtype="float32",
        training={**training, "shipped": installed_name(model) is not None},
        accuracy=certificate.accuracy,
        parity=found,
        feasible=tuple(model.feasible),
        region=None if certificate.region is None else certificate.region.to_dict(),
    )


def parity(policy: PolicyNetwork, folder: Path, region: Region | None) -> dict[str, Any]:
    """Compare an exported folder with the network at random points, at corners of the box and in several
    batch sizes.

    Raises:
        SurrogateError: if they differ by more than float32 explains.
    """
    runtime = load(folder)
    generator = torch.Generator().manual_seed(0)
    parameters = test_parameters(policy.model, region, generator)
    states = draw_states(policy.model, parameters, generator)
    shocks = torch.randn(len(states), runtime.n_shocks, generator=generator, dtype=torch.float64)
    by_size = [_compare(policy, runtime, states, shocks, parameters, size) for size in BATCH_SIZES]
    worst = {name: max(differences[name] for differences in by_size) for name in OUTPUTS}
    rounding = _differences(
        *(_expected(p, states, shocks, parameters) for p in (deepcopy(policy).float(), policy))
    )
    tolerances = {name: max(TOLERANCE, ROUNDING * rounding[name]) for name in OUTPUTS}
    if not all(worst[name] < tolerances[name] for name in OUTPUTS):
        raise SurrogateError(
            f"ONNX Runtime and torch differ by {worst}: report this, with the checkpoint, as a bug"
        )
    return {"points": len(states), "batch_sizes": list(BATCH_SIZES), "max_relative_difference": worst}


def test_parameters(model: Model, region: Region | None, generator: torch.Generator) -> Tensor:
    """Uniform draws from the box, and those of its corners that belong to the region."""
    corners = draw_corners(model, 4096, generator)
    drawn = draw_parameters(model, 4 * PARITY_POINTS, generator)
    corners, drawn = (rows[inside(region, rows)] for rows in (corners, drawn))
    return torch.cat([drawn[:PARITY_POINTS], corners[:CORNERS]])


def _certify_files(folder: Path, policy: PolicyNetwork, settings: Settings) -> Certificate:
    """The certificate of what ONNX Runtime makes of the files: float32 may be coarser than the network."""
    artifact, model = load(folder), policy.model
    files = ArtifactPolicy(artifact, model, policy if model.beforehand() else None)
    certificate = certify(cast(PolicyNetwork, files), nodes_of_test(model, settings))
    places = (min(POINTS, certificate.accuracy["test_points"]), artifact.n_parameters)
    theta = np.random.default_rng(0).uniform(artifact.lower, artifact.upper, places)
    if certificate.region is not None:
        theta = theta[certificate.region.contains(theta)]
    accuracy = {**certificate.accuracy, "rest": movement_at_rest(artifact, theta)}
    return replace(certificate, accuracy=accuracy)


def _bank(policy: PolicyNetwork, content: dict[str, Any]) -> dict[str, Any]:
    """Where the economies of a population's bank go when they are followed: had their distributions not
    settled, the network would have been trained on others than there are. Nothing for other economies.
    """
    if policy.model.solved_by != "population":
        return {}
    states, parameters = content["state"]["population"]
    bank = Bank(policy.model, parameters, torch.Generator())
    bank.states = states
    found = watch(bank, policy, content["settings"]["seed"] + 1)
    moves = {name: by_spread for name, (by_spread, _) in found.moves.items()}
    return {
        "bank": {
            "economies": len(states),
            "periods": WATCHED,
            "leave": found.leave,
            "at_the_end": found.at_the_end,
            "moves": moves,
        }
    }


def graphs_of(policy: PolicyNetwork) -> dict[Contract, bytes]:
    """The three graphs of an economy under its policy, serialised, without metadata.

    What is known of parameters beforehand, such as a first-order solution, goes through the exporter once.
    """
    model = policy.model
    widths = {
        name: sum(variable.size for variable in getattr(model, name))
        for name in ("states", "controls", "shocks", "parameters")
    }
    known = sum(column.size for column in model.beforehand())
    prepared = to_onnx(PreparedGraph(model), PREPARED, [widths["parameters"]]) if known else None
    widths["parameters"] += known
    modules = {POLICY: PolicyGraph(policy), STEP: StepGraph(policy), STEADY_STATE: SteadyStateGraph(policy)}
    graphs = {}
    for contract, module in modules.items():
        graph = to_onnx(module, contract, [widths[name] for name in contract.inputs])
        graphs[contract] = serialised(graph if prepared is None else with_prepared(prepared, graph))
    return graphs


def write_all(graphs: dict[Contract, bytes], card: Card, folder: Path) -> None:
    """Put them into a folder, each with the card."""
    for file, content in sealed_files(graphs, card).items():
        (folder / file).write_bytes(content)


def _compare(
    policy: PolicyNetwork, runtime: Surrogate, states: Tensor, shocks: Tensor, parameters: Tensor, size: int
) -> dict[str, float]:
    """Largest relative differences by output, calling ONNX Runtime `size` rows at a time (a thousand rows
    at the most).
    """
    count = len(states) if size > 2 else 50 * size
    s, e, p = states[:count], shocks[:count], parameters[:count]
    expected = _expected(policy, s, e, p)
    arrays = [t.numpy() for t in (s, expected[0], e, p)]
    parts = []
    for start in range(0, count, size):
        s, x, e, p = (array[start : start + size] for array in arrays)
        parts.append([runtime.policy(s, p, check=False), *runtime.step(s, x, e, p, check=False)])
    return _differences([np.concatenate(column) for column in zip(*parts, strict=True)], expected)


@torch.no_grad()
def _expected(policy: PolicyNetwork, states: Tensor, shocks: Tensor, parameters: Tensor) -> list[Tensor]:
    """What torch says, by `OUTPUTS`, in the precision of the policy's weights."""
    precision = next(policy.parameters()).dtype
    s, e, p = (t.to(precision) for t in (states, shocks, parameters))
    x = policy(s, p)
    return [x, *(t.squeeze(1) for t in StepGraph(policy)(*(t.unsqueeze(1) for t in (s, x, e, p))))]


def _differences(found: Sequence[Tensor | np.ndarray], expected: Sequence[Tensor]) -> dict[str, float]:
    """Largest differences by output, relative to one plus the absolute value; what is undefined in both
    agrees.
    """
    differences = {}
    for name, x, y in zip(OUTPUTS, map(np.asarray, found), map(np.asarray, expected), strict=True):
        undefined = np.isnan(x) & np.isnan(y)
        differences[name] = float(np.max(np.where(undefined, 0.0, np.abs(x - y) / (1 + np.abs(y)))))
    return differences
