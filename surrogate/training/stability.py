"""Whether economies that follow a policy stay where they belong."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.policy import PolicyNetwork
from surrogate.training.sampling import advance, draw_shocks, state_box

PERIODS = 400
AWAY = 10.0
"""A path further than so many half-widths from the middle of its box runs away; paths that come back, with
wide boxes or narrow ones, stay within four.
"""


def share_that_runs_away(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, generator: torch.Generator
) -> float:
    """Share of the economies of `run_away` that do."""
    return float(run_away(policy, states, parameters, generator).double().mean())


@torch.no_grad()
def run_away(policy: PolicyNetwork, states: Tensor, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """Whether economies, one a row of `states` [n, n_states] and `parameters` [n, n_parameters], are at some
    time in `PERIODS` far outside their box or no number: bool [n].
    """
    lower, upper = state_box(policy.model, parameters)
    stays = torch.ones(len(states), dtype=torch.bool)
    for _ in range(PERIODS):
        states = advance(policy, states, parameters, draw_shocks(policy.model, len(states), generator))
        stays &= ((2 * states - lower - upper).abs() <= AWAY * (upper - lower)).all(-1)
        states = torch.where(stays[:, None], states, (lower + upper) / 2)
    return ~stays
