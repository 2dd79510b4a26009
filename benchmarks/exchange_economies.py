"""Three economies in which many people choose, as `benchmarks.exchange` trains them: plain, at one
calibration, such that networks and losses can be exchanged.

A chooser has `held` assets and makes raw numbers of a network into choices around those of the steady state.
In a period the chooser's next self is one age older, or oneself with another job.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, cat, einsum, exp, log, sigmoid, stack
from torch.nn.functional import softplus

from surrogate.models.interface import Model
from surrogate.models.olg import overlapping_generations
from surrogate.models.olg_analytic import AnalyticOverlappingGenerations
from surrogate.models.olg_calibration import (
    DEPRECIATION,
    KAPPA,
    LEAVES_DEPRECIATION,
    LEAVES_PRODUCTIVITY,
    PRODUCTIVITY,
    labor_of_ages,
)
from surrogate.models.olg_savers import chance_of_high
from surrogate.reference.krusell_smith_economy import DEFAULT, HOURS, Chain

LEAST = 1e-3
"""Consumption, where a network that is not trained wants none."""


class Choice(NamedTuple):
    """consumption [..., n]; saved, cost (of a unit, in goods) and multiplier (in marginal utility of today)
    [..., n, k] of k assets; rest [..., m], what else must be zero.
    """

    consumption: Tensor
    saved: Tensor
    cost: Tensor
    multiplier: Tensor
    rest: Tensor


class Exchanged(ABC):
    """n choosers with k assets each."""

    name: str
    n: int
    n_assets: int
    n_raw: int
    """Numbers of each chooser."""
    n_prices: int = 0
    at_once: bool = True
    """Whether a network of the whole state makes the numbers of all choosers at once."""
    beta: float
    gamma: float

    def utility(self, c: Tensor) -> Tensor:
        """Of consumption."""
        return log(c) if self.gamma == 1 else c ** (1 - self.gamma) / (1 - self.gamma)

    @abstractmethod
    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """States [count, s] to begin with."""

    @abstractmethod
    def held(self, s: Tensor) -> Tensor:
        """Of each chooser, [..., n, k]."""

    @abstractmethod
    def own(self, s: Tensor, held: Tensor, job: float | None = None) -> Tensor:
        """What choosers see of themselves [..., n, f]."""

    @abstractmethod
    def together(self, s: Tensor) -> Tensor:
        """Aggregates."""

    @abstractmethod
    def everything(self, s: Tensor) -> Tensor:
        """The whole state, standardised."""

    @abstractmethod
    def choose(
        self, s: Tensor, held: Tensor, raw: Tensor, prices: Tensor, job: float | None = None
    ) -> Choice:
        """What raw numbers [..., n, m] and those of prices mean."""

    @abstractmethod
    def chances(self, s: Tensor) -> Tensor:
        """Of the outcomes that matter to each chooser, [..., n, q]."""

    @abstractmethod
    def tomorrow(self, s: Tensor, saved: Tensor, outcome: int, luck: Tensor) -> Tensor:
        """States after an outcome, and luck [..., n] of all others."""

    def job(self, outcome: int) -> float | None:
        """That a chooser has after an outcome, where there are jobs."""
        return None

    @abstractmethod
    def later(self, s: Tensor, choice: Choice, held: Tensor) -> tuple[Tensor, Tensor]:
        """Consumption [..., n] and payoffs [..., n, k] of next selves who own `held`, from what choosers do
        then.
        """

    def next_values(self, s: Tensor, held: Tensor, values: Tensor) -> Tensor:
        """Values [..., n] of next selves who own `held` [..., n, k], from those of choosers then [..., n]."""
        return values

    def next_held(self, held: Tensor) -> Tensor:
        """What choosers of tomorrow own, from what next selves do."""
        return held

    @abstractmethod
    def values_at_rest(self) -> Tensor:
        """[n], where the search for values begins."""

    @abstractmethod
    def settled(self, s: Tensor) -> Tensor:
        """Whether an economy is anywhere near where it should be."""


def around(rest: Tensor, raw: Tensor) -> Tensor:
    """A positive number, `rest` where raw is zero."""
    rest = rest.clamp_min(LEAST)
    return softplus(log(torch.expm1(rest)) + raw)


class Generations(Exchanged):
    """Choosers are all ages but the oldest, and grow older."""

    def __init__(self, model: Model) -> None:
        p = model.name_parameters(model.default_parameters())
        self.at_rest = model.at_rest(p)
        self.consumption_at_rest: Tensor = self.at_rest.consumption

    def ages(self, s: Tensor) -> Tensor:
        """One in n, [..., n, n]."""
        return torch.eye(self.n).to(s).expand(*s.shape[:-1], self.n, self.n)

    def next_held(self, held: Tensor) -> Tensor:
        """The newborn own nothing, and the oldest do not choose."""
        return cat([0 * held[..., :1, :], held[..., :-1, :]], -2)

    def values_at_rest(self) -> Tensor:
        """Of consumption without shocks."""
        value, found = self.utility(self.consumption_at_rest[-1]), []
        for c in self.consumption_at_rest[:-1].flip(0):
            value = self.utility(c) + self.beta * value
            found.append(value)
        return stack(found[::-1])

    def next_values(self, s: Tensor, held: Tensor, values: Tensor) -> Tensor:
        """The oldest eat what they have."""
        oldest = self.utility(self.eaten_by_oldest(s, held[..., -1, :]).clamp_min(LEAST))
        return cat([values[..., 1:], oldest[..., None]], -1)

    @abstractmethod
    def eaten_by_oldest(self, s: Tensor, held: Tensor) -> Tensor:
        """Who own `held` [..., k]."""


class Analytic(Generations):
    """Six generations, of whom the newborn work: `olg_analytic`, alpha .3 and beta .7. One asset."""

    name, n, n_assets, n_raw = "olg_analytic", 5, 1, 1
    alpha, beta, gamma = 0.3, 0.7, 1.0

    def __init__(self) -> None:
        super().__init__(AnalyticOverlappingGenerations())
        self.assets, self.rates = self.at_rest.assets, self.at_rest.saving_rate
        left = torch.arange(5, 0, -1, dtype=torch.float64)
        self.exact = self.beta * (1 - self.beta**left) / (1 - self.beta ** (left + 1))

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Near the steady state."""
        noise = torch.randn(count, 5, generator=generator, dtype=torch.float64)
        draws = (torch.rand(count, 2, generator=generator) < 0.5).double()
        return cat([self.assets * exp(0.1 * noise), 0.95 + 0.1 * draws[:, :1], 0.5 + 0.4 * draws[:, 1:]], -1)

    def prices(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """Gross return and wage [..., 1]."""
        capital = s[..., :5].sum(-1, keepdim=True)
        output = s[..., 5:6] * capital**self.alpha
        return self.alpha * output / capital + 1 - s[..., 6:], (1 - self.alpha) * output

    def income(self, s: Tensor, held: Tensor) -> Tensor:
        """Of choosers."""
        r, w = self.prices(s)
        return r * held[..., 0] + cat([w, 0 * held[..., 1:, 0]], -1)

    def held(self, s: Tensor) -> Tensor:
        """The newborn own nothing."""
        return cat([0 * s[..., :1], s[..., :4]], -1)[..., None]

    def own(self, s: Tensor, held: Tensor, job: float | None = None) -> Tensor:
        """Income and what one owns."""
        income = log(self.income(s, held).clamp_min(LEAST))
        return cat([stack([income, held[..., 0] / self.assets.mean()], -1), self.ages(s)], -1)

    def together(self, s: Tensor) -> Tensor:
        """Capital and shocks."""
        capital = log(s[..., :5].sum(-1, keepdim=True) / self.assets.sum())
        return cat([capital / 0.1, (s[..., 5:6] - 1) / 0.05, (s[..., 6:] - 0.7) / 0.2], -1)

    def everything(self, s: Tensor) -> Tensor:
        """All assets and shocks."""
        return cat([log(s[..., :5] / self.assets) / 0.2, self.together(s)[..., 1:]], -1)

    def choose(
        self, s: Tensor, held: Tensor, raw: Tensor, prices: Tensor, job: float | None = None
    ) -> Choice:
        """Saving rates; without shocks they are the solution, so half of them are where the search begins."""
        income, rate = self.income(s, held), sigmoid(raw[..., 0])
        saved = (rate * income)[..., None]
        nothing = torch.zeros_like(saved)
        return Choice(income - saved[..., 0], saved, nothing + 1, nothing, saved[..., 0, :0])

    def chances(self, s: Tensor) -> Tensor:
        """Four states, equally likely."""
        return torch.full((4,), 0.25).to(s).expand(*s.shape[:-1], 5, 4)

    def tomorrow(self, s: Tensor, saved: Tensor, outcome: int, luck: Tensor) -> Tensor:
        """Everybody is one older."""
        shocks = s.new_tensor([0.95 + 0.1 * (outcome % 2), 0.5 + 0.4 * (outcome // 2)])
        return cat([saved[..., 0], shocks.expand(*s.shape[:-1], 2)], -1)

    def later(self, s: Tensor, choice: Choice, held: Tensor) -> tuple[Tensor, Tensor]:
        """All get the return."""
        oldest = self.eaten_by_oldest(s, held[..., -1, :])
        payoff = self.prices(s)[0].expand_as(choice.consumption)
        return cat([choice.consumption[..., 1:], oldest[..., None]], -1), payoff[..., None]

    def eaten_by_oldest(self, s: Tensor, held: Tensor) -> Tensor:
        """Capital with its return."""
        return (self.prices(s)[0] * held)[..., 0]

    def settled(self, s: Tensor) -> Tensor:
        """Capital within a log point."""
        return log(s[..., :5].sum(-1) / self.assets.sum()).abs() < 1.0


class Portfolios(Generations):
    """`olg` with six generations at the published calibration: capital and bonds, and a price."""

    name, n, n_assets, n_raw, n_prices = "olg, six generations", 5, 2, 4, 1
    beta, gamma, zeta, alpha = 0.95, 2.0, 0.5, 0.3

    def __init__(self) -> None:
        super().__init__(overlapping_generations(6))
        now = self.at_rest
        self.labor, self.capital, self.bonds = labor_of_ages(6), now.capital, now.bonds
        self.slack, self.price = now.capital + KAPPA * now.bonds, now.bond_price

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Near the steady state."""
        noise = torch.randn(count, 5, generator=generator, dtype=torch.float64)
        draws = (torch.rand(count, 2, generator=generator) < 0.5).double()
        shocks = [
            low + (high - low) * u[:, None]
            for (low, high), u in zip((PRODUCTIVITY, DEPRECIATION), draws.T, strict=True)
        ]
        return cat([self.capital * exp(0.05 * noise), self.bonds.expand(count, 5), *shocks], -1)

    def prices_of_capital(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """Gross return and wage [..., 1]."""
        labor = self.labor.sum()
        output = s[..., 10:11] * (s[..., :5].sum(-1, keepdim=True).clamp_min(LEAST) / labor) ** self.alpha
        per_labor = s[..., :5].sum(-1, keepdim=True).clamp_min(LEAST) / labor
        return self.alpha * output / per_labor + 1 - s[..., 11:], (1 - self.alpha) * output

    def held(self, s: Tensor) -> Tensor:
        """The newborn own nothing."""
        return self.next_held(stack([s[..., :5], s[..., 5:10]], -1))

    def own(self, s: Tensor, held: Tensor, job: float | None = None) -> Tensor:
        """What one owns, and income."""
        r, w = self.prices_of_capital(s)
        income = self.labor[:5] * w + held[..., 1] + r * held[..., 0]
        return cat([held, income[..., None] - 1, self.ages(s)], -1)

    def together(self, s: Tensor) -> Tensor:
        """Capital and where it and bonds are, and shocks."""
        age = torch.linspace(-1, 1, 5).to(s)
        k, b = s[..., :5] - self.capital, s[..., 5:10] - self.bonds
        capital = log(s[..., :5].sum(-1).clamp_min(LEAST) / self.capital.sum())
        return stack([capital / 0.05, k @ age / 0.05, b @ age / 0.05, *self.shocks(s)], -1)

    def shocks(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """Between -1 and 1."""
        pairs = ((s[..., 10], PRODUCTIVITY), (s[..., 11], DEPRECIATION))
        first, second = ((2 * value - low - high) / (high - low) for value, (low, high) in pairs)
        return first, second

    def everything(self, s: Tensor) -> Tensor:
        """All that is held, and shocks."""
        return cat(
            [
                (s[..., :5] - self.capital) / 0.05,
                (s[..., 5:10] - self.bonds) / 0.05,
                stack(self.shocks(s), -1),
            ],
            -1,
        )

    def choose(
        self, s: Tensor, held: Tensor, raw: Tensor, prices: Tensor, job: float | None = None
    ) -> Choice:
        """Capital, the slack of collateral and both multipliers are positive; bonds need not add up."""
        r, w = self.prices_of_capital(s)
        saved, slack = around(self.capital, raw[..., 0]), around(self.slack, raw[..., 1])
        of_limit, of_collateral = (around(torch.full_like(self.capital, 0.01), raw[..., k]) for k in (2, 3))
        bought, price = (slack - saved) / KAPPA, self.price * exp(0.1 * prices)
        change = saved - r * held[..., 0]
        c = (
            self.labor[:5] * w
            + held[..., 1]
            + r * held[..., 0]
            - price * bought
            - saved
            - self.zeta / 2 * change**2
        )
        cost = stack([1 + self.zeta * change, price.expand_as(change)], -1)
        multiplier = stack([of_limit + of_collateral, KAPPA * of_collateral], -1)
        off = bought.sum(-1, keepdim=True) / saved.sum(-1, keepdim=True)
        rest = cat([saved * of_limit, slack * of_collateral, off], -1)
        return Choice(c, stack([saved, bought], -1), cost, multiplier, rest)

    def chances(self, s: Tensor) -> Tensor:
        """Of low and high productivity, for low and then for high depreciation."""
        of_productivity = chance_of_high(s[..., 10], PRODUCTIVITY, LEAVES_PRODUCTIVITY)
        of_depreciation = chance_of_high(s[..., 11], DEPRECIATION, LEAVES_DEPRECIATION)
        joint = (of_depreciation[..., :, None] * of_productivity[..., None, :]).flatten(-2)
        return joint[..., None, :].expand(*joint.shape[:-1], 5, 4)

    def tomorrow(self, s: Tensor, saved: Tensor, outcome: int, luck: Tensor) -> Tensor:
        """Everybody is one older."""
        shocks = s.new_tensor([PRODUCTIVITY[outcome % 2], DEPRECIATION[outcome // 2]])
        return cat([saved[..., 0], saved[..., 1], shocks.expand(*s.shape[:-1], 2)], -1)

    def later(self, s: Tensor, choice: Choice, held: Tensor) -> tuple[Tensor, Tensor]:
        """Capital has its return and saves the cost of changing it."""
        r, _ = self.prices_of_capital(s)
        oldest = self.eaten_by_oldest(s, held[..., -1, :])
        value = cat([choice.cost[..., 1:, 0], 1 - self.zeta * r * held[..., -1:, 0]], -1)
        payoff = stack([r * value, torch.ones_like(value)], -1)
        return cat([choice.consumption[..., 1:], oldest[..., None]], -1), payoff

    def eaten_by_oldest(self, s: Tensor, held: Tensor) -> Tensor:
        """Wage, bonds and capital, less the cost of taking it out."""
        r, w = (each[..., 0] for each in self.prices_of_capital(s))
        wealth = r * held[..., 0]
        return self.labor[5] * w + held[..., 1] + wealth - self.zeta / 2 * wealth**2

    def settled(self, s: Tensor) -> Tensor:
        """Capital within a log point, and bonds no larger than that."""
        total = s[..., :5].sum(-1)
        return (log(total / self.capital.sum()).abs() < 1.0) & (s[..., 5:10].abs().amax(-1) < total)


class Agents(Exchanged):
    """Krusell and Smith's economy with ten households in the calibration of Den Haan, Judd and Juillard. The
    whole state is seen beside oneself, whose job next quarter is not that which luck gives in the state.
    """

    name, n, n_assets, n_raw, at_once = "Krusell and Smith, ten households", 10, 1, 2, False
    beta, gamma = DEFAULT["beta"], DEFAULT["gamma"]

    def __init__(self) -> None:
        chain = Chain()
        self.productivity = torch.from_numpy(chain.productivity)
        self.employment = torch.from_numpy(chain.employment)
        self.unemployment = torch.tensor(chain.unemployment, dtype=torch.float64)
        labor, alpha = HOURS * (1 - self.unemployment.mean()), DEFAULT["alpha"]
        rental = 1 / self.beta - 1 + DEFAULT["delta"]
        self.capital = labor * (alpha / rental) ** (1 / (1 - alpha))
        self.eaten = self.capital * (rental / alpha - DEFAULT["delta"])

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Log-normal wealth."""
        noise = torch.randn(count, 10, generator=generator, dtype=torch.float64)
        u = torch.rand(count, 11, generator=generator, dtype=torch.float64)
        boom = (u[:, :1] < 0.5).double()
        job = (u[:, 1:] > self.unemployment[boom.long()]).double()
        return cat([self.capital * exp(0.5 * noise - 0.125), job, boom], -1)

    def prices(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """Gross return, and income without and with a job, [..., 1] and [..., 2]."""
        boom, alpha, mu = s[..., 20:], DEFAULT["alpha"], DEFAULT["mu"]
        unemployed = self.unemployment[0] + boom * (self.unemployment[1] - self.unemployment[0])
        per_labor = s[..., :10].mean(-1, keepdim=True).clamp_min(LEAST) / (HOURS * (1 - unemployed))
        output = (1 + DEFAULT["dz"] * (2 * boom - 1)) * per_labor**alpha
        wage = (1 - alpha) * output
        paid = HOURS - mu * unemployed / (1 - unemployed)
        return 1 - DEFAULT["delta"] + alpha * output / per_labor, cat([mu * wage, paid * wage], -1)

    def jobs(self, s: Tensor, job: float | None) -> Tensor:
        """Those of the state, or all alike."""
        return s[..., 10:20] if job is None else torch.full_like(s[..., 10:20], job)

    def cash(self, s: Tensor, held: Tensor, job: float | None) -> Tensor:
        """On hand."""
        r, income = self.prices(s)
        works = self.jobs(s, job)
        return r * held[..., 0] + income[..., :1] + works * (income[..., 1:] - income[..., :1])

    def held(self, s: Tensor) -> Tensor:
        """Wealth."""
        return s[..., :10, None]

    def own(self, s: Tensor, held: Tensor, job: float | None = None) -> Tensor:
        """Wealth and job."""
        cash = log(self.cash(s, held, job).clamp_min(LEAST) / self.capital)
        return stack([held[..., 0] / self.capital - 1, cash, self.jobs(s, job)], -1)

    def together(self, s: Tensor) -> Tensor:
        """Capital, and whether there is a boom."""
        return cat(
            [log(s[..., :10].mean(-1, keepdim=True).clamp_min(LEAST) / self.capital) / 0.1, s[..., 20:]], -1
        )

    def everything(self, s: Tensor) -> Tensor:
        """Wealth and jobs of all."""
        return cat([s[..., :10] / self.capital - 1, s[..., 10:]], -1)

    def choose(
        self, s: Tensor, held: Tensor, raw: Tensor, prices: Tensor, job: float | None = None
    ) -> Choice:
        """A share of cash is saved, at first what keeps wealth where it is."""
        cash = self.cash(s, held, job)
        rest = ((cash - self.eaten + 0.01 * (self.capital - held[..., 0])) / cash).clamp(0.05, 0.99)
        share = sigmoid(log(rest / (1 - rest)) + raw[..., 0])
        saved, multiplier = (share * cash)[..., None], around(torch.full_like(share, 0.01), raw[..., 1])
        return Choice(
            cash - saved[..., 0], saved, torch.ones_like(saved), multiplier[..., None], share * multiplier
        )

    def chances(self, s: Tensor) -> Tensor:
        """Bust or boom, without and then with a job."""
        today, works = two(s[..., 20]), two(s[..., 10:20])
        joint = einsum("...z,zy,zyex,...ne->...nyx", today, self.productivity, self.employment, works)
        return joint.flatten(-2)

    def job(self, outcome: int) -> float | None:
        """The last digit."""
        return float(outcome % 2)

    def tomorrow(self, s: Tensor, saved: Tensor, outcome: int, luck: Tensor) -> Tensor:
        """Savings are wealth, and luck gives jobs."""
        moves = self.employment[:, outcome // 2, :, 0]
        unemployed = einsum("...z,ze,...ne->...n", two(s[..., 20]), moves, two(s[..., 10:20]))
        boom = torch.full_like(s[..., 20:], float(outcome // 2))
        return cat([saved[..., 0], (luck > unemployed).to(s), boom], -1)

    def later(self, s: Tensor, choice: Choice, held: Tensor) -> tuple[Tensor, Tensor]:
        """All get the return."""
        return choice.consumption, self.prices(s)[0].expand_as(choice.consumption)[..., None]

    def values_at_rest(self) -> Tensor:
        """Of eating what is left without shocks, for ever."""
        return (self.utility(self.eaten) / (1 - self.beta)).expand(10)

    def settled(self, s: Tensor) -> Tensor:
        """Capital within a log point."""
        return log(s[..., :10].mean(-1) / self.capital).abs() < 1.0


def two(share: Tensor) -> Tensor:
    """Of the first and of the second, [..., 2]."""
    return stack([1 - share, share], -1)
