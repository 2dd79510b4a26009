"""Test the ONNX files themselves against the equations of the economy, whoever trained them."""

from __future__ import annotations

from math import nan
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from surrogate.accuracy.euler import constrained_states, ergodic_states, euler_errors, in_closed_form, summary
from surrogate.card import Card, Variable, expanded_names
from surrogate.errors import BrokenArtifact, Changed
from surrogate.models.interface import Model, Parameters
from surrogate.policy import PolicyNetwork
from surrogate.runtime import Surrogate
from surrogate.training import Settings, recipe
from surrogate.training.methods import formulation
from surrogate.training.sampling import draw_states
from surrogate.validation import Check, draw_parameters

POINTS = 2_000
SLACK = {"mean": 0.1, "p99": 0.3}
"""By how much log10 errors at other test points may exceed those of the card, for sampling error."""


class ArtifactPolicy:
    """policy.onnx in the place of the network that it was exported from."""

    def __init__(self, artifact: Surrogate, model: Model) -> None:
        self.artifact, self.model = artifact, model

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] at `states` [..., n_states] and `parameters` [..., n_parameters]."""
        if isinstance(parameters, Parameters):
            parameters = parameters.vector
        leading = torch.broadcast_shapes(states.shape[:-1], parameters.shape[:-1])
        rows = [
            t.expand(*leading, t.shape[-1]).reshape(-1, t.shape[-1]).numpy() for t in (states, parameters)
        ]
        controls = torch.from_numpy(self.artifact.policy(*rows, check=False)).to(states.dtype)
        return controls.reshape(*leading, -1)


class Measurement(NamedTuple):
    """log10 Euler errors [n, n_equations] by the laws of the card, without states in closed form, and the
    equations.
    """

    equations: tuple[Variable, ...]
    errors: dict[str, Tensor]


def measure(artifact: Surrogate, model: Model, seed: int = 0, points: int = POINTS) -> Measurement:
    """Euler errors of the ONNX files at `points` fresh parameter vectors of the certified region.

    Raises:
        Changed: if the card describes another version of the economy.
    """
    card = artifact.card
    if (card.model, card.model_version) != (model.name, model.version):
        raise Changed(
            f"The artifact is of {card.model} version {card.model_version}, the economy here is {model.name} "
            f"version {model.version}: export the artifact again."
        )
    model = formulation(model, _settings(card))
    policy = cast(PolicyNetwork, ArtifactPolicy(artifact, model))
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.from_numpy(draw_parameters(artifact, points, np.random.default_rng(seed)))
    states = {
        "box": draw_states(model, parameters, generator),
        "ergodic": ergodic_states(policy, parameters, generator),
    }
    nodes = recipe(model).test_nodes
    errors = {
        law: euler_errors(policy, s, parameters, nodes)[~in_closed_form(policy, s, parameters)]
        for law, s in states.items()
    }
    if "constrained" in card.accuracy:
        errors["constrained"] = euler_errors(
            policy, *constrained_states(policy, parameters, generator), nodes
        )
    return Measurement(tuple(model.equations), errors)


def _settings(card: Card) -> Settings:
    """Settings of the training; raises BrokenArtifact if the card's are none."""
    try:
        return Settings(**card.training.get("settings", {}))
    except (TypeError, ValueError) as error:
        raise BrokenArtifact(f"The card's training has settings that cannot be used ({error}).") from None


def check_accuracy(card: Card, measured: Measurement) -> list[Check]:
    """Hold what was measured to the certificate in the card."""
    names = list(expanded_names(measured.equations))
    return [
        _compare(law, equation, found, card.accuracy.get(law, {}).get(equation, {}))
        for law, errors in measured.errors.items()
        for equation, found in summary(errors, names).items()
    ]


def _compare(law: str, equation: str, found: dict[str, float], claimed: dict[str, Any]) -> Check:
    passed = all(found[name] <= claimed.get(name, nan) + slack for name, slack in SLACK.items())
    figures = ", ".join(f"{name} {found[name]:.2f} (card {claimed.get(name, nan):.2f})" for name in SLACK)
    return Check(f"Euler errors: {equation}, {law}", passed, figures)
