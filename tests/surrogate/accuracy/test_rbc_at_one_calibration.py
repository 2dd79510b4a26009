"""The calibration at which deep equilibrium nets are usually shown, one point of the box of `rbc`."""

from __future__ import annotations

from typing import cast

import torch

from surrogate import load
from surrogate.accuracy.errors import ArtifactPolicy, ergodic_states, euler_errors
from surrogate.models import get
from surrogate.policy import PolicyNetwork

CALIBRATION = {"alpha": 0.36, "beta": 0.99, "delta": 0.1, "gamma": 1.0, "rho": 0.9, "sigma": 0.04}


def test_euler_errors_on_the_ergodic_set() -> None:
    artifact, model = load("rbc"), get("rbc")
    policy = cast(PolicyNetwork, ArtifactPolicy(artifact, model))
    parameters = torch.from_numpy(artifact.parameter_array(CALIBRATION)).expand(5_000, -1)
    states = ergodic_states(policy, parameters, torch.Generator().manual_seed(0))
    errors = euler_errors(policy, states, parameters, 11)
    assert errors.quantile(0.99) < -4
    assert errors.mean() < -5
