"""Fifty-six generations with capital and bonds (Azinovic, Gaegauf and Scheidegger 2022).

r = alpha eta (K/L)^(alpha-1) + 1 - delta,   w = (1-alpha) eta (K/L)^alpha,   K = sum of k
c + p d + a + zeta/2 D^2 = l w + b + r k,   D = a - r k,   a of age s is k' of age s + 1, and d is b'
(1 + zeta D) u'(c) = beta E[ u'(c') r' (1 + zeta D') ] + lambda + mu,   lambda a = 0,   a >= 0
p u'(c) = beta E[ u'(c') ] + kappa mu,   mu (a + kappa d) = 0,   a + kappa d >= 0,   sum of d = 0

Ages are 0 to 55; the oldest eat all they have, and pay for taking their capital out. The newborn own nothing.
Productivity eta and depreciation delta take two values each, and leave them independently of each other.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import torch
from torch import Tensor, log, relu, stack

from surrogate.house.records import whole_number
from surrogate.models.interface import (
    Control,
    Markov,
    Model,
    Named,
    ParameterRange,
    Parameters,
    Period,
    Requirement,
    Values,
    Variable,
)
from surrogate.models.olg_calibration import (
    DEPRECIATION,
    GENERATIONS,
    KAPPA,
    LEAVES_DEPRECIATION,
    LEAVES_PRODUCTIVITY,
    PRODUCTIVITY,
    after_nothing,
    before_nothing,
    between,
    labor_of_ages,
)
from surrogate.models.olg_savers import LookAhead

FEWEST, MOST = 3, 1_000
AT_LIMIT = 2e-6
"""A choice so close to its limit is at it: more than single precision loses."""


def states_of(generations: int) -> tuple[Variable, ...]:
    """With so many generations."""
    held = f"held at ages 1 to {generations - 1}"
    return (
        Variable("capital", f"capital k {held}", "goods", generations - 1),
        Variable("bonds", f"bonds b {held}", "goods", generations - 1),
        Variable("productivity", "total factor productivity eta", "level"),
        Variable("depreciation", "depreciation rate delta", "share of capital"),
    )


def controls_of(generations: int) -> tuple[Control, ...]:
    """With so many generations."""
    at = f"at ages 0 to {generations - 2}"
    return (
        Control("capital_saved", f"capital a saved {at}", "goods", generations - 1, lower=0.0),
        Control("bonds_bought", f"bonds d bought {at}", "goods", generations - 1),
        Control("bond_price", "price p of a bond", "goods", lower=0.0),
    )


class OverlappingGenerations(LookAhead, Model):
    """Savers of every age choose capital and bonds; the price of bonds clears their market."""

    name = "olg"
    description = "Overlapping generations with capital, bonds and a collateral constraint"
    generations: ClassVar[int] = GENERATIONS
    states = states_of(GENERATIONS)
    controls = controls_of(GENERATIONS)
    feasible = (
        Requirement("Capital must not be negative", {"capital": 1.0}),
        Requirement("Capital must cover debt in bonds as its collateral", {"capital": 1.0, "bonds": KAPPA}),
        Requirement("Bonds of all ages must add up to nothing", {"bonds": 1.0}, upper=0.0, of="sum"),
    )
    parameters = (
        ParameterRange("beta", 0.92, 0.97, 0.95, "discount factor"),
        ParameterRange("gamma", 1.0, 4.0, 2.0, "relative risk aversion"),
        ParameterRange("zeta", 0.25, 1.0, 0.5, "adjustment cost of capital"),
        ParameterRange("alpha", 0.25, 0.35, 0.3, "capital share"),
    )
    shocks = (
        Markov(
            "productivity", "leaves today's value below the quantile of that chance", "standard deviations"
        ),
        Markov(
            "depreciation", "leaves today's value below the quantile of that chance", "standard deviations"
        ),
    )
    observables = (
        Variable("log_capital", "capital", "log"),
        Variable("log_output", "output", "log"),
        Variable("log_consumption", "consumption of all generations", "log"),
        Variable("gross_return", "gross return on capital", "ratio to the previous period"),
        Variable("bond_price", "price of a bond", "goods"),
        Variable("wealth_first", "capital and bonds of those in the first quarter of life", "share of all"),
        Variable("wealth_second", "of those in the second quarter", "share of all"),
        Variable("wealth_third", "of those in the third quarter", "share of all"),
    )
    equations = (
        Variable("capital", "consumption error of saving in capital, root mean square over ages", "share"),
        Variable("bonds", "consumption error of buying bonds, root mean square over ages", "share"),
        Variable("clearing", "bonds bought by all", "share of the capital saved"),
    )

    def labor(self, p: Parameters) -> Tensor:
        """Of each age, [S + 1]."""
        return labor_of_ages(self.generations).to(p.beta)

    def capital_of_all(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return now.capital.sum(-1)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """eta K^alpha L^(1 - alpha)."""
        labor = p.labor.sum()
        return now.productivity * labor * (now.capital_of_all / labor) ** p.alpha

    def gross_return(self, now: Period, p: Parameters) -> Tensor:
        """r."""
        return p.alpha * now.output / now.capital_of_all + 1 - now.depreciation

    def wage(self, now: Period, p: Parameters) -> Tensor:
        """w."""
        return (1 - p.alpha) * now.output / p.labor.sum()

    def wealth(self, now: Period, p: Parameters) -> Tensor:
        """r k of each age, [..., S + 1]."""
        return now.gross_return[..., None] * after_nothing(now.capital)

    def income(self, now: Period, p: Parameters) -> Tensor:
        """l w + b + r k of each age, [..., S + 1]."""
        return p.labor * now.wage[..., None] + after_nothing(now.bonds) + now.wealth

    def adjustment(self, now: Period, p: Parameters) -> Tensor:
        """D of each age, [..., S + 1]."""
        return before_nothing(now.capital_saved) - now.wealth

    def consumption(self, now: Period, p: Parameters) -> Tensor:
        """c of each age, [..., S + 1]."""
        saved = before_nothing(now.capital_saved + now.bond_price[..., None] * now.bonds_bought)
        return now.income - saved - p.zeta[..., None] / 2 * now.adjustment**2

    def price_of_capital(self, now: Period, p: Parameters) -> Tensor:
        """1 + zeta D of each age, [..., S + 1]."""
        return 1 + p.zeta[..., None] * now.adjustment

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Everybody grows older, and productivity and depreciation stay or leave."""
        return {
            "capital": now.capital_saved,
            "bonds": now.bonds_bought,
            "productivity": moved(now.productivity, PRODUCTIVITY, e.productivity),
            "depreciation": moved(now.depreciation, DEPRECIATION, e.depreciation),
        }

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Of leaving, outcome 0, and of staying."""
        leaves = {
            "productivity": between(now.productivity, PRODUCTIVITY, LEAVES_PRODUCTIVITY),
            "depreciation": between(now.depreciation, DEPRECIATION, LEAVES_DEPRECIATION),
        }
        return {name: stack([chance, 1 - chance], -1) for name, chance in leaves.items()}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit of capital and a bond are worth tomorrow, in marginal utility of today, [..., S]."""
        growth = then.consumption[..., 1:] / now.consumption[..., :-1]
        safe = p.beta[..., None] * growth ** -p.gamma[..., None]
        risky = safe * then.gross_return[..., None] * then.price_of_capital[..., 1:]
        return {"capital": risky, "bonds": safe}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of all savers, and whether bonds add up."""
        capital, bonds = self.of_savers(now, expected, p)
        return {
            "capital": (capital**2).mean(-1) ** 0.5,
            "bonds": (bonds**2).mean(-1) ** 0.5,
            "clearing": now.bonds_bought.sum(-1) / now.capital_saved.sum(-1),
        }

    def of_savers(self, now: Period, expected: Named, p: Parameters) -> tuple[Tensor, Tensor]:
        """Errors of saving in capital and of buying bonds, as shares of consumption, [..., S] each.

        Multipliers are what the equations leave room for where a limit binds: a wish for less than the limit
        is no error, a wish for more is one.
        """
        price, value = now.bond_price[..., None], now.price_of_capital[..., :-1]
        slack = now.capital_saved + KAPPA * now.bonds_bought
        mu = torch.where(slack < AT_LIMIT, relu(price - expected.bonds) / KAPPA, 0.0)
        multiplier = torch.where(now.capital_saved < AT_LIMIT, relu(value - mu - expected.capital), 0.0)
        power = -1 / p.gamma[..., None]
        capital = ((expected.capital + multiplier + mu) / value) ** power - 1
        return capital, ((expected.bonds + KAPPA * mu) / price) ** power - 1

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates, prices, and who owns how much; debts are less than nothing."""
        owned = after_nothing(then.capital + then.bonds) / then.capital_of_all[..., None]
        first, second, third, _ = owned.tensor_split(4, -1)
        return {
            "log_capital": log(then.capital_of_all),
            "log_output": log(then.output),
            "log_consumption": log(then.consumption.sum(-1)),
            "gross_return": then.gross_return,
            "bond_price": then.bond_price,
            "wealth_first": first.sum(-1),
            "wealth_second": second.sum(-1),
            "wealth_third": third.sum(-1),
        }


@cache
def overlapping_generations(generations: int = GENERATIONS) -> OverlappingGenerations:
    """The economy with so many generations.

    Raises:
        BadConfiguration: if there are fewer than three or more than a thousand: with two nobody lends.
    """
    number = whole_number("The number of generations", generations, FEWEST, MOST)
    own = {"generations": number, "states": states_of(number), "controls": controls_of(number)}
    name = f"OverlappingGenerationsOf{number}"
    return type(
        name, (OverlappingGenerations,), {**own, "written": OverlappingGenerations, "__module__": __name__}
    )()


def moved(today: Tensor, values: tuple[float, float], stays: Tensor) -> Tensor:
    """One of two `values` tomorrow, the other one than today's where `stays` is zero; what is between the
    two, as in the steady state, counts as the nearer one.
    """
    low, high = values
    is_low = (today < (low + high) / 2).to(today.dtype)
    return low + (high - low) * (is_low + stays * (1 - 2 * is_low))
