"""Whether ONNX Runtime in float32 says what the training framework says in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from surrogate.errors import SurrogateError
from surrogate.export.graphs import StepGraph
from surrogate.models.interface import Model
from surrogate.policy import PolicyNetwork
from surrogate.region import Region
from surrogate.runtime import Surrogate, load
from surrogate.training.sampling import draw_parameters, draw_states

POINTS = 1_000
CORNERS = 64
BATCH_SIZES = (1, 2, 1_000)
TOLERANCES = {"controls": 1e-5, "next_states": 1e-5, "next_controls": 1e-5, "next_observables": 1e-3}
"""Largest difference that float32 may make, relative to one plus the absolute value. Observables get a
hundred times more because growth rates are in percent, and investment, a difference, loses digits.
"""


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
    found = [_compare(policy, runtime, states, shocks, parameters, size) for size in BATCH_SIZES]
    worst = {name: max(difference[name] for difference in found) for name in found[0]}
    if not all(worst[name] < tolerance for name, tolerance in TOLERANCES.items()):
        raise SurrogateError(
            f"ONNX Runtime and torch differ by {worst}: report this, with the checkpoint, as a bug"
        )
    return {"points": len(states), "batch_sizes": list(BATCH_SIZES), "max_relative_difference": worst}


def test_parameters(model: Model, region: Region | None, generator: torch.Generator) -> Tensor:
    """Uniform draws from the box, and those of its corners that belong to the region."""
    lower, upper = model.parameter_box()
    choices = torch.rand(4096, len(lower), generator=generator) < 0.5
    corners = torch.where(choices, lower, upper).unique(dim=0)
    drawn = draw_parameters(model, 4 * POINTS, generator)
    if region is not None:
        corners, drawn = (rows[torch.from_numpy(region.contains(rows.numpy()))] for rows in (corners, drawn))
    return torch.cat([drawn[:POINTS], corners[:CORNERS]])


@torch.no_grad()
def _compare(
    policy: PolicyNetwork, runtime: Surrogate, states: Tensor, shocks: Tensor, parameters: Tensor, size: int
) -> dict[str, float]:
    """Largest relative differences by output, calling ONNX Runtime `size` rows at a time (a thousand rows
    at the most).
    """
    count = len(states) if size > 2 else 50 * size
    s, e, p = states[:count], shocks[:count], parameters[:count]
    x = policy(s, p)
    expected = (x, *(t.squeeze(1) for t in StepGraph(policy)(*(t.unsqueeze(1) for t in (s, x, e, p)))))
    arrays = [t.numpy() for t in (s, x, e, p)]
    parts = [_outputs(runtime, *(a[i : i + size] for a in arrays)) for i in range(0, count, size)]
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return {n: _relative(f, t.numpy()) for n, f, t in zip(TOLERANCES, found, expected, strict=True)}


def _outputs(
    runtime: Surrogate, s: np.ndarray, x: np.ndarray, e: np.ndarray, p: np.ndarray
) -> list[np.ndarray]:
    step = runtime.step(s, x, e, p, check=False)
    return [runtime.policy(s, p, check=False), step.next_states, step.next_controls, step.next_observables]


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected) / (1 + np.abs(expected))))
