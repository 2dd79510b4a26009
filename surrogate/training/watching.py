"""What small residuals do not show: whether the economies of a population are where they can be, inside their
grid, and at rest in the distributions that the network was trained on.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor

from ..artifact.card import expanded_names
from ..models.population import Population
from ..policy import PolicyNetwork
from .bank import Bank
from .sampling import draw_shocks

WATCHED = 200
"""Quarters for which the economies of the bank are watched at the end of a run."""
MOST_LEAVE = 0.02
"""Share of these economies that may leave the place where they can be."""
MOST_AT_THE_END = 1e-4
"""Share of households that may be as rich as the grid allows."""
MOST_MOVES, MOST_ERRORS = 0.6, 5.0
"""By how much an observable may move in half of these quarters, in its standard deviations in an economy
unless in as many standard errors. At the end of a run .2 and 2; from log-normal wealth on 1.1 and 9.5, after
200 quarters .8 and 9 (`krusell_smith`, 200 economies).
"""
FEWEST_THAT_TELL = 100
"""Economies in a bank whose mean is asked about."""
TINY = 1e-12


class Watched(NamedTuple):
    """What the economies of a bank do when they are followed.

    leave: share that does not stay where an economy can be.
    at_the_end: largest share of households in an economy who are as rich as the grid allows, in the second
        half of the quarters: training may have moved it by larger shocks than it has.
    moves: by observable, by how much the second half of the quarters differs from the first on average over
        economies, in standard deviations of an economy's quarters, and in standard errors.
    """

    leave: float
    at_the_end: float
    moves: dict[str, tuple[float, float]]


@torch.no_grad()
def watch(bank: Bank, policy: PolicyNetwork, seed: int) -> Watched:
    """Follow the bank's economies for `WATCHED` quarters; those that leave count no more."""
    model, generator = cast(Population, bank.model), torch.Generator().manual_seed(seed)
    p = model.name_parameters(bank.parameters)
    stay, most, seen = torch.ones(len(bank.states), dtype=torch.bool), 0.0, []
    now = model.period(p, bank.states, policy(bank.states, p))
    for quarter in range(WATCHED):
        states = model.tomorrow(now, draw_shocks(model, len(stay), generator), p)
        stay &= model.settled(model.period(p, states), p)
        states = torch.where(stay[:, None], states, bank.states)
        then = model.period(p, states, policy(states, p))
        if quarter >= WATCHED // 2:
            most = max(most, float(model.at_the_end(then, p).amax()))
        seen.append(model.observed(now, then, p))
        now = then
    return Watched(float((~stay).double().mean()), most, _moves(model, torch.stack(seen)[:, stay]))


def _moves(model: Population, seen: Tensor) -> dict[str, tuple[float, float]]:
    """`Watched.moves`, by observables [quarters, n, n_observables]."""
    half = len(seen) // 2
    change = seen[half:].mean(0) - seen[:half].mean(0)
    error = change.std(0) / len(change) ** 0.5
    by_spread, by_error = (change.mean(0) / size.clamp_min(TINY) for size in (seen.std(0).mean(0), error))
    return dict(
        zip(
            expanded_names(model.observables),
            zip(by_spread.tolist(), by_error.tolist(), strict=True),
            strict=True,
        )
    )


def failure_of_population(bank: Bank, policy: PolicyNetwork, seed: int) -> str:
    """Why a policy with small residuals is no solution, or nothing: the economies of the bank do not stay
    where they can be, some of their households are richer than the grid, or their distributions have not
    settled.
    """
    name, watched = bank.model.name, watch(bank, policy, seed)
    if watched.leave > MOST_LEAVE:
        return (
            f"{watched.leave:.0%} of the economies of {name} do not stay: residuals are small on both sides "
            "of a saddle, and this run is on the wrong one, where aggregates are not at rest. Try another "
            "seed, more steps, or an anchor closer to the solution"
        )
    if watched.at_the_end > MOST_AT_THE_END:
        return (
            f"up to {watched.at_the_end:.2%} of the households of {name!r} are at the end of the grid: it is "
            "too small for the wealth that the economy reaches; make its top higher or the box narrower"
        )
    many = len(bank.states) >= FEWEST_THAT_TELL
    for observable, (moves, errors) in watched.moves.items():
        if many and abs(moves) > MOST_MOVES and abs(errors) > MOST_ERRORS:
            return (
                f"the bank of {name!r} has not settled: in {WATCHED // 2} quarters {observable} moves by "
                f"{abs(moves):.1f} of its standard deviations in an economy, all economies together. The "
                "network has seen distributions that there are not; give the run more steps, or begin "
                "simulations nearer to where the economy ends (steady_state)"
            )
    return ""
