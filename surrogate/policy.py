"""The policy network: from states and parameters to feasible controls."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from .generations_policy import GenerationsPolicy
from .models.interface import Control, Model, Parameters, Period, Regime, Values, pack, unpack
from .models.population import Population
from .models.variables import stack

FEATURE_DRAWS = 10_000
"""Draws of parameters from which the spread of the features is known."""


class PolicyNetwork(nn.Module):
    """x = anchor(s, theta) moved by a small tanh network of the model's coordinates and the parameters.

    Normalisation lives inside, so callers pass natural units. A trunk sees only the parameters: from them it
    stretches the inputs, shifts the first layer and scales the outputs, because the size of what linear
    theory misses varies over the box by orders of magnitude. With one parameter row for many states the trunk
    runs once and is broadcast. In an economy with constraints the network has one set of outputs for each
    regime, all smooth; the kinks are where the model says that a constraint binds.
    """

    def __init__(self, model: Model, hidden: Sequence[int] = (24, 24), trunk: int = 24) -> None:
        super().__init__()
        self.model = model
        centre, scale = _spread_of_features(model)
        self.inputs = model.inputs or model.states
        (n_inputs, n_outputs), n_features = self._columns(), len(centre)
        self.sizes = [n_inputs, n_outputs, hidden[0]]
        self.layers = nn.ModuleList()
        self.trunk = nn.Linear(n_features, trunk, dtype=torch.float64)
        self.from_trunk = nn.Linear(trunk, sum(self.sizes), dtype=torch.float64)
        self.from_states = nn.Linear(n_inputs, hidden[0], bias=False, dtype=torch.float64)
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)
        self.layers.extend(nn.Linear(a, b, dtype=torch.float64) for a, b in pairwise([*hidden, n_outputs]))
        self._start_at_anchor(self.from_trunk, self.layers[-1])

    @staticmethod
    def moved(model: Model) -> Sequence[Control]:
        """Controls that the network moves in each regime."""
        return model.controls

    def _columns(self) -> tuple[int, int]:
        """Of inputs and of outputs."""
        controls = sum(control.size for control in self.moved(self.model))
        return sum(v.size for v in self.inputs), controls * len(self.model.regimes())

    @torch.no_grad()
    def _start_at_anchor(self, trunk: nn.Linear, last: nn.Module) -> None:
        """Small output weights, and a trunk that at first neither stretches nor scales by much."""
        before_shift = sum(self.sizes[:2])
        for tensor, factor in zip(last.parameters(), (0.01, 0.0), strict=True):
            tensor.mul_(factor)
        for tensor, factor in ((trunk.weight, 0.1), (trunk.bias, 0.0)):
            tensor[:before_shift].mul_(factor)

    def forward(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] at states [..., n_states] and parameters [..., n_parameters], which may
        have their names already.
        """
        p = self.model.name_parameters(parameters)
        return self._settled(states, p, self.candidates(states, p), ())

    def _settled(
        self,
        states: Tensor,
        p: Parameters,
        candidates: Mapping[Regime, Tensor],
        told: Regime,
    ) -> Tensor:
        """Controls where the first constraints are `told` whether they bind: the next one binds where it is
        violated if it is lifted and those after it have settled.

        With one constraint this is the definition. With several it finds the one solution where there is one,
        because lifting a constraint then leaves less room the more it is violated (a P-matrix; Cottle, Pang
        and Stone 2009, chapter 3).
        """
        if told in candidates:
            return candidates[told]
        free, bound = (self._settled(states, p, candidates, (*told, binds)) for binds in (False, True))
        slack = self.slack(states, p, free, (*told, False))[..., len(told)]
        return torch.where(slack[..., None] < 0, bound, free)

    def slack(self, states: Tensor, p: Parameters, x: Tensor, told: Regime) -> Tensor:
        """How far each constraint is from binding [..., k], each element of a group being one, judged at the
        controls `x` [..., n_controls] of those who are `told` so much of the regime.
        """
        return pack(self.model.given(told).period(p, states, x).slack, self.model.constraints)

    def candidates(self, states: Tensor, p: Parameters) -> dict[Regime, Tensor]:
        """Controls [..., n_controls] by regime, of which there is only one without constraints."""
        features = (stack(self.model.characteristics(p)) - self.centre) / self.scale
        outputs = self._moves(self.model.coordinates(self.model.period(p, states), p), features)
        regimes = self.model.regimes()
        parts = outputs.chunk(len(regimes), dim=-1)
        told = [self.model.given(regime) for regime in regimes]
        choices = [
            controls(each, each.period(p, states), p, part) for each, part in zip(told, parts, strict=True)
        ]
        return dict(zip(regimes, choices, strict=True))

    def _moves(self, coordinates: Values, features: Tensor) -> Tensor:
        """Outputs in the order of the controls, those of each regime after another."""
        return self.outputs(pack(coordinates, self.inputs), features)

    def outputs(self, inputs: Tensor, features: Tensor) -> Tensor:
        """Raw network outputs [..., n_outputs] at standardised features: deviations from the anchor in the
        units of the output activation.
        """
        conditions = self.from_trunk(torch.tanh(self.trunk(features)))
        axes = max(inputs.ndim, conditions.ndim)
        stretch, scale, shift = _units_first(conditions, axes).split(self.sizes)
        hidden = _across(self.from_states.weight, _units_first(inputs, axes) * torch.exp(stretch)) + shift
        for layer in cast(list[nn.Linear], list(self.layers)):
            bias = layer.bias.reshape(-1, *[1] * (hidden.ndim - 1))
            hidden = _across(layer.weight, torch.tanh(hidden)) + bias
        return (hidden * torch.exp(scale)).movedim(0, -1)


