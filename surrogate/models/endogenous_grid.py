"""What households choose who know what a unit saved is worth to them, by endogenous grid points.

Carroll (2006). M(b') says what a unit saved is worth, so whoever saves b' consumes c with u'(c) = M(b'), and
the budget says how much was held. Between the points found so consumption is Lagrange's cubic. Whoever held
less than the point with b' at the limit saves nothing above it: the limit is exact, and there the budget is
one equation for consumption. Nothing is searched for, so that a graph can hold all of it.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, ones_like, where, zeros_like

NEWTON_STEPS = 5


def cubic(places: Tensor, values: Tensor, at: Tensor) -> Tensor:
    """What has `values` [..., n] at rising `places` [..., n], at points `at` [..., m], by Lagrange's cubic
    through the four places around each; through the first or last four beyond them.
    """
    cell = (places.unsqueeze(-2) <= at.unsqueeze(-1)).sum(-1) - 1
    first = (cell - 1).clamp(0, places.shape[-1] - 4)
    around = [places.gather(-1, first + step) for step in range(4)]
    gaps = [at - place for place in around]
    total = zeros_like(around[0])
    for i, place in enumerate(around):
        weight = ones_like(place)
        for j, other in enumerate(around):
            if j != i:
                weight = weight * gaps[j] / (place - other)
        total = total + weight * values.gather(-1, first + i)
    return total


def root(excess: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """A zero of the rising function `excess` with derivative `slope`, by Newton's method from `start`."""
    x = start
    for _ in range(NEWTON_STEPS):
        x = (x - excess(x) / slope(x)).maximum(x / 3)
    return x


def moving_with(solution: Tensor, known: Tensor, slopes: Tensor) -> Tensor:
    """A `solution` [..., s, n] with the derivatives `slopes` [..., k, s, n] by `known` [..., k].

    What decides a problem at many places is often a few numbers that are the same at all of them. Then
    derivatives flow through these, and not through the search for the solution.
    """
    moved = (known - known.detach()).unsqueeze(-2) @ slopes.detach().flatten(-2)
    return solution.detach() + moved.squeeze(-2).unflatten(-1, solution.shape[-2:])


def consumption(
    today: Tensor, held: Tensor, nodes: Tensor, at_limit: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Consumption [..., n] of those who hold `nodes` [..., n], and whether they are at the limit.

    `today` [..., n] is consumed by those who held `held` [..., n] and save `nodes`, the first of which is the
    limit; `at_limit` says what is consumed at the limit, from a first guess [..., 1].
    """
    bound = nodes < held[..., :1]
    free = cubic(held, today.expand_as(held), nodes.expand_as(held))
    return where(bound, at_limit(today[..., :1]), free), bound
