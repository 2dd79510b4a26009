"""Euler errors of a surrogate beside those of perturbations of the same Dynare file, at the states that it
visits at the file's calibration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..artifact.card import expanded_names
from ..comparison.perturbation import SURROGATE, BesideDynare, PerturbationPolicy
from ..models.interface import Model, Parameters
from ..policy import PolicyNetwork
from ..training import recipe
from .errors import ArtifactPolicy, euler_errors, summary

MOST_STATES = 1_000


class AtOneCalibration:
    """A policy by NumPy in the place of a network."""

    def __init__(self, model: Model, controls: Callable[[np.ndarray], np.ndarray]) -> None:
        self.model, self.controls = model, controls

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] at `states` [..., n_states]."""
        found = torch.from_numpy(self.controls(states.reshape(-1, states.shape[-1]).numpy()))
        return found.reshape(*states.shape[:-1], -1)


def errors_beside_dynare(found: BesideDynare, model: Model) -> pd.DataFrame:
    """log10 Euler errors, mean and 99th percentile by equation and solution; `model` is the economy."""
    visited = found.states[:: max(1, len(found.states) // MOST_STATES)]
    states = torch.from_numpy(np.ascontiguousarray(visited))
    parameters = torch.from_numpy(found.parameters).expand(len(states), -1)
    policies = {SURROGATE: cast(PolicyNetwork, ArtifactPolicy(found.surrogate, model))}
    for name, rule in found.rules.items():
        policy = AtOneCalibration(model, PerturbationPolicy(found.imported, rule))
        policies[name] = cast(PolicyNetwork, policy)
    names, nodes = list(expanded_names(model.equations)), recipe(model).test_nodes
    columns = {}
    for name, policy in policies.items():
        figures = summary(euler_errors(policy, states, parameters, nodes), names)
        columns[name] = {
            (equation, s): each[s] for equation, each in figures.items() for s in ("mean", "p99")
        }
    return pd.DataFrame(columns).rename_axis(["equation", "log10 error"])
