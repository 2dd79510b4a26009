"""A few overlapping generations with aggregate risk, by time iteration and without networks.

The economy is that of `olg_economy`; labour by age, the chain of shocks and the collateral that bonds need
are arguments. Policies are Chebyshev polynomials on a tensor grid of what every age owns, one for each state
of the chain: capital of ages 1 to S, and the slack of the collateral constraint of ages 1 to S - 1, the rest
being market clearing. What never varies, such as the slack of those who are always at their limit, is no
dimension. Each iteration solves for the choices of all savers and the price at all points of the grid at
once, given policies of tomorrow. The grid is that of a simulation of the solution, and is found in rounds.
With q states of the chain, D dimensions and n nodes in each an iteration costs O(q n^2D S^2).

A number carries a choice where it is positive, and the multiplier of its limit where it is negative.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from .numerics import ChebyshevAxis, NoConvergence
from .olg_economy import DELTA, DELTA_MOVES, ETA, ETA_MOVES, KAPPA, Household

Array = NDArray[np.float64]
Whole = NDArray[np.intp]
NODES, ROUNDS, AROUND, MARGIN = 4, 3, 0.3, 0.15
"""Of the grid: nodes in a dimension, how often it is found anew, how far the first one reaches from the
steady state, as a share, and by how much it is wider than the simulation.
"""
ITERATIONS, TOLERANCE, CLOSE = 400, 1e-9, 1e-6
"""Of policies between iterations, in the end and while the grid is still to be found."""
NEWTON_STEPS, SOLVED, WIDTH, HALVINGS = 30, 1e-11, 1e-7, 12
LEAST_CONSUMPTION, NOTHING = 1e-4, 1e-7
PERIODS, BURN_IN, SEED = 2_000, 100, 0


@dataclass(frozen=True)
class Chain:
    """Productivity and depreciation [q] in each state, and chances [q, q] from today's (row) to
    tomorrow's.
    """

    productivity: Array
    depreciation: Array
    moves: Array


def published_chain() -> Chain:
    """Four states, low depreciation first: both move independently."""
    return Chain(np.tile(ETA, 2), np.repeat(DELTA, 2), np.kron(DELTA_MOVES, ETA_MOVES).astype(float))


@dataclass(frozen=True)
class FewGenerations:
    """The equations. Numbers are [n, 2 S + 1]: S for capital, S for the slack of collateral and the log of
    the bond's price; only the first S where there are no bonds.

    Attributes
    ----------
    household : its parameters, and labour by age.
    chain : of the shocks.
    kappa : bonds that a unit of capital is collateral for are 1 / kappa; none where there are no bonds.
    """

    household: Household
    chain: Chain = field(default_factory=published_chain)
    kappa: float | None = KAPPA

    @property
    def savers(self) -> int:
        """S."""
        return len(self.household.labor) - 1

    def choices(self, numbers: Array) -> tuple[Array, Array, Array]:
        """Capital saved and bonds bought [n, S], and the price [n], which is no number without bonds."""
        capital = np.maximum(numbers[:, : self.savers], 0.0)
        if self.kappa is None:
            return capital, np.zeros_like(capital), np.zeros(len(numbers))
        slack = np.maximum(numbers[:, self.savers : -1], 0.0)
        return capital, (slack - capital) / self.kappa, np.exp(numbers[:, -1])

    def errors(self, numbers: Array, owned: Array, state: Whole, later: FewGenerationsPolicy) -> Array:
        """Relative errors of consumption of all savers, and of market clearing, [n, 2 S + 1], or [n, S].

        `owned` [n, 2, S] is capital and bonds of ages 1 to S in `state` [n] of the chain, `later` what savers
        do tomorrow.
        """
        h, s, chain = self.household, self.savers, self.chain
        choice = a, d, p = self.choices(numbers)
        eta, delta = chain.productivity[state], chain.depreciation[state]
        c, cost, _ = h.period(owned[:, 0], owned[:, 1], eta, delta, choice)
        cost, today = cost[:, :-1], np.maximum(c[:, :-1], LEAST_CONSUMPTION)
        risky, safe = np.zeros_like(a), np.zeros_like(a)
        at = later.polynomials(places(self, a, d))
        for chance, then, eta, delta in zip(
            chain.moves[state].T, later.coefficients, chain.productivity, chain.depreciation, strict=True
        ):
            many = np.ones(len(a))
            c, cost_then, r = h.period(a, d, eta * many, delta * many, self.choices(at @ then))
            growth = np.maximum(c[:, 1:], LEAST_CONSUMPTION) / today
            worth = chance[:, None] * h.beta * growth**-h.gamma
            safe += worth
            risky += worth * r * cost_then[:, 1:]
        risky += h.gamma * np.maximum(-numbers[:, :s], 0.0)
        power = -1 / h.gamma
        if self.kappa is None:
            return (risky / cost) ** power - 1
        mu = h.gamma * np.maximum(-numbers[:, s:-1], 0.0)
        bonds = ((safe + self.kappa * mu) / p[:, None]) ** power - 1
        return np.column_stack([((risky + mu) / cost) ** power - 1, bonds, d.sum(1) / a.sum(1)])


@dataclass(frozen=True)
class FewGenerationsPolicy:
    """Chebyshev polynomials on a grid.

    Attributes
    ----------
    economy : whose policy it is.
    nodes : of the grid in a dimension.
    lower, upper : ends of the grid [D]; a dimension whose ends are alike does not count.
    coefficients : [q, points, m] of the numbers.
    """

    economy: FewGenerations
    nodes: int
    lower: Array
    upper: Array
    coefficients: Array

    @cached_property
    def axes(self) -> list[tuple[int, ChebyshevAxis]]:
        """Of the dimensions that count."""
        ends = enumerate(zip(self.lower, self.upper, strict=True))
        return [(i, ChebyshevAxis(low, high, self.nodes)) for i, (low, high) in ends if high > low]

    def polynomials(self, places: Array) -> Array:
        """Products [n, points] at places [n, D]."""
        each = [axis.polynomials(places[:, i]) for i, axis in self.axes]
        return reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), each)

    @cached_property
    def grid(self) -> Array:
        """Places [points, D]."""
        nodes = np.meshgrid(*(axis.nodes for _, axis in self.axes), indexing="ij")
        places = np.tile(self.lower, (nodes[0].size, 1))
        places[:, [i for i, _ in self.axes]] = np.stack([each.ravel() for each in nodes], -1)
        return places

    @cached_property
    def to_coefficients(self) -> Array:
        """From values at the grid, [points, points]."""
        return np.asarray(reduce(np.kron, (axis.to_coefficients for _, axis in self.axes)), dtype=float)

    def numbers(self, places: Array, state: int) -> Array:
        """At places [n, D] in a state of the chain."""
        return self.polynomials(places) @ self.coefficients[state]

    def fitted(self, values: Array) -> FewGenerationsPolicy:
        """The policy of which the numbers are `values` [q, points, m] at the grid."""
        return replace(self, coefficients=self.to_coefficients @ values)

    def __call__(self, k: Array, b: Array, eta: Array, delta: Array) -> tuple[Array, Array, Array]:
        """What savers choose: see `olg_economy.Policy`."""
        chain = self.economy.chain
        gap = np.abs(chain.productivity - eta[:, None]) + np.abs(chain.depreciation - delta[:, None])
        state, at = gap.argmin(1), places(self.economy, k, b)
        found = np.empty((len(k), self.coefficients.shape[-1]))
        for j in np.unique(state):
            found[state == j] = self.numbers(at[state == j], int(j))
        return self.economy.choices(found)


def places(economy: FewGenerations, k: Array, b: Array) -> Array:
    """Coordinates [n, D] of holdings [n, S]."""
    if economy.kappa is None:
        return k
    return np.hstack([k, (k + economy.kappa * b)[:, :-1]])


def holdings(economy: FewGenerations, at: Array) -> Array:
    """Capital and bonds [n, 2, S] at coordinates [n, D]."""
    k = at[:, : economy.savers]
    if economy.kappa is None:
        return np.stack([k, np.zeros_like(k)], 1)
    b = (at[:, economy.savers :] - k[:, :-1]) / economy.kappa
    return np.stack([k, np.column_stack([b, -b.sum(1)])], 1)


def solve_few_generations(
    economy: FewGenerations, first: tuple[Array, Array], nodes: int = NODES
) -> FewGenerationsPolicy:
    """Time iteration from constant policies: `first` is capital and bonds [S] of ages 1 to S, around which
    the first grid lies, with so many `nodes` in a dimension.

    Raises
    ------
    NoConvergence : policies still move after `ITERATIONS`, or choices that solve the equations are not found.
    """
    start = places(economy, first[0][None], first[1][None])[0]
    numbers = np.where(start > NOTHING, start, -0.01)
    if economy.kappa is not None:
        slack_of_oldest = first[0][-1] + economy.kappa * first[1][-1]
        r, _ = economy.household.prices(first[0].sum(), 1.0, economy.chain.depreciation.mean())
        numbers = np.concatenate([numbers, [slack_of_oldest, -np.log(r)]])
    policy = FewGenerationsPolicy(economy, nodes, start * (1 - AROUND), start * (1 + AROUND), np.empty(0))
    many = len(economy.chain.productivity)
    policy = policy.fitted(np.tile(numbers, (many, len(policy.grid), 1)))
    for left in reversed(range(ROUNDS)):
        policy = iterated(policy, CLOSE if left else TOLERANCE)
        if left:
            policy = elsewhere(policy)
    return policy


def elsewhere(policy: FewGenerationsPolicy) -> FewGenerationsPolicy:
    """The same on a grid a little wider than a simulation of it; where nothing moves, on its own grid."""
    seen = places(policy.economy, *simulated(policy, PERIODS, SEED)[:2])
    low, high = seen.min(0), seen.max(0)
    wider = MARGIN * (high - low) * (high - low > NOTHING)
    if not wider.any():
        return policy
    lower, upper = np.maximum(low - wider, 0.0), np.where(wider > 0, high + wider, low)
    other = replace(policy, lower=np.where(wider > 0, lower, low), upper=upper)
    return other.fitted(np.stack([policy.numbers(other.grid, j) for j in range(len(policy.coefficients))]))


def simulated(policy: FewGenerationsPolicy, periods: int, seed: int) -> tuple[Array, Array, Array, Array]:
    """Capital and bonds [periods, S], productivity and depreciation [periods], after a burn-in."""
    chain, generator = policy.economy.chain, np.random.default_rng(seed)
    owned, state, rows = holdings(policy.economy, policy.grid.mean(0)[None])[0], 0, []
    for _ in range(BURN_IN + periods):
        eta, delta = chain.productivity[state], chain.depreciation[state]
        rows.append((*owned, eta, delta))
        a, d, _ = policy(owned[:1], owned[1:], np.array([eta]), np.array([delta]))
        owned = np.concatenate([a, d])
        state = int(generator.choice(len(chain.moves), p=chain.moves[state]))
    k, b, eta, delta = (np.array(each) for each in zip(*rows[BURN_IN:], strict=True))
    return k, b, eta, delta


def iterated(policy: FewGenerationsPolicy, tolerance: float) -> FewGenerationsPolicy:
    """Where policies at the grid do not move any more."""
    economy, grid = policy.economy, policy.grid
    many = len(policy.coefficients)
    state = np.repeat(np.arange(many), len(grid))
    owned = np.tile(holdings(economy, grid), (many, 1, 1))
    numbers = np.concatenate([policy.numbers(grid, j) for j in range(many)])
    for _ in range(ITERATIONS):
        before, numbers = numbers, solved(numbers, owned, state, policy)
        policy = policy.fitted(numbers.reshape(many, len(grid), -1))
        if np.abs(numbers - before).max() < tolerance:
            return policy
    moved = np.abs(numbers - before).max()
    raise NoConvergence(f"policies still move by {moved:.0e} after {ITERATIONS} iterations")


def solved(numbers: Array, owned: Array, state: Whole, later: FewGenerationsPolicy) -> Array:
    """Numbers that solve the equations at all points [n]. A few that do not find theirs, going back and forth
    across the kink of a limit, begin again where the nearest point that did has ended.
    """
    numbers, errors = descended_to(numbers, owned, state, later)
    sound = errors <= CLOSE
    if sound.any() and not sound.all():
        at = np.column_stack([owned.reshape(len(owned), -1), state])
        _, nearest = KDTree(at[sound]).query(at[~sound])
        begin = numbers[sound][nearest]
        numbers[~sound], errors[~sound] = descended_to(begin, owned[~sound], state[~sound], later)
    if not (errors <= CLOSE).all():
        raise NoConvergence(f"choices miss their equations by {errors.max():.0e}")
    return numbers


@np.errstate(all="ignore")  # steps that are too long, and are made shorter
def descended_to(
    numbers: Array, owned: Array, state: Whole, later: FewGenerationsPolicy
) -> tuple[Array, Array]:
    """Newton's method at all points [n] at once: numbers, and their largest errors [n]. Derivatives are
    differences, steps are halved until errors fall.
    """
    economy, numbers, largest = later.economy, numbers.copy(), np.empty(len(numbers))
    todo = np.arange(len(numbers))
    for _ in range(NEWTON_STEPS):
        errors = economy.errors(numbers[todo], owned[todo], state[todo], later)
        largest[todo] = np.abs(errors).max(1)
        open_ = ~(largest[todo] <= SOLVED)
        todo, errors = todo[open_], errors[open_]
        if not len(todo):
            break
        numbers[todo] = descended(economy, (numbers[todo], owned[todo], state[todo]), errors, later)
    return numbers, largest


def descended(
    economy: FewGenerations, here: tuple[Array, Array, Whole], errors: Array, later: FewGenerationsPolicy
) -> Array:
    """Numbers after one step."""
    numbers, owned, state = here
    jacobian = np.empty((*errors.shape, numbers.shape[1]))
    for column in range(numbers.shape[1]):
        moved = numbers.copy()
        moved[:, column] += WIDTH
        jacobian[..., column] = (economy.errors(moved, owned, state, later) - errors) / WIDTH
    step = np.linalg.solve(jacobian, errors[..., None])[..., 0]
    before, length = np.square(errors).sum(1), np.ones(len(errors))
    for _ in range(HALVINGS):
        found = np.square(economy.errors(numbers - length[:, None] * step, owned, state, later)).sum(1)
        worse = ~(found < before)
        if not worse.any():
            break
        length[worse] /= 2
    return numbers - length[:, None] * step
