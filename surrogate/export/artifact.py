"""Write the folder that is a surrogate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from surrogate.acceptance import objection
from surrogate.accuracy import Certificate, certify
from surrogate.accuracy.artifact import ArtifactPolicy
from surrogate.card import Card, Variable
from surrogate.errors import NotSolved
from surrogate.export.graphs import PolicyGraph, SteadyStateGraph, StepGraph
from surrogate.export.onnx_file import serialised, to_onnx
from surrogate.export.parity import parity
from surrogate.files import atomic_folder, require_replaceable
from surrogate.graph import CONTRACTS, POLICY, STEADY_STATE, STEP, Contract, sealed_files
from surrogate.models.interface import Model
from surrogate.models.registry import installed_name
from surrogate.policy import PolicyNetwork
from surrogate.runtime import load
from surrogate.training import load_policy, recipe
from surrogate.training.checkpoint import require_solved, settings_of
from surrogate.training.methods import describe
from surrogate.validation import POINTS, movement_at_rest

TIMING = (
    "a state dated t is known when the control dated t is chosen; step maps states and controls dated t and "
    "shocks dated t+1 to states, controls and observables dated t+1"
)


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
    graphs = _graphs(policy)
    with atomic_folder(folder) as temporary:
        _write_all(graphs, make_card(policy, content, Certificate({}, None), {}), temporary)
        certificate = _certify_files(temporary, policy.model)
        if told := objection(certificate.accuracy):
            raise NotSolved(f"{checkpoint} holds no solution: {told}; train longer or narrow the box")
        found = parity(policy, temporary, certificate.region)
        _write_all(graphs, make_card(policy, content, certificate, found), temporary)
    return Path(folder)


def _certify_files(folder: Path, model: Model) -> Certificate:
    """The certificate of what ONNX Runtime makes of the files: float32 may be coarser than the network."""
    artifact = load(folder)
    policy = cast(PolicyNetwork, ArtifactPolicy(artifact, model))
    certificate = certify(policy, recipe(model).test_nodes)
    theta = np.random.default_rng(0).uniform(artifact.lower, artifact.upper, (POINTS, artifact.n_parameters))
    if certificate.region is not None:
        theta = theta[certificate.region.contains(theta)]
    accuracy = {**certificate.accuracy, "rest": movement_at_rest(artifact, theta)}
    return replace(certificate, accuracy=accuracy)


def make_card(
    policy: PolicyNetwork, content: dict[str, Any], certificate: Certificate, found: dict[str, Any]
) -> Card:
    """The card of a policy trained as the checkpoint `content` says."""
    model, state = policy.model, content["state"]
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
        training={
            "method": describe(settings_of(content)),
            "seed": content["settings"]["seed"],
            "seconds": round(state["seconds"], 1),
            "device": content["settings"]["device"],
            "settings": content["settings"],
            "shipped": installed_name(model) is not None,
        },
        accuracy=certificate.accuracy,
        parity=found,
        region=None if certificate.region is None else certificate.region.to_dict(),
    )


def _graphs(policy: PolicyNetwork) -> dict[Contract, bytes]:
    model = policy.model
    widths = {
        name: sum(variable.size for variable in getattr(model, name))
        for name in ("states", "controls", "shocks", "parameters")
    }
    modules = {POLICY: PolicyGraph(policy), STEP: StepGraph(policy), STEADY_STATE: SteadyStateGraph(policy)}
    return {
        contract: serialised(to_onnx(m, contract, [widths[n] for n in contract.inputs]))
        for contract, m in modules.items()
    }


def _write_all(graphs: dict[Contract, bytes], card: Card, folder: Path) -> None:
    for file, content in sealed_files(graphs, card).items():
        (folder / file).write_bytes(content)
