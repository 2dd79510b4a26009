"""The policy of an economy of generations: one small network for savers of all ages, and one for the price.

Networks put out coefficients. With f own deviations and aggregates, o and H outputs of the network,

    m = first + u (o_0 + o_1 f),   n = m + H m-

for each of a saver's numbers n, where `first` is a first approximation and u a unit: linear where the economy
is close to it, with coefficients that vary over the state, and with a slope of its own where a limit binds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from .models.generations import Generations, Seen
from .models.interface import Parameters, Regime, pack

CODE = 5
"""Learnt numbers of each age."""
NEAR_LIMIT = 0.05
"""How close to its limit the first approximation of a choice has to be for the network to see it."""
UNIT = 0.05
SMALL = 0.05
"""Weights of the last layer at the start, relative to the usual ones."""


class SaverNetwork(nn.Module):
    """Numbers [..., S, m] of savers: what is known of ages, of the economy and of oneself enters a first
    layer side by side, so that the former is not copied for each state.
    """

    def __init__(self, model: Generations, hidden: Sequence[int]) -> None:
        super().__init__()
        self.m, self.k = model.n_numbers, model.n_own + model.n_aggregates
        self.aggregates = model.n_aggregates
        sizes = (model.n_ages + CODE, model.n_together, model.n_own + model.n_numbers)
        width = sum(sizes)
        self.of_ages, self.of_economy, self.of_self = (
            _linear(size, hidden[0], width, bias=number == 0) for number, size in enumerate(sizes)
        )
        outputs = self.m * (1 + self.k) + self.m**2
        self.layers = nn.ModuleList(_linear(a, b, a) for a, b in pairwise([*hidden, outputs]))
        _start_small(self.layers[-1])

    def forward(self, seen: Seen, code: Tensor) -> Tensor:
        """Numbers, from what they see and the `code` [..., S, CODE] of their ages."""
        ages = torch.cat([seen.ages, code.expand(*seen.ages.shape[:-1], code.shape[-1])], -1)
        own = torch.cat([seen.own, torch.tanh(seen.first / NEAR_LIMIT)], -1)
        hidden = self.of_ages(ages) + self.of_economy(seen.together) + self.of_self(own)
        for layer in self.layers:
            hidden = layer(torch.tanh(hidden))
        linear, kink = hidden.split([self.m * (1 + self.k), self.m**2], -1)
        coefficients = linear.unflatten(-1, (self.m, 1 + self.k))
        aggregates = seen.together[..., -self.aggregates :]
        aggregates = aggregates.expand(*seen.own.shape[:-1], self.aggregates)
        moves = torch.cat([seen.own, aggregates], -1).unsqueeze(-2)
        moved = seen.first + UNIT * (coefficients[..., 0] + (coefficients[..., 1:] * moves).sum(-1))
        below = torch.relu(-moved).unsqueeze(-2)
        return moved + (kink.unflatten(-1, (self.m, self.m)) * below).sum(-1)


class PriceNetwork(nn.Module):
    """The price relative to its first approximation."""

    def __init__(self, model: Generations, units: int) -> None:
        super().__init__()
        self.aggregates = model.n_aggregates
        n_parameters = len(model.parameters)
        width = n_parameters + model.n_together
        self.of_parameters = _linear(n_parameters, units, width)
        self.of_economy = _linear(model.n_together, units, width, bias=False)
        self.last = _linear(units, 1 + model.n_aggregates, units)
        _start_small(self.last)

    def forward(self, parameters: Tensor, together: Tensor) -> Tensor:
        """Its log [...], from standardised `parameters` [..., n_parameters] and the economy
        [..., n_together].
        """
        coefficients = self.last(torch.tanh(self.of_parameters(parameters) + self.of_economy(together)))
        aggregates = together[..., -self.aggregates :]
        return coefficients[..., 0] + (coefficients[..., 1:] * aggregates).sum(-1)


class GenerationsPolicy(nn.Module):
    """Choices of savers that clear markets, and the price."""

    def __init__(self, model: Generations, hidden: Sequence[int] = (20, 20), trunk: int = 12) -> None:
        """`trunk` is the number of units of the price network."""
        super().__init__()
        self.model = model
        # what the economy solves for numerically must be known before a graph is traced
        model.steady_state(model.name_parameters(model.default_parameters()))
        self.saver, self.price = SaverNetwork(model, hidden), PriceNetwork(model, trunk)
        self.codes = nn.Parameter(0.3 * torch.randn(model.n_savers, CODE, dtype=torch.float64))

    def forward(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] at states [..., n_states] and parameters [..., n_parameters]."""
        p = self.model.name_parameters(parameters)
        return pack(self.model.cleared(*self.raw(states, p)), self.model.controls)

    def raw(self, states: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """Numbers [..., S, m] before markets are cleared, and the price [...]."""
        seen = self.model.seen(self.model.period(p, states), p)
        price = self.model.price_of(self.price(p.standardised, seen.together[..., 0, :]), p)
        return self.saver(seen, self.codes), price

    def candidates(self, states: Tensor, p: Parameters) -> dict[Regime, Tensor]:
        """The controls: limits are part of them, not regimes."""
        return {(): self(states, p)}


@torch.no_grad()
def _linear(inputs: int, outputs: int, width: int, bias: bool = True) -> nn.Linear:
    """A layer of which so many `inputs` are part of a `width` of them."""
    layer = nn.Linear(inputs, outputs, bias, dtype=torch.float64)
    layer.weight.copy_(torch.randn(outputs, inputs, dtype=torch.float64) / math.sqrt(width))
    if bias:
        layer.bias.copy_(torch.rand(outputs, dtype=torch.float64) - 0.5)
    return layer


@torch.no_grad()
def _start_small(last: nn.Module) -> None:
    for tensor, factor in zip(last.parameters(), (SMALL, 0.0), strict=True):
        tensor.mul_(factor)
