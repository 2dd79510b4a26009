"""Six overlapping generations with a closed form (Huffman 1987; Krueger and Kubler 2004).

Y = eta K^alpha,   w = (1 - alpha) Y,   r = alpha Y / K + 1 - delta,   K = sum of assets
income^1 = w,   income^h = r k^h,   c^h = income^h - a^h,   k'^(h+1) = a^h,   h = 1..6, k^1 = a^6 = 0
1 / c^h = beta E[ r' / c'^(h+1) ],   h = 1..5
eta in {.95, 1.05} and delta in {.5, .9}: four equally likely states

Only the newborn work, so a generation's income is proportional to one random number and log utility makes
saving a share of it that depends on beta and age alone: beta (1 - beta^(6-h)) / (1 - beta^(7-h)), whatever
the prices.
"""

from __future__ import annotations

import torch
from torch import Tensor, cat, exp, log

from surrogate.models import Control, Markov, Model, ParameterRange, Parameters, Period, Variable
from surrogate.models.variables import Named, Values

GENERATIONS = 6
SAVERS = GENERATIONS - 1
MEAN_DEPRECIATION = 0.7
NEWTON_STEPS = 8


class AnalyticOverlappingGenerations(Model):
    """Generations 1 to 5 choose which share of their income to save; the last one eats all."""

    name = "olg_analytic"
    description = "Six overlapping generations with log utility, where only the newborn work"
    parameters = (
        ParameterRange("alpha", 0.2, 0.4, 0.3, "capital share"),
        ParameterRange("beta", 0.5, 0.9, 0.7, "discount factor of a sixth of a life"),
    )
    states = (
        Variable("assets", "capital held by generations 2 to 6", "goods", SAVERS),
        Variable("productivity", "total factor productivity eta", "level"),
        Variable("depreciation", "depreciation rate delta", "share of capital"),
    )
    controls = (Control("saving_rate", "savings of generations 1 to 5", "share of income", SAVERS, 0.0, 1.0),)
    shocks = (
        Markov("productivity", "decides on productivity: high if positive", "standard deviations"),
        Markov("depreciation", "decides on depreciation: high if positive", "standard deviations"),
    )
    observables = (
        Variable("log_output", "output", "log"),
        Variable("log_capital", "capital", "log"),
        Variable("gross_return", "gross return on capital", "ratio to the previous period"),
        Variable("log_consumption", "consumption of all generations", "log"),
    )
    equations = (
        Variable("euler", "consumption error implied by the Euler equation", "share of consumption", SAVERS),
    )

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """What all generations hold together [...]."""
        return now.assets.sum(-1)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """eta K^alpha, in goods [...]."""
        return now.productivity * exp(p.alpha * log(now.capital))

    def gross_return(self, now: Period, p: Parameters) -> Tensor:
        """r, of a unit of capital [...]."""
        return p.alpha * now.output / now.capital + 1 - now.depreciation

    def income(self, now: Period, p: Parameters) -> Tensor:
        """Wage of the newborn and wealth of the others, [..., 6]."""
        wage = (1 - p.alpha) * now.output
        wealth = now.gross_return[..., None] * now.assets
        return cat([wage[..., None].expand(*wealth.shape[:-1], 1), wealth], dim=-1)

    def savings(self, now: Period, p: Parameters) -> Tensor:
        """Of generations 1 to 5, [..., 5]."""
        return now.saving_rate * now.income[..., :SAVERS]

    def consumption(self, now: Period, p: Parameters) -> Tensor:
        """Of all generations, [..., 6]."""
        eaten = (1 - now.saving_rate) * now.income[..., :SAVERS]
        return cat([eaten, now.income[..., SAVERS:]], dim=-1)

    def ages(self, p: Parameters) -> Tensor:
        """1 to 5."""
        return torch.arange(1, GENERATIONS, dtype=p.beta.dtype, device=p.beta.device)

    def left(self, p: Parameters) -> Tensor:
        """The share of lifetime consumption that follows each age without shocks, [..., 5]."""
        life = p.beta[..., None] ** GENERATIONS
        return (p.beta[..., None] ** p.ages - life) / (1 - life)

    def steady_return(self, p: Parameters) -> Tensor:
        """r at which assets add up to capital without shocks: the root of an increasing, convex polynomial,
        by Newton's method.
        """
        wage_share, r = (1 - p.alpha) / p.alpha, 1.5 * torch.ones_like(p.alpha)
        for _ in range(NEWTON_STEPS):
            rental, held = r - 1 + MEAN_DEPRECIATION, p.left * r[..., None] ** (p.ages - 1)
            slope = held.sum(-1) + rental / r * (held * (p.ages - 1)).sum(-1)
            r = r - (rental * held.sum(-1) - 1 / wage_share) / slope
        return r

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without shocks consumption grows by beta r a period, so generation h + 1 holds r^(h-1) w
        left[h].
        """
        capital = ((p.steady_return - 1 + MEAN_DEPRECIATION) / p.alpha) ** (1 / (p.alpha - 1))
        wage, one = (1 - p.alpha) * capital**p.alpha, torch.ones_like(capital)
        assets = wage[..., None] * p.left * p.steady_return[..., None] ** (p.ages - 1)
        states = {"assets": assets, "productivity": one, "depreciation": MEAN_DEPRECIATION * one}
        return states, {"saving_rate": p.left / cat([one[..., None], p.left[..., :-1]], dim=-1)}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """The ergodic set and a little more; a generation's assets vary with all returns of its life."""
        states = self.steady_state(p)[0]
        one, assets = states["productivity"], states["assets"]
        return {
            "assets": (assets * exp(-0.4 * p.ages), assets * exp(0.3 * p.ages)),
            "productivity": (0.95 * one, 1.05 * one),
            "depreciation": (0.5 * one, 0.9 * one),
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Log assets relative to the steady state, and where productivity and depreciation stand."""
        steady = self.steady_state(p)[0]["assets"]
        return {
            "assets": log(now.assets / steady) / (0.4 * p.ages),
            "productivity": (now.productivity - 1) / 0.05,
            "depreciation": (now.depreciation - MEAN_DEPRECIATION) / 0.2,
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Income in equal parts, one for each period that is left and one for impatience; the latter is
        eaten now.

        A crude guess on purpose, whatever beta: the rates of the steady state are already the closed form.
        """
        left = GENERATIONS - p.ages
        return {"saving_rate": (left / (left + 2)).expand(*now.assets.shape)}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Savings are the assets of the next generation."""
        return {
            "assets": now.savings,
            "productivity": 0.95 + 0.1 * e.productivity,
            "depreciation": 0.5 + 0.4 * e.depreciation,
        }

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Both are as likely low as high, and independent."""
        even = torch.full_like(p.beta[..., None], 0.5).expand(*p.beta.shape, 2)
        return {"productivity": even, "depreciation": even}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """beta r' c^h / c'^(h+1), [..., 5]."""
        growth = then.consumption[..., 1:] / now.consumption[..., :SAVERS]
        return {"marginal_value": (p.beta * then.gross_return)[..., None] / growth}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Consumption that the Euler equation asks for, less one, as a share of consumption."""
        return {"euler": 1 - 1 / expected.marginal_value}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates of the next period."""
        return {
            "log_output": log(then.output),
            "log_capital": log(then.capital),
            "gross_return": then.gross_return,
            "log_consumption": log(then.consumption.sum(-1)),
        }
