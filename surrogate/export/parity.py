"""Whether ONNX Runtime in float32 says what the training framework says in float64."""

from __future__ import annotations

import copy
from collections.abc import Sequence
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
from surrogate.training.sampling import draw_corners, draw_parameters, draw_states

POINTS = 1_000
CORNERS = 64
BATCH_SIZES = (1, 2, 1_000)
OUTPUTS = ("controls", "next_states", "next_controls", "next_observables")
TOLERANCE = 1e-5
"""Largest difference that float32 may make, relative to one plus the absolute value."""
ROUNDING = 3.0
"""Observables may differ by so many times what torch itself loses in float32: a growth rate is in percent,
and a difference such as investment loses digits where it is small.
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
    worst = {name: max(difference[name] for difference in found) for name in OUTPUTS}
    rounding = _differences(
        *(_expected(p, states, shocks, parameters) for p in (_in_float32(policy), policy))
    )
    tolerances = dict.fromkeys(OUTPUTS, TOLERANCE)
    tolerances["next_observables"] = max(TOLERANCE, ROUNDING * rounding["next_observables"])
    if not all(worst[name] < tolerances[name] for name in OUTPUTS):
        raise SurrogateError(
            f"ONNX Runtime and torch differ by {worst}: report this, with the checkpoint, as a bug"
        )
    return {"points": len(states), "batch_sizes": list(BATCH_SIZES), "max_relative_difference": worst}


def test_parameters(model: Model, region: Region | None, generator: torch.Generator) -> Tensor:
    """Uniform draws from the box, and those of its corners that belong to the region."""
    corners = draw_corners(model, 4096, generator)
    drawn = draw_parameters(model, 4 * POINTS, generator)
    if region is not None:
        corners, drawn = (rows[torch.from_numpy(region.contains(rows.numpy()))] for rows in (corners, drawn))
    return torch.cat([drawn[:POINTS], corners[:CORNERS]])


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
    parts = [_outputs(runtime, *(a[i : i + size] for a in arrays)) for i in range(0, count, size)]
    return _differences([np.concatenate(column) for column in zip(*parts, strict=True)], expected)


@torch.no_grad()
def _expected(policy: PolicyNetwork, states: Tensor, shocks: Tensor, parameters: Tensor) -> list[Tensor]:
    """What torch says, by `OUTPUTS`, in the precision of the policy's weights."""
    precision = next(policy.parameters()).dtype
    s, e, p = (t.to(precision) for t in (states, shocks, parameters))
    x = policy(s, p)
    return [x, *(t.squeeze(1) for t in StepGraph(policy)(*(t.unsqueeze(1) for t in (s, x, e, p))))]


def _in_float32(policy: PolicyNetwork) -> PolicyNetwork:
    return copy.deepcopy(policy).float()


def _differences(found: Sequence[Tensor | np.ndarray], expected: Sequence[Tensor]) -> dict[str, float]:
    pairs = zip(OUTPUTS, found, expected, strict=True)
    return {name: _relative(np.asarray(f), np.asarray(t)) for name, f, t in pairs}


def _outputs(
    runtime: Surrogate, s: np.ndarray, x: np.ndarray, e: np.ndarray, p: np.ndarray
) -> list[np.ndarray]:
    step = runtime.step(s, x, e, p, check=False)
    return [runtime.policy(s, p, check=False), step.next_states, step.next_controls, step.next_observables]


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference relative to one plus the absolute value; what is undefined in both agrees."""
    undefined = np.isnan(found) & np.isnan(expected)
    return float(np.max(np.where(undefined, 0.0, np.abs(found - expected) / (1 + np.abs(expected)))))
