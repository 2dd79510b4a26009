"""Kase, Melosi and Rottner's New Keynesian economy with heterogeneous households, without the bound.

Detrended by productivity, with utility log c - chi h^(1+eta) / (1+eta) and productivity s of a household:

    r = R_-1 / (Pi abar e^z),   Y = N,   Div = N (1 - W),   W N - tau INT (W e^s h)^(1-gamma) = (r - 1) D
    h = [ c^-1 tau (1-gamma) (e^s W)^(1-gamma) / chi ]^(1/(eta+gamma))
    c + b' = tau (W e^s h)^(1-gamma) + r b + Div e^s / E[e^s],   b' >= B
    M(b', s) = beta R E[ e^(zeta'-zeta) c'(b', s')^-1 / (Pi' abar e^z') ],   c^-1 = M where b' > B
    phi (Pi/Pibar-1) Pi/Pibar = 1 - eps + eps W + beta phi E[ e^(zeta'-zeta) (Pi'/Pibar-1) Pi'/Pibar ]
    log R = log R_ss + theta_pi log(Pi/Pibar) + theta_y log(Y/Y_ss) + mp
    N = INT e^s h,   INT b' = D;   zeta, z, mp AR(1);   s AR(1) on five states (Rouwenhorst)

All households share one function, log M = log M_ss + sum_k log(worth_k) phi_k, whose worth_k move with the
aggregate state; given M and prices each household's choice is in closed form, its limit included. The state
is the mass of households at nodes of bonds and productivity. What savings miss of D is made up by all in
proportion to what they have above the limit, so that small errors of clearing do not add up.

Where the paper is silent: dividends are divided by E[e^s], so that goods and bonds clear together; the
monetary shock is persistent; R_ss and Y_ss are those without aggregate shocks.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch
from torch import Tensor, exp, log, where, zeros_like

from surrogate.models.endogenous_grid import consumption, moving_with, root
from surrogate.models.hank_aid import HankAid
from surrogate.models.hank_rest import DIRECTIONS, NODES, STATES, rouwenhorst
from surrogate.models.interface import Control, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.population import WithDistribution
from surrogate.models.wealth import WealthGrid

BETA = 0.9975  # discount factor
ETA = 0.72  # inverse labor supply elasticity
CHI = 0.74  # weight of labor
GAMMA = 0.18  # progressivity of the income tax
EPSILON = 11.0  # elasticity between varieties
BONDS = 1.0  # issued by the government
LOG_TARGET = math.log(1.00625)  # inflation
LOG_GROWTH = math.log(1.0033)  # of productivity, abar
LOG_WAGE = math.log((EPSILON - 1) / EPSILON)  # at rest
RHO_S = 0.9  # persistence of productivity s
RHO_ZETA = 0.7  # persistence of the preference shock

GRID = WealthGrid(NODES, top=20.0, power=2.5)
"""Bonds above the limit."""
SWITCHES = rouwenhorst(STATES, RHO_S)
ETA_OF_INCOME = (1 - GAMMA) / (ETA + GAMMA)
"""Per cent by which after-tax income falls with consumption."""
STEP = 1e-4
"""Of a difference in bonds, relative to one plus bonds above the limit."""
LEAST = 1e-4
"""Added to the share of households at a node where errors are averaged over nodes."""


class Hank(HankAid, WithDistribution):
    """Households with uninsured risk and a borrowing limit, Rotemberg pricing and three aggregate shocks."""

    name = "hank"
    description = (
        "New Keynesian model with heterogeneous households of Kase, Melosi and Rottner, without the bound"
    )
    parameters = (
        ParameterRange("sigma_s", 0.025, 0.1, 0.05, "sd of shocks to log productivity s"),
        ParameterRange("borrowing_limit", -0.65, -0.35, -0.5, "lowest bonds B", "quarterly output"),
        ParameterRange("phi", 70.0, 120.0, 100.0, "cost of adjusting prices"),
        ParameterRange("theta_pi", 1.75, 2.75, 2.25, "rule: response to inflation"),
        ParameterRange("theta_y", 0.75, 1.25, 1.0, "rule: response to output"),
        ParameterRange("rho_z", 0.2, 0.6, 0.4, "persistence of productivity growth"),
        ParameterRange("rho_m", 0.85, 0.95, 0.9, "persistence of the monetary shock"),
        ParameterRange("sigma_zeta", 0.01, 0.02, 0.015, "sd of preference shocks"),
        ParameterRange("sigma_z", 0.003, 0.006, 0.004, "sd of productivity growth shocks"),
        ParameterRange("sigma_m", 0.0005, 0.002, 0.0006, "sd of monetary shocks"),
    )
    tabulated = parameters
    states = (
        Variable("wealth", "households at nodes of bonds, by productivity", "share", STATES * NODES),
        Variable("interest_rate_lag", "gross nominal interest rate of the previous quarter", "log"),
        Variable("preference", "preference shock zeta", "log"),
        Variable("growth", "productivity growth relative to trend", "log"),
        Variable("monetary", "monetary policy shock", "log"),
    )
    controls = (
        Control("inflation", "gross inflation", "ratio to the previous quarter", lower=0.0),
        Control("wage", "wage in efficiency units", "goods", lower=0.0),
        Control("tax", "level tau of after-tax income", "level", lower=0.0),
        Control("output", "output relative to productivity", "goods", lower=0.0),
        Control(
            "worth", "what savings are worth, in each direction", "relative to rest", DIRECTIONS, lower=0.0
        ),
    )
    shocks = (
        Variable("preference", "preference shock", "standard deviations"),
        Variable("growth", "productivity growth shock", "standard deviations"),
        Variable("monetary", "monetary policy shock", "standard deviations"),
    )
    observables = (
        Variable("output_growth", "growth of output", "percent a quarter"),
        Variable("inflation", "inflation", "percent a year"),
        Variable("interest_rate", "nominal interest rate", "percent a year"),
        Variable("gini", "Gini coefficient of bonds"),
        Variable("share_at_limit", "households at the borrowing limit", "share"),
        Variable("share_of_debtors", "households in debt", "share"),
    )
    equations = (
        Variable("phillips", "error of the Phillips curve, in the wage", "share"),
        Variable("hours", "hours that are not worked", "share of output"),
        Variable("budget", "deficit of the government", "share of output"),
        Variable("bonds", "bonds that are not held", "share of output"),
        Variable(
            "euler", "error of what savings are worth, by direction", "share of consumption", DIRECTIONS
        ),
        Variable("euler_mean", "mean consumption error of all households", "share of consumption"),
    )
    adding_up = ("bonds", "euler_mean")
    preference_persistence, log_target, log_wage = RHO_ZETA, LOG_TARGET, LOG_WAGE

    def bonds_above(self, p: Parameters) -> Tensor:
        """b - B at the nodes, [NODES]."""
        return GRID.nodes(p.sigma_s)

    def productivity(self, p: Parameters) -> Tensor:
        """e^s, [..., STATES, 1]."""
        places = torch.linspace(-1, 1, STATES).to(p.sigma_s) * ((STATES - 1) / (1 - RHO_S**2)) ** 0.5
        return exp(p.sigma_s[..., None, None] * places[:, None])

    def dividend_shares(self, p: Parameters) -> Tensor:
        """e^s / E[e^s], [..., STATES, 1]."""
        chances = p.sigma_s.new_tensor([math.comb(STATES - 1, k) / 2 ** (STATES - 1) for k in range(STATES)])
        return p.productivity / (chances[:, None] * p.productivity).sum(-2, keepdim=True)

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross nominal rate that the rule sets."""
        response = p.theta_pi * now.price_gap_log + p.theta_y * (log(now.output) - p.rest.log_output)
        return p.rest.log_rate + response + now.monetary

    def price_gap_log(self, now: Period, p: Parameters) -> Tensor:
        """log Pi / Pibar."""
        return log(now.inflation) - LOG_TARGET

    def price_cost(self, now: Period, p: Parameters) -> Tensor:
        """(Pi/Pibar - 1) Pi/Pibar."""
        gap = exp(now.price_gap_log)
        return (gap - 1) * gap

    def real_return(self, now: Period, p: Parameters) -> Tensor:
        """r."""
        return exp(now.interest_rate_lag - LOG_GROWTH - now.growth) / now.inflation

    def log_worth(self, now: Period, p: Parameters) -> Tensor:
        """log M of those who carry the bonds of each node over, [..., STATES, NODES]."""
        return p.rest.log_worth + (p.rest.directions * log(now.worth)[..., None, None]).sum(-3)

    def log_earnings(self, now: Period, p: Parameters) -> Tensor:
        """log of W e^s h c^(1/(eta+gamma)): earnings of those who consume one, [..., STATES, 1]."""
        wage = log(at_nodes(now.wage) * p.productivity)
        hours = (log(at_nodes(now.tax) * (1 - GAMMA) / CHI) + (1 - GAMMA) * wage) / (ETA + GAMMA)
        return wage + hours

    def income(self, now: Named, consumed: Tensor) -> Tensor:
        """tau (W e^s h)^(1-gamma) of those who consume so much, [..., STATES, n]."""
        earnings = now.log_earnings - log(consumed) / (ETA + GAMMA)
        return at_nodes(now.tax) * exp((1 - GAMMA) * earnings)

    def received(self, now: Period, p: Parameters) -> Tensor:
        """r B + Div e^s / E[e^s] - B: what those at the limit have beside earnings, [..., STATES, 1]."""
        dividends = at_nodes(now.output * (1 - now.wage)) * p.dividend_shares
        return dividends + at_nodes((now.real_return - 1) * p.borrowing_limit)

    def solution(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """Consumption of the households at each node and whether they are at the limit, as numbers without
        derivatives, [..., STATES, NODES] each.
        """
        fixed = constants(now)
        rate, today = at_nodes(fixed.real_return), exp(-fixed.log_worth)
        held = (today + p.bonds_above - self.income(fixed, today) - fixed.received) / rate
        cash = rate * p.bonds_above + fixed.received
        return consumption(
            today,
            held,
            p.bonds_above,
            lambda guess: root(
                lambda c: c - self.income(fixed, c) - cash,
                lambda c: 1 + ETA_OF_INCOME * self.income(fixed, c) / c,
                guess.expand_as(cash),
            ),
        )

    def household_knows(self, now: Period, p: Parameters) -> Tensor:
        """What decides households' choices: r, tau, W, Y and the logs of what savings are worth,
        [..., 4 + DIRECTIONS].
        """
        prices = torch.broadcast_tensors(now.real_return, now.tax, now.wage, now.output)
        return torch.cat([torch.stack(prices, -1), log(now.worth)], -1)

    def slopes(self, now: Period, p: Parameters) -> Tensor:
        """By how much consumption moves with what households know, as numbers without derivatives,
        [..., 4 + DIRECTIONS, STATES, NODES]: by the Euler equation or, at the limit, the budget.
        """
        (consumed, bound), fixed = now.solution, constants(now)
        income = self.income(fixed, consumed)
        by_consumption = (-1 - ETA_OF_INCOME * income / consumed).unsqueeze(-3)
        by_prices = torch.stack(torch.broadcast_tensors(*self.budget_moves(fixed, income, p)), -3)
        place = at_nodes(fixed.real_return) * p.bonds_above + fixed.received + income - consumed
        step = STEP * (1 + place)
        here, ahead = (GRID.interpolated(fixed.log_worth, each) for each in (place, place + step))
        bend = ((ahead - here) / step).unsqueeze(-3)
        by_worth = GRID.interpolated(p.rest.directions, place.unsqueeze(-3))
        stays = 1 / consumed.unsqueeze(-3) + bend * by_consumption
        euler = torch.cat([bend * by_prices, by_worth], -3) / stays
        budget = torch.cat([by_prices / by_consumption, zeros_like(by_worth)], -3)
        return -where(bound.unsqueeze(-3), budget, euler)

    def budget_moves(self, now: Named, income: Tensor, p: Parameters) -> tuple[Tensor, ...]:
        """By how much b' moves with r, tau, W and Y where consumption stays, [..., STATES, NODES] each."""
        own = (1 + ETA_OF_INCOME) * income
        by_wage = (1 - GAMMA) * own / at_nodes(now.wage) - at_nodes(now.output) * p.dividend_shares
        by_output = at_nodes(1 - now.wage) * p.dividend_shares
        return p.bonds_above + at_nodes(p.borrowing_limit), own / at_nodes(now.tax), by_wage, by_output

    def consumed(self, now: Period, p: Parameters) -> Tensor:
        """c at the nodes, [..., STATES, NODES]."""
        consumed, _ = now.solution
        return moving_with(consumed, now.household_knows, now.slopes) if torch.is_grad_enabled() else consumed

    def above_limit(self, now: Period, p: Parameters) -> Tensor:
        """b' - B of the households at each node, [..., STATES, NODES]."""
        cash = at_nodes(now.real_return) * p.bonds_above + now.received
        saved = cash + self.income(now, now.consumed) - now.consumed
        return where(now.solution[1], zeros_like(saved), saved)

    def mass(self, now: Period, p: Parameters) -> Tensor:
        """Households at the nodes, [..., STATES, NODES]."""
        return now.wealth.unflatten(-1, (STATES, NODES))

    def earnings(self, now: Period, p: Parameters) -> Tensor:
        """W e^s h at the nodes, [..., STATES, NODES]."""
        return exp(now.log_earnings - log(now.consumed) / (ETA + GAMMA))

    def saved(self, now: Period, p: Parameters) -> Tensor:
        """INT b' - B."""
        return (now.mass * now.above_limit).sum((-1, -2))

    def wealth_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """Savings that add up to D move households over the nodes, and then their productivity changes."""
        cleared = now.above_limit * at_nodes((BONDS - p.borrowing_limit) / now.saved)
        moved = switches(now.wealth).T @ GRID.move(now.mass, cleared)
        return (moved / moved.sum((-1, -2), keepdim=True)).flatten(-2)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """The rate of today is lagged tomorrow, and the rest is exogenous."""
        return {
            "wealth": now.wealth_tomorrow,
            "interest_rate_lag": now.log_rate,
            "preference": RHO_ZETA * now.preference + p.sigma_zeta * e.preference,
            "growth": p.rho_z * now.growth + p.sigma_z * e.growth,
            "monetary": p.rho_m * now.monetary + p.sigma_m * e.monetary,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit saved brings at each node of tomorrow's bonds and productivity, and what the Phillips
        curve expects.
        """
        patience = exp(then.preference - now.preference)
        return {
            "marginal_value": (at_nodes(patience * then.real_return) / then.consumed).flatten(-2),
            "price": patience * then.price_cost,
        }

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of the Phillips curve, three markets and the households."""
        errors = worth_errors(now, expected)
        mass = p.rest.mass.clamp_min(0.0) + LEAST
        weighted = (p.rest.directions * mass.unsqueeze(-3)).flatten(-2)
        gram = weighted @ p.rest.directions.flatten(-2).mT
        along = torch.linalg.solve(gram, weighted @ errors.flatten(-2).unsqueeze(-1)).squeeze(-1)
        hours = (now.mass * now.earnings).sum((-1, -2)) / now.wage
        after_tax = now.tax * (now.mass * now.earnings ** (1 - GAMMA)).sum((-1, -2))
        wage_change = p.phi * (now.price_cost - BETA * expected.price) / EPSILON + (EPSILON - 1) / EPSILON
        return {
            "phillips": wage_change - now.wage,
            "hours": log(hours / now.output),
            "budget": (after_tax + (now.real_return - 1) * BONDS - now.wage * hours) / now.output,
            "bonds": (now.saved + p.borrowing_limit - BONDS) / now.output,
            "euler": along,
            "euler_mean": (p.rest.mass * errors).sum((-1, -2)),
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates as the data have them, and the distribution of bonds at the start of the quarter."""
        mass = then.mass.sum(-2)
        bonds = p.bonds_above + p.borrowing_limit[..., None]
        owned = mass * bonds
        below = owned.cumsum(-1) - owned / 2
        edges = (bonds[..., 1:] + bonds[..., :-1]) / 2
        low = torch.cat([bonds[..., :1], edges], -1)
        high = torch.cat([edges, 2 * bonds[..., -1:] - edges[..., -1:]], -1)
        in_debt = (-low / (high - low)).clamp(0.0, 1.0)
        in_debt = torch.cat([torch.ones_like(in_debt[..., :1]), in_debt[..., 1:]], -1)
        return {
            "output_growth": 100 * (log(then.output / now.output) + LOG_GROWTH + then.growth),
            "inflation": 400 * log(then.inflation),
            "interest_rate": 400 * then.log_rate,
            "gini": 1 - 2 * (mass * below).sum(-1) / owned.sum(-1),
            "share_at_limit": mass[..., 0],
            "share_of_debtors": (mass * in_debt).sum(-1),
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without aggregate shocks, by the tables."""
        zero = zeros_like(p.phi)
        states = {
            "wealth": p.rest.mass.flatten(-2),
            "interest_rate_lag": p.rest.log_rate,
            "preference": zero,
            "growth": zero,
            "monetary": zero,
        }
        return states, {
            "inflation": exp(zero + LOG_TARGET),
            "wage": exp(zero + LOG_WAGE),
            "tax": exp(p.rest.log_tax),
            "output": exp(p.rest.log_output),
            "worth": exp(zero[..., None].expand(*zero.shape, DIRECTIONS)),
        }


def constants(now: Period) -> Named:
    """What a household needs to know of the period, without derivatives."""
    names = ("real_return", "log_worth", "received", "log_earnings", "tax", "wage", "output")
    return SimpleNamespace(**{name: getattr(now, name).detach() for name in names})


def at_nodes(values: Tensor) -> Tensor:
    """[...] as [..., 1, 1]."""
    return values[..., None, None]


def switches(like: Tensor) -> Tensor:
    """Probabilities [STATES, STATES] of tomorrow's productivity, by today's."""
    return like.new_tensor(SWITCHES)


def worth_errors(now: Period, expected: Named) -> Tensor:
    """log of what savings bring over what they are taken to be worth, at each node, [..., STATES, NODES]."""
    brought = switches(expected.price) @ expected.marginal_value.unflatten(-1, (STATES, NODES))
    return log(BETA * brought) - now.log_worth
