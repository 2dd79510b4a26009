"""From the artifact of an economy of many households to one of few states that stands for it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..accuracy import Certificate
from ..artifact import reduction
from ..artifact.graph import CONTRACTS
from ..artifact.runtime import Surrogate
from ..artifact.validation import POINTS, draw_parameters, movement_at_rest, objection
from ..catalogue import load
from ..errors import Changed, NotSolved
from ..house.files import atomic_folder, require_replaceable
from ..models.reduced import Reduced
from ..policy import PolicyNetwork
from ..training import load_policy
from ..training.reduction import ReductionSettings, fit, require_full, require_whole
from .graphs import SteadyStateGraph
from .write import card_of, graphs_of, parity, write_all

SAME = 1e-3
"""Relative difference at rest up to which an artifact and a network are the same: float32 makes 1e-6, another
training run .01 somewhere.
"""
LAW = "parameters uniform; the same shocks for both, each from its own steady state"


def reduce(
    model: Reduced,
    full: str | Path,
    folder: str | Path,
    settings: ReductionSettings | None = None,
    checkpoint: str | Path | None = None,
) -> Path:
    """Fit a reduced economy to the artifact `full`, a folder or a name, measure how far it is from it, and
    write it with its card; the folder appears whole or not at all. `checkpoint` is what the artifact was
    exported from, where the reduced economy keeps choices of its network.

    Raises:
        BadConfiguration: if the checkpoint is needed and not given, or given and not needed.
        BrokenArtifact, UnknownName: if there is no such artifact or checkpoint.
        Changed: if it is of another economy than the one that `model` stands for, or the checkpoint is not
            the artifact's.
        NotSolved: if the full economy does not stay finite, or the reduced one is far from it.
        WriteFailed: if the folder cannot be written or holds other files, before anything is simulated.
        SurrogateError: if ONNX Runtime and the network disagree.
    """
    require_replaceable(folder, [contract.file for contract in CONTRACTS])
    source, settings = load(full), settings or ReductionSettings()
    require_full(model, source)
    require_whole(model, checkpoint is not None)
    policy, seconds = fit(model, source, settings, _network(model, source, checkpoint))
    graphs, training = graphs_of(policy), _training(source, settings, seconds)
    with atomic_folder(folder) as temporary:
        write_all(graphs, card_of(model, training, Certificate({}, source.region), {}), temporary)
        certificate = Certificate(_beside(load(temporary), source), source.region)
        if reason := objection(certificate.accuracy):
            raise NotSolved(f"{model.name} does not stand for {source.folder}: {reason}")
        differences = parity(policy, temporary, source.region)
        write_all(graphs, card_of(model, training, certificate, differences), temporary)
    return Path(folder)


def _network(model: Reduced, source: Surrogate, checkpoint: str | Path | None) -> PolicyNetwork | None:
    """The network of a checkpoint, if it says what the artifact says at rest; nothing without one."""
    if checkpoint is None:
        return None
    policy, _ = load_policy(Path(checkpoint), model.full())
    theta = draw_parameters(source, POINTS, np.random.default_rng(0))
    with torch.no_grad():
        _, controls = SteadyStateGraph(policy)(torch.from_numpy(theta))
    gap = np.abs(source.steady_state(theta).controls - controls.numpy())
    if not (gap <= SAME * (1 + np.abs(controls.numpy()))).all():
        raise Changed(f"{checkpoint} is not what {source.folder} was exported from: give that one.")
    return policy


def _training(source: Surrogate, settings: ReductionSettings, seconds: float) -> dict[str, Any]:
    return {
        "method": f"choices in simulations of {source.card.model}, Levenberg-Marquardt",
        "seed": settings.seed,
        "seconds": round(seconds, 1),
        "device": "cpu",
        "settings": asdict(settings),
        "source": reduction.source_of(source),
    }


def _beside(reduced: Surrogate, full: Surrogate) -> dict[str, Any]:
    """What the card says of its accuracy: of the files, beside those of the full economy."""
    theta = np.random.default_rng(0).uniform(reduced.lower, reduced.upper, (POINTS, reduced.n_parameters))
    return {
        "reduction": reduction.differences(reduced, full),
        "test_points": reduction.ECONOMIES,
        "periods": reduction.PERIODS,
        "burn_in": reduction.BURN_IN,
        "law": LAW,
        "share_of_box": full.card.accuracy.get("share_of_box", 1.0),
        "rest": movement_at_rest(reduced, theta[reduced.inside(theta)]),
    }
