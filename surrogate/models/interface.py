"""What an economy states, by name, and nothing about how it is solved.

A model is written once, as in the paper, for tensors of any leading shape. Time and expectations are split
in two stages:

    s' = m(s, x, e', theta)                  `transition`
    g  = g(s, x, s', x', theta)              `inside`: what stands inside E[.]
    0  = F(s, x, E[g], theta)                `residuals`, free of units

because a complementarity of an expectation is not the expectation of a complementarity. Neither a network
nor an optimiser appears here.
"""

from __future__ import annotations

import copy
import functools
import itertools
from abc import abstractmethod
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from ..artifact.card import ParameterRange, Requirement, Variable
from .aid import Aid
from .period import Parameters, Period, where
from .utility import fischer_burmeister
from .variables import (
    Column,
    Constraint,
    Control,
    Markov,
    Named,
    Pairs,
    Regime,
    Values,
    columns_of,
    pack,
    unpack,
)

__all__ = [
    "Aid",
    "Column",
    "Constraint",
    "Control",
    "Markov",
    "Model",
    "Named",
    "Pairs",
    "ParameterRange",
    "Parameters",
    "Period",
    "Regime",
    "Requirement",
    "Values",
    "Variable",
    "pack",
    "unpack",
    "where",
]


class Model(Aid):
    """An economy. Subclass it, declare the variables, and write the equations.

    A method with the arguments `(now, p)` defines a quantity of the period, one with `(p)` a compound
    parameter: the other methods read them as `now.<name>` and `p.<name>`. All are tensors [...], or
    [..., size] for a group; methods that answer for several variables return a dictionary by name.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    description: ClassVar[str] = ""
    parameters: ClassVar[tuple[ParameterRange, ...]]
    states: ClassVar[tuple[Variable, ...]]
    controls: ClassVar[tuple[Control, ...]]
    shocks: ClassVar[tuple[Variable, ...]]
    observables: ClassVar[tuple[Variable, ...]]
    equations: ClassVar[tuple[Variable, ...]]
    adding_up: ClassVar[tuple[str, ...]] = ()
    """Equations whose errors add up over households or over time: training may give them a larger weight
    (`adding_up_weight` of the settings).
    """
    constraints: ClassVar[tuple[Constraint, ...]] = ()
    """Those that bind now and then; each splits today's equations in two. `now.binds(name)` is whether one
    does.
    """
    written: ClassVar[type[Model]]
    """The class in which the economy was written, also where a method of solution has added controls to it.
    What is known of an economy beside its file is known of that class, not of another one with its name.
    """
    units: ClassVar[int] = 1
    """Of several that are alike, such as countries: each control and equation then has a column for each,
    each of `inputs` one, or as many, and all units share a network.
    """
    feasible: ClassVar[tuple[Requirement, ...]] = ()
    """What states have to satisfy that users give; others are refused."""
    kind_of_economy: ClassVar[str] = "economy"
    solved_by: ClassVar[str] = ""
    """The one method of solution that is for its kind of economy, if there is one."""
    evaluation_cost: ClassVar[int] = 1
    """How many times as long as one of a few states it takes to simulate, roughly. Above one it is looked at
    in fewer places, and its states are drawn from no box.
    """
    edge: ClassVar[float] = 0.0
    """Share of a parameter's range beyond either end of it that training moves to that end: more economies on
    the edges of the box, where errors are largest.
    """
    in_continuous_time: ClassVar[bool] = False
    burn_in: ClassVar[int] = 200
    """Periods after which a simulated economy has forgotten where it started, whatever its parameters."""
    told: Regime = ()
    """Which of the first few `constraints` today's equations are told to bind; `slack` decides the others,
    in the economy itself all.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "written" not in vars(cls):
            cls.written = cls

    @abstractmethod
    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Tomorrow's states m(s, x, e', theta), with standard normal shocks `e`, or numbers of outcomes where
        a shock is `Markov`.
        """

    @abstractmethod
    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What stands inside the expectation, g(s, x, s', x', theta)."""

    def made_of(self) -> tuple[Model, ...]:
        """Economies that it is made of, as a population of households."""
        return ()

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether the economy is where it can be, [...]: one that satisfies every equation may still be on a
        path that leads away. By default it is.
        """
        return torch.ones_like(getattr(p, self.parameters[0].name), dtype=torch.bool)

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """How likely the outcomes of each `Markov` shock are, [..., outcomes]; a chance may depend on the
        outcomes `e` of those that are declared before it.
        """
        return {}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """F(s, x, E[g], theta), one value for each of `equations`, as a share (1e-4 is one hundredth of a
        percent); by default what is expected has to be zero.
        """
        return vars(expected)

    def complementarities(self, now: Period, expected: Named, p: Parameters) -> Pairs:
        """Pairs (a, b) with a >= 0, b >= 0, a b = 0, both as shares, for the `equations` that `residuals`
        leaves out.
        """
        return {}

    @abstractmethod
    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Observables dated `then`; growth rates may look back at `now`."""

    def slack(self, now: Period, p: Parameters) -> Values:
        """How far each of the `constraints` is from binding, at choices that do not respect it: negative
        where it binds, [...] or, of a group, [..., size].

        In units in which one is far: training spends little on a regime where it is that far from applying.
        """
        raise NotImplementedError(
            f"{self.name} declares constraints, so it must say how far each is from binding"
        )

    def reward(self, now: Period, p: Parameters) -> Tensor:
        """What the household or planner gets in a period, [...], for methods that maximise its discounted
        sum.
        """
        raise NotImplementedError

    def discount(self, p: Parameters) -> Tensor:
        """What tomorrow's reward is worth today, [...]; for the same methods."""
        raise NotImplementedError

    def conditions(self, now: Period, expected: Named, p: Parameters) -> dict[str, Tensor]:
        """All of `equations`: the residuals, and those of the complementarities.

        Told that its constraint is slack, or binds, a complementarity has room enough, or none and no wish
        for less.
        """
        pairs = {
            name: pair if (binds := now.told(name)) is None else self._told(pair[1], binds)
            for name, pair in self.complementarities(now, expected, p).items()
        }
        return {**self.residuals(now, expected, p), **self.complementary(pairs, now)}

    def complementary(self, pairs: Pairs, now: Period) -> dict[str, Tensor]:
        """Residuals that are zero where the `pairs` are complementary."""
        return {name: fischer_burmeister(a, b) for name, (a, b) in pairs.items()}

    @staticmethod
    def _told(b: Tensor, binds: bool | Tensor) -> tuple[Tensor, Tensor]:
        return where(binds, torch.zeros_like(b), torch.ones_like(b)), where(binds, torch.relu(b), b)

    def name_parameters(self, parameters: Tensor | Parameters) -> Parameters:
        """Parameters [..., n_parameters] by name; those that have names already as they are."""
        return parameters if isinstance(parameters, Parameters) else Parameters(self, parameters)

    @final
    def prepared(self, parameters: Tensor) -> Tensor:
        """Parameters [..., n_parameters] and, in further columns, the definitions that are known
        `beforehand`, which whoever names these parameters need not compute again.
        """
        p = self.name_parameters(parameters)
        return torch.cat([parameters, *(getattr(p, known.name) for known in self.beforehand())], -1)

    @final
    def period(self, p: Parameters, states: Tensor, controls: Tensor | None = None) -> Period:
        """The period at states [..., n_states] and, once they are made, choices [..., n_controls]."""
        choices = None if controls is None else columns_of(controls, self.controls)
        return Period(self, p, columns_of(states, self.states), choices)

    @final
    def at_rest(self, p: Parameters) -> Period:
        """The period in the steady state."""
        return Period(self, p, *self.steady_state(p))

    @final
    def tomorrow(self, now: Period, shocks: Tensor, p: Parameters) -> Tensor:
        """Tomorrow's states [..., n_states] after standard normal `shocks` [..., n_shocks]."""
        return pack(self.transition(now, self._drawn(now, shocks, p), p), self.states)

    @final
    def after(self, now: Period, nodes: Tensor, p: Parameters) -> Tensor:
        """Tomorrow's states [..., n_states] at `nodes` [..., n_shocks] of an expectation."""
        return pack(self.transition(now, unpack(nodes, self.shocks), p), self.states)

    @final
    def likelihood(self, now: Period, nodes: Tensor, p: Parameters) -> Tensor | None:
        """How likely the outcomes at `nodes` [..., n_shocks] are, [...]; nothing without `Markov` shocks."""
        e, factors = unpack(nodes, self.shocks), []
        for shock in self.shocks:
            if isinstance(shock, Markov):
                numbers = torch.arange(shock.outcomes, dtype=nodes.dtype, device=nodes.device)
                chosen = getattr(e, shock.name)[..., None] == numbers
                factors.append((self.chances(now, e, p)[shock.name] * chosen).sum(-1))
        return functools.reduce(torch.mul, factors) if factors else None

    def outcomes(self, now: Period, nodes: Tensor, weights: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """Tomorrow's states [..., q, n_states] over which expectations are taken, and their weights [q] or
        [..., q], with a quadrature rule of `nodes` [..., q, n_shocks] and `weights` [q].
        """
        chances = self.likelihood(now, nodes, p)
        return self.after(now, nodes, p), weights if chances is None else weights * chances

    @final
    def calm(self, now: Period, p: Parameters) -> Tensor:
        """The node [..., n_shocks] without shocks: zero where they are normal, and otherwise the mean of the
        outcomes' numbers.
        """
        one = getattr(p, self.parameters[0].name)
        nodes = one.new_zeros(*one.shape, sum(shock.size for shock in self.shocks))
        e = unpack(nodes, self.shocks)
        for shock in self.shocks:
            if isinstance(shock, Markov):
                numbers = torch.arange(shock.outcomes, dtype=one.dtype, device=one.device)
                setattr(e, shock.name, (self.chances(now, e, p)[shock.name] * numbers).sum(-1))
        return pack(vars(e), self.shocks) if self.shocks else nodes

    def _drawn(self, now: Period, shocks: Tensor, p: Parameters) -> Named:
        """Shocks by name, normals turned into the numbers of outcomes where a shock is `Markov`."""
        e = unpack(shocks, self.shocks)
        for shock in self.shocks:
            if isinstance(shock, Markov):
                share = (1 + torch.erf(getattr(e, shock.name) / 2**0.5)) / 2
                number, so_far = torch.zeros_like(share), torch.zeros_like(share)
                for chance in self.chances(now, e, p)[shock.name].unbind(-1)[:-1]:
                    so_far = so_far + chance
                    number = number + (share > so_far).to(share.dtype)
                setattr(e, shock.name, number)
        return e

    @final
    def observed(self, now: Period, then: Period, p: Parameters) -> Tensor:
        """What is observed then, [..., n_observables]."""
        return pack(self.observe(now, then, p), self.observables)

    @final
    def regimes(self) -> list[Regime]:
        """All ways in which the constraints can bind or not, none first: 2^k of k constraints, where each
        element of a group is one.
        """
        return list(itertools.product((False, True), repeat=sum(each.size for each in self.constraints)))

    @final
    def in_closed_form(self, regime: Regime) -> bool:
        """Whether the anchor is the answer in this regime."""
        sides = iter(regime)
        bind = [all(tuple(itertools.islice(sides, each.size))) for each in self.constraints]
        return any(binds and each.closed_form for each, binds in zip(self.constraints, bind, strict=True))

    @final
    def given(self, regime: Regime) -> Model:
        """The same economy with today's equations told which of the first few constraints bind."""
        same = copy.copy(self)
        same.told = regime
        return same

    @final
    def default_parameters(self) -> Tensor:
        """Default parameter vector [n_parameters], float64."""
        return torch.tensor([parameter.default for parameter in self.parameters], dtype=torch.float64)

    @final
    def parameter_box(self) -> tuple[Tensor, Tensor]:
        """Lower and upper ends of the parameter box, each [n_parameters], float64."""
        ends = ([p.lower for p in self.parameters], [p.upper for p in self.parameters])
        return torch.tensor(ends[0], dtype=torch.float64), torch.tensor(ends[1], dtype=torch.float64)
