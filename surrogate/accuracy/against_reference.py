"""How far a policy is from the classical solution, at calibrations and states drawn at random.

Works for any economy with a classical solution in its entry: parameters uniform on the box or on the
certified region, states uniform on their box or drawn from the policy's ergodic set.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from surrogate import economies
from surrogate.accuracy.euler import accepted_parameters, ergodic_states
from surrogate.card import expanded_names
from surrogate.comparison.policies import by_name
from surrogate.errors import UnknownName
from surrogate.models.interface import Control, Model
from surrogate.models.registry import entry_of
from surrogate.policy import PolicyNetwork
from surrogate.region import Region
from surrogate.training.existence import has_equilibrium
from surrogate.training.sampling import draw_states

Array = NDArray[np.float64]
SEED = 20_220_202
"""Of the test points: far from any training seed."""


def against_reference(
    policy: PolicyNetwork,
    calibrations: int = 100,
    states: int = 100,
    region: Region | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Differences from the classical solution, a row for each law (box, ergodic) and control.

    A control that cannot be negative is judged by its relative difference, any other by its difference as a
    share of the reference's root mean square. Columns: `mean`, `p99` and `max` of that, and `rms`, the root
    mean square of the difference as a share of the reference's, over all points.

    Args:
        policy: a network, or an `ArtifactPolicy`, whose `model` has a classical solution.
        calibrations: parameter vectors that have an equilibrium; the economy is solved classically at each.
        states: states of each law at each calibration.
        region: the certified part of the box; None for all of it.

    Raises:
        UnknownName: if the economy has no classical solution.
        BadData: if a state lies outside the grid of the classical solution.
    """
    model, generator = policy.model, torch.Generator().manual_seed(seed)
    parameters = accepted_parameters(
        model, calibrations, generator, lambda theta: _inside(region, theta) & _exists(model, theta)
    )
    rows = parameters.repeat_interleave(states, dim=0)
    laws = {
        "box": draw_states(model, rows, generator),
        "ergodic": ergodic_states(policy, rows, generator),
    }
    exact = reference_controls(model, parameters, torch.stack(list(laws.values())))
    figures = {}
    for (law, points), reference in zip(laws.items(), exact, strict=True):
        with torch.no_grad():
            found = policy(points, rows).numpy()
        columns = zip(expanded_names(model.controls), _positive(model), found.T, reference.T, strict=True)
        figures |= {(law, name): _figures(x, y, positive) for name, positive, x, y in columns}
    return pd.DataFrame(figures).T.rename_axis(["law", "control"])


def reference_controls(model: Model, parameters: Tensor, states: Tensor) -> Array:
    """Classical controls [..., n, n_controls] at `states` [..., n, n_states]; calibration j of `parameters`
    [w, n_parameters] serves rows j n/w to (j+1) n/w - 1.
    """
    names = [each.name for each in model.parameters]
    leading, share = states.shape[:-2], states.shape[-2] // len(parameters)
    blocks = zip(parameters.tolist(), states.split(share, dim=-2), strict=True)
    parts = [
        _solved(model, dict(zip(names, theta, strict=True)), block.reshape(-1, block.shape[-1]).numpy())
        for theta, block in blocks
    ]
    return np.concatenate([part.reshape(*leading, share, -1) for part in parts], axis=-2)


def _solved(model: Model, parameters: dict[str, float], states: Array) -> Array:
    """Classical controls [n, n_controls] at one calibration."""
    economy = entry_of(model)
    if economy is None or economy.classical is None:
        raise UnknownName(
            f"{model.name!r} has no classical solution here; there is one of: "
            f"{', '.join(economies.with_classical_solution())}."
        )
    controls = economy.solve(parameters).controls(by_name(states, model.states))
    return np.concatenate([controls[c.name].reshape(len(states), c.size) for c in model.controls], axis=1)


def _inside(region: Region | None, parameters: Tensor) -> Tensor:
    if region is None:
        return torch.ones(len(parameters), dtype=torch.bool)
    return torch.from_numpy(region.contains(parameters.numpy()))


def _exists(model: Model, parameters: Tensor) -> Tensor:
    """Where the classical method has a solution to compare with, as far as that is known beforehand."""
    return torch.from_numpy(has_equilibrium(model, parameters.numpy()))


def _positive(model: Model) -> list[bool]:
    """Whether each column of controls cannot be negative."""
    return [_cannot_be_negative(control) for control in model.controls for _ in range(control.size)]


def _cannot_be_negative(control: Control) -> bool:
    return not isinstance(control.lower, str) and control.lower >= 0


def _figures(found: Array, exact: Array, positive: bool) -> dict[str, float]:
    difference, size = np.abs(found - exact), np.sqrt(np.mean(exact**2))
    share = difference / (exact if positive else size)
    return {
        "mean": float(share.mean()),
        "p99": float(np.quantile(share, 0.99)),
        "max": float(share.max()),
        "rms": float(np.sqrt(np.mean(difference**2)) / size),
    }
