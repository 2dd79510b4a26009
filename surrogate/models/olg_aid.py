"""What helps the network of overlapping generations: the life cycle without shocks.

Savers start from what they would choose in the steady state, and respond to their own wealth as they would at
its prices. Their network sees, beside the state, what the steady state says of their age and of the next one.
The steady state is a polynomial in the parameters, moved by Newton's method.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, cat, exp, log, ones_like, relu, stack, tanh

from surrogate.errors import NoEquilibrium
from surrogate.models.box_polynomial import BoxPolynomial, draws_of_box, once_per_class, whereabouts
from surrogate.models.generations import Generations, Seen
from surrogate.models.interface import Model
from surrogate.models.olg_calibration import (
    DEPRECIATION,
    KAPPA,
    MEAN_DEPRECIATION,
    PRODUCTIVITY,
    labor_of_ages,
)
from surrogate.models.olg_life_cycle import Households, LifeCycle, polished, steady_states
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Column, Named, Variable, pack

EVERY, DEGREE, MOST_FAILURES = 4, 5, 0.02
"""The steady state is solved at one of so many draws of the box, a polynomial of such a degree keeps it, and
so large a share may fail.
"""
UNIT, OWN_UNIT, AGGREGATE_UNIT = 0.05, 0.2, 0.05
"""Of the numbers that the network puts out, of own deviations, and of aggregate ones."""
AROUND = 0.01
"""Noise of holdings, as a share."""
CAPITAL_REACH = 0.4
"""In logs, how far from its steady state aggregate capital can be."""
RARE = 3.0
"""So many times as often as it is there, high depreciation is looked at."""


class Steady(NamedTuple):
    """The steady state by age: the life cycle, and capital, bonds, r k, income and consumption
    [..., S + 1].
    """

    life: LifeCycle
    gross_return: Tensor
    capital: Tensor
    bonds: Tensor
    wealth: Tensor
    income: Tensor
    consumption: Tensor


class OverlappingGenerationsAid(Generations):
    """Anchor, what the networks see, and where to look."""

    generations: ClassVar[int]
    edge = 0.04
    n_ages, n_together, n_aggregates, n_own, n_numbers = 16, 7, 5, 2, 2

    @property
    def n_savers(self) -> int:
        """S, all ages but the oldest."""
        return self.generations - 1

    def households(self) -> Households:
        """Who lives."""
        return Households(labor_of_ages(self.generations), KAPPA, MEAN_DEPRECIATION)

    def beforehand(self) -> tuple[Column, ...]:
        """The life cycle's numbers."""
        return (*super().beforehand(), Variable("life_cycle_numbers", size=6 * self.n_savers + 2))

    def life_cycle_numbers(self, p: Parameters) -> Tensor:
        """Choices, log K, the bond's price and the response side by side, [..., 6 S + 2]; in float64, in
        which alone differences are derivatives.
        """
        parameters = self.name_parameters(p.vector.double())
        theta = parameters.vector[..., : len(self.parameters)]
        life = polished(_known_of(self)(parameters), theta, self.households())
        prices = stack([life.log_capital, life.price], -1)
        numbers = cat([life.choices.flatten(-2), prices, life.response.flatten(-3)], -1)
        return numbers.to(p.vector.dtype)

    def life(self, p: Parameters) -> LifeCycle:
        """Read it as `p.life`."""
        s = self.n_savers
        choices, log_capital, price, response = p.life_cycle_numbers.split([2 * s, 1, 1, 4 * s], -1)
        square = response.unflatten(-1, (s, 2, 2))
        return LifeCycle(choices.unflatten(-1, (s, 2)), log_capital[..., 0], price[..., 0], square)

    def steady(self, p: Parameters) -> Steady:
        """The steady state by age."""
        life, households = p.life, self.households()
        capital, bonds = households.owned(life.choices)
        r, w = (each[..., None] for each in households.prices(exp(life.log_capital), p.alpha))
        wealth = r * capital
        income = households.labor.to(r) * w + bonds + wealth
        saved, bought = (cat([held[..., 1:], 0 * held[..., :1]], -1) for held in (capital, bonds))
        cost = p.zeta[..., None] / 2 * (saved - wealth) ** 2
        consumption = income - saved - life.price[..., None] * bought - cost
        return Steady(life, r[..., 0], capital, bonds, wealth, income, consumption)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without shocks, with mean depreciation."""
        controls = self.cleared(p.life.choices, p.life.price)
        one = ones_like(p.life.price)
        states = {
            "capital": controls["capital_saved"],
            "bonds": controls["bonds_bought"],
            "productivity": one,
            "depreciation": MEAN_DEPRECIATION * one,
        }
        return states, controls

    def standardised(self, p: Parameters) -> Tensor:
        """Parameters between -1 and 1, [..., 4]."""
        columns = [
            (2 * getattr(p, each.name) - each.lower - each.upper) / (each.upper - each.lower)
            for each in self.parameters
        ]
        return stack(columns, -1)

    def age_polynomials(self, p: Parameters) -> Tensor:
        """Of first and second degree, between -1 and 1, [S + 1, 2]."""
        t = torch.linspace(-1, 1, self.generations).to(p.beta)
        return stack([t, 2 * t**2 - 1], -1)

    def ages(self, p: Parameters) -> Tensor:
        """What the network sees of each age and the parameters, [..., S, 16]."""
        steady, s = p.steady, self.n_savers
        labor = labor_of_ages(self.generations).to(p.beta)
        left = torch.arange(s, 0, -1).to(p.beta)
        fixed = [(labor[:-1] - 1) / 0.3, 5 * (labor[1:] - labor[:-1]), 2 * (left == 1).to(left), 2 / left]
        columns = cat([p.age_polynomials[:-1], stack(fixed, -1)], -1)
        choices = steady.life.choices
        later = cat([choices[..., 1:, :], choices[..., -1:, :]], -2)
        eaten = 2 * (steady.consumption[..., :-1, None] - 1)
        around = cat([tanh(choices / 0.2), tanh(choices[..., :1]), eaten, tanh(later / 0.05)], -1)
        parameters = p.standardised[..., None, :].expand(*around.shape[:-1], len(self.parameters))
        return cat([columns.expand(*around.shape[:-1], columns.shape[-1]), around, parameters], -1)

    def aggregates(self, capital: Tensor, bonds: Tensor, p: Parameters) -> Tensor:
        """log K, and capital and bonds weighted by polynomials in age, relative to the steady state, from
        holdings [..., S] of ages 1 to S: [..., 5].
        """
        steady, weights = p.steady, p.age_polynomials[1:]
        unit = AGGREGATE_UNIT * exp(steady.life.log_capital)[..., None]
        log_capital = (log(capital.sum(-1)) - steady.life.log_capital) / AGGREGATE_UNIT
        held = ((capital - steady.capital[..., 1:]) @ weights, (bonds - steady.bonds[..., 1:]) @ weights)
        return cat([log_capital[..., None], *(each / unit for each in held)], -1)

    def seen(self, now: Period, p: Parameters) -> Seen:
        """Age, economy, and own deviations of wealth and income."""
        steady = p.steady
        exogenous = standing_of(now.productivity, now.depreciation)
        together = cat([exogenous, self.aggregates(now.capital, now.bonds, p)], -1)[..., None, :]
        wealth = (now.wealth - steady.wealth)[..., :-1]
        income = (now.income - steady.income)[..., :-1]
        first = responded(steady.life.choices, steady.life.response, wealth, income, steady.gross_return)
        return Seen(p.ages, together, stack([wealth, income], -1) / OWN_UNIT, first)

    def price_of(self, log_relative: Tensor, p: Parameters) -> Tensor:
        """Relative to the steady state's."""
        return p.life.price * exp(UNIT * log_relative)

    def cleared(self, numbers: Tensor, price: Tensor) -> dict[str, Tensor]:
        """All slacks of the collateral constraint are scaled such that bonds add up."""
        slack, capital = relu(numbers).unbind(-1)
        slack = slack * (capital.sum(-1) / slack.sum(-1))[..., None]
        return {"capital_saved": capital, "bonds_bought": (slack - capital) / KAPPA, "bond_price": price}

    def told(self, numbers: Tensor, p: Parameters) -> tuple[Tensor, Tensor]:
        """Aggregates of tomorrow, and bonds that are bought by all."""
        slack, capital = relu(numbers).unbind(-1)
        bonds = (slack - capital) / KAPPA
        return self.aggregates(capital, bonds, p), bonds.sum(-1) / capital.sum(-1)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """About the steady state; no economy is that far away."""
        states, _ = self.steady_state(p)
        capital, bonds, one = states["capital"], states["bonds"], states["productivity"]
        width = 0.2 + bonds.abs() / 2
        return {
            "capital": (0 * capital, 0.2 + 2 * capital),
            "bonds": (bonds - width, bonds + width),
            "productivity": (PRODUCTIVITY[0] * one, PRODUCTIVITY[1] * one),
            "depreciation": (DEPRECIATION[0] * one, DEPRECIATION[1] * one),
        }

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """The steady state, with a little noise, in any of the four states."""
        now = self.period(p, pack(self.steady_state(p)[0], self.states))
        states = self.near(now, stack([2 * u.capital - 1, 2 * u.bonds - 1], -1), p)
        for name, (low, high) in (("productivity", PRODUCTIVITY), ("depreciation", DEPRECIATION)):
            states[name] = low + (high - low) * (getattr(u, name) > 0.5).to(now.capital)
        return states

    def near(self, now: Period, noise: Tensor, p: Parameters) -> dict[str, Tensor]:
        """Capital and slacks of the collateral constraint differ by shares, and bonds add up."""
        slack = relu(now.capital + KAPPA * now.bonds)
        numbers = stack([slack, now.capital], -1) * exp(AROUND * noise.flip(-1))
        moved = self.cleared(numbers, now.productivity)
        return {
            "capital": moved["capital_saved"],
            "bonds": moved["bonds_bought"],
            "productivity": now.productivity,
            "depreciation": now.depreciation,
        }

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether capital is near its steady state, and everything a number."""
        near = (log(now.capital.sum(-1)) - p.life.log_capital).abs() < CAPITAL_REACH
        return near & torch.isfinite(now.bonds.sum(-1))

    def weight(self, now: Period) -> Tensor:
        """More where depreciation is high, where errors are largest."""
        return torch.where(now.depreciation > sum(DEPRECIATION) / 2, RARE, 1.0)


def standing_of(productivity: Tensor, depreciation: Tensor) -> Tensor:
    """Where productivity and depreciation stand, between -1 and 1, [..., 2]."""
    pairs = ((productivity, PRODUCTIVITY), (depreciation, DEPRECIATION))
    return stack([(2 * value - low - high) / (high - low) for value, (low, high) in pairs], -1)


def responded(
    choices: Tensor, response: Tensor, wealth: Tensor, income: Tensor, gross_return: Tensor
) -> Tensor:
    """Numbers [..., 2] of savers whose wealth r k and income differ from the steady state's [...] by so much:
    a difference in the return or the wage is to them as one in what they own.
    """
    owned = stack([wealth / gross_return[..., None], income - wealth], -1)
    return choices + (response * owned.unsqueeze(-2)).sum(-1)


@once_per_class
def _known_of(model: Model) -> BoxPolynomial:
    """The steady state [..., 2 S + 2] as a polynomial; raises NoEquilibrium."""
    assert isinstance(model, OverlappingGenerationsAid)
    theta = draws_of_box(model)[::EVERY]
    unknowns, solved = steady_states(theta, model.default_parameters(), model.households())
    if float((~solved).double().mean()) > MOST_FAILURES:
        raise NoEquilibrium(
            f"{model.name!r} with {model.generations} generations: no steady state is found "
            f"{whereabouts(model, theta, ~solved)}. Take more generations or a narrower box."
        )
    return BoxPolynomial(model.parameters, theta[solved], unknowns[solved], DEGREE)
