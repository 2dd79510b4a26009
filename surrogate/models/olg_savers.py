"""The look ahead of a single saver, who takes prices and aggregates of tomorrow as given.

Training needs it, because the errors of all savers of many economies have derivatives with respect to own
choices and a few numbers that all savers of an economy share, and with respect to nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, cat, exp, log, relu, stack

from surrogate.models.generations import Networks, Seen
from surrogate.models.olg_aid import (
    AGGREGATE_UNIT,
    OWN_UNIT,
    UNIT,
    OverlappingGenerationsAid,
    responded,
    standing_of,
)
from surrogate.models.olg_calibration import (
    DEPRECIATION,
    KAPPA,
    LEAVES_DEPRECIATION,
    LEAVES_PRODUCTIVITY,
    PRODUCTIVITY,
    between,
    labor_of_ages,
)
from surrogate.models.period import Parameters, Period

LEAST_CONSUMPTION, LEAST_WORTH = 0.02, 1e-4
"""Before the network is trained, consumption may be negative."""


class Saver(NamedTuple):
    """A saver today [...], and the next age without shocks."""

    theta: Tensor
    standardised: Tensor
    wealth: Tensor
    income: Tensor
    chances: Tensor
    log_capital: Tensor
    price: Tensor
    gross_return: Tensor
    labor: Tensor
    alive: Tensor
    ages: Tensor
    steady_wealth: Tensor
    steady_income: Tensor
    first: Tensor
    response: Tensor


class LookAhead(OverlappingGenerationsAid):
    """Savers one by one."""

    def standing(self, now: Period, p: Parameters) -> Saver:
        """Of each saver, tensors [..., S] or [..., S, k]."""
        steady, s = p.steady, self.n_savers
        labor = labor_of_ages(self.generations)
        high_productivity = chance_of_high(now.productivity, PRODUCTIVITY, LEAVES_PRODUCTIVITY)
        high_depreciation = chance_of_high(now.depreciation, DEPRECIATION, LEAVES_DEPRECIATION)
        chances = (high_depreciation[..., :, None] * high_productivity[..., None, :]).flatten(-2)
        theta = p.vector[..., : len(self.parameters)]
        alive = torch.ones(s).index_fill(0, torch.tensor([s - 1]), 0.0)
        scalars = (steady.life.log_capital, steady.life.price, steady.gross_return)
        log_capital, price, r = (each[..., None].expand(*each.shape, s) for each in scalars)
        rows = (theta, p.standardised, chances)
        theta, standardised, chances = (
            each[..., None, :].expand(*each.shape[:-1], s, each.shape[-1]) for each in rows
        )
        return Saver(
            theta=theta,
            standardised=standardised,
            wealth=now.wealth[..., :-1],
            income=now.income[..., :-1],
            chances=chances,
            log_capital=log_capital,
            price=price,
            gross_return=r,
            labor=labor[1:].to(theta).expand_as(log_capital),
            alive=alive.to(theta).expand_as(log_capital),
            ages=one_later(p.ages, -2),
            steady_wealth=steady.wealth[..., 1:],
            steady_income=steady.income[..., 1:],
            first=one_later(steady.life.choices, -2),
            response=one_later(steady.life.response, -3),
        )

    def ahead(
        self, saver: Saver, numbers: Tensor, price: Tensor, told: Tensor, code: Tensor, networks: Networks
    ) -> Tensor:
        """Errors [..., 2] of buying bonds and of saving in capital, logs of consumption."""
        beta, gamma, zeta, alpha = saver.theta.unbind(-1)
        slack, capital = relu(numbers).unbind(-1)
        bonds = (slack - capital) / KAPPA
        mu, multiplier = (gamma[..., None] * relu(-numbers)).unbind(-1)
        change = capital - saver.wealth
        eaten = saver.income - price * bonds - capital - zeta / 2 * change**2
        r, w, exogenous = self._prices(saver.log_capital + AGGREGATE_UNIT * told[..., 0], alpha)
        wealth = r * capital[..., None]
        income = saver.labor[..., None] * w + bonds[..., None] + wealth
        then = self._choices(saver, wealth, income, exogenous, told, code, networks)
        later_slack, later_capital, later_price = then
        later_bonds = (later_slack - later_capital) / KAPPA
        later_change = later_capital - wealth
        later_cost = zeta[..., None] / 2 * later_change**2
        later = income - later_price * later_bonds - later_capital - later_cost
        growth = later.clamp_min(LEAST_CONSUMPTION) / eaten.clamp_min(LEAST_CONSUMPTION)[..., None]
        worth = saver.chances * beta[..., None] * growth ** -gamma[..., None]
        risky = (worth * r * (1 + zeta[..., None] * later_change)).sum(-1) + multiplier + mu
        safe = (worth.sum(-1) + KAPPA * mu) / price
        both = stack([safe, risky / (1 + zeta * change)], -1)
        return -log(both.clamp_min(LEAST_WORTH)) / gamma[..., None]

    def _prices(self, log_capital: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gross return and wage [..., 4] in the four states of tomorrow, low depreciation first, and where
        these stand [4, 2].
        """
        productivity = log_capital.new_tensor(PRODUCTIVITY).repeat(2)
        depreciation = log_capital.new_tensor(DEPRECIATION).repeat_interleave(2)
        labor = labor_of_ages(self.generations).sum().to(log_capital)
        per_labor = exp(log_capital - log(labor))[..., None]
        output = productivity * per_labor ** alpha[..., None]
        r = alpha[..., None] * output / per_labor + 1 - depreciation
        return r, (1 - alpha[..., None]) * output, standing_of(productivity, depreciation)

    def _choices(
        self,
        saver: Saver,
        wealth: Tensor,
        income: Tensor,
        exogenous: Tensor,
        told: Tensor,
        code: Tensor,
        networks: Networks,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tomorrow's slack, capital and price [..., 4]; the oldest choose nothing."""
        off_wealth = wealth - saver.steady_wealth[..., None]
        off_income = income - saver.steady_income[..., None]
        first = responded(
            saver.first[..., None, :],
            saver.response[..., None, :, :],
            off_wealth,
            off_income,
            saver.gross_return,
        )
        together = told[..., None, :].expand(*wealth.shape, told.shape[-1])
        together = cat([exogenous.expand(*wealth.shape, 2), together], -1)
        own = stack([off_wealth, off_income], -1) / OWN_UNIT
        seen = Seen(saver.ages[..., None, :], together, own, first)
        numbers = networks.numbers(seen, code[..., None, :])
        slack, capital = (relu(numbers) * saver.alive[..., None, None]).unbind(-1)
        log_price = networks.price(saver.standardised[..., None, :], together)
        return slack, capital, saver.price[..., None] * exp(UNIT * log_price)


def chance_of_high(today: Tensor, values: tuple[float, float], leaves: tuple[float, float]) -> Tensor:
    """Of the low and the high value tomorrow, [..., 2]."""
    low, high = values
    is_high, leaving = (today - low) / (high - low), between(today, values, leaves)
    chance = is_high + leaving * (1 - 2 * is_high)
    return stack([1 - chance, chance], -1)


def one_later(by_age: Tensor, dim: int) -> Tensor:
    """What is known of the next age; of the last one its own, for want of another."""
    later, last = by_age.split([1, by_age.shape[dim] - 1], dim)[1], by_age.narrow(dim, -1, 1)
    return cat([later, last], dim)