class SharedPolicyNetwork(PolicyNetwork):
    """One network for units that are alike, such as countries: each sees its own columns and what all share,
    so that the number of weights does not depend on how many there are.
    """

    def _columns(self) -> tuple[int, int]:
        return len(self.inputs), len(self.model.controls)

    def _moves(self, coordinates: Values, features: Tensor) -> Tensor:
        columns = [
            coordinates[each.name] if each.size > 1 else coordinates[each.name][..., None]
            for each in self.inputs
        ]
        of_units = torch.stack(torch.broadcast_tensors(*columns), -1)
        return self.outputs(of_units, features.unsqueeze(-2)).movedim(-1, -2).flatten(-2)


class PopulationPolicy(nn.Module):
    """The households' policy network at every node of their distribution: what all of them choose."""

    model: Population
    household: PolicyNetwork

    def __init__(self, model: Population, hidden: Sequence[int] = (24, 24), trunk: int = 24) -> None:
        super().__init__()
        self.model, self.household = model, PolicyNetwork(model.household, hidden, trunk)

    def forward(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Choices [..., n_controls] of an economy at states [..., n_states] and parameters
        [..., n_parameters].
        """
        p = self.model.name_parameters(parameters)
        now = self.model.period(p, states)
        choices = self.household(now.of_households, p.vector.unsqueeze(-2))
        return choices.movedim(-1, -2).flatten(-2)

    def in_economy(self, model: Population) -> PopulationPolicy:
        """The same households in another economy of them, whose distribution may be held otherwise."""
        other = copy.copy(self)
        other.model = model
        return other

    def candidates(self, states: Tensor, p: Parameters) -> dict[Regime, Tensor]:
        """The choices: an economy of households has no constraints of its own."""
        return {(): self(states, p)}


NETWORKS: dict[str, Callable[..., Any]] = {
    "": PolicyNetwork,
    "population": PopulationPolicy,
    "generations": GenerationsPolicy,
}
"""By the one method that solves an economy of that kind."""


def policy_of(model: Model, hidden: Sequence[int], trunk: int) -> PolicyNetwork:
    """The network that solves an economy, of layers of so many units."""
    if model.units > 1:
        return SharedPolicyNetwork(model, hidden, trunk)
    return NETWORKS[model.solved_by](model, hidden, trunk)


@torch.no_grad()
def _spread_of_features(model: Model) -> tuple[Tensor, Tensor]:
    """Centre and scale [n_features] of the features over the box of parameters."""
    lower, upper = model.parameter_box()
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(FEATURE_DRAWS, len(lower), generator=generator, dtype=torch.float64)
    p = model.name_parameters(lower + (upper - lower) * draws)
    features = stack(model.characteristics(p))
    spread = features.std(0)
    centre = features.mean(0)
    return centre, torch.where(spread > 1e-9 * (1 + centre.abs()), 2 * spread, 1.0)


def _units_first(values: Tensor, axes: int) -> Tensor:
    """[..., k] -> [k, ...] with as many axes as said."""
    return values[(None,) * (axes - values.ndim)].movedim(-1, 0)


def _across(weight: Tensor, rows: Tensor) -> Tensor:
    """weight [m, k] times rows [k, ...]: [m, ...].

    Units come first because adding one number to a row of states is several times faster in ONNX Runtime than
    adding a row of a few numbers to each state.
    """
    return torch.tensordot(weight, rows, dims=1)


def controls(model: Model, now: Period, p: Parameters, outputs: Tensor) -> Tensor:
    """Move the model's anchor by network `outputs` [..., n_controls] within the bounds of each control."""
    anchor = model.anchor(now, p)
    moves = vars(unpack(outputs, model.controls))
    moved = {c.name: _move(c, anchor[c.name], moves[c.name], now) for c in model.controls}
    return pack(moved, model.controls)


def _move(control: Control, anchor: Tensor, move: Tensor, now: Period) -> Tensor:
    lower, upper = (
        getattr(now, limit) if isinstance(limit, str) else limit for limit in (control.lower, control.upper)
    )
    bounded_below, bounded_above = (not (isinstance(b, float) and math.isinf(b)) for b in (lower, upper))
    if bounded_below and bounded_above:
        share = (anchor - lower) / (upper - lower)
        return lower + (upper - lower) * share / (share + (1 - share) * torch.exp(-move))
    if bounded_below:
        return lower + (anchor - lower) * torch.exp(move)
    return upper - (upper - anchor) * torch.exp(-move) if bounded_above else anchor + move
