"""Krusell and Smith's economy: households who save against unemployment and share one stock of capital.

Krusell and Smith (1998), in the calibration of Den Haan, Judd and Juillard (2010), over six parameters.

    c + k' = R k + W (hbar - mu u/(1-u)) if employed, R k + W mu if not, = M,   k' >= 0
    c^-gamma >= beta E[ c'^-gamma R' ],  with equality where k' > 0
    R = 1 - delta + alpha A (K/L)^(alpha-1),   W = (1-alpha) A (K/L)^alpha,   A = 1 -+ dz
    K = sum of k,   L = hbar (1-u),   u = 10 % in a bust and 4 % in a boom

Booms and busts follow each other with probability 1/8 a quarter. Jobs are found and lost such that
unemployment depends on boom and bust alone, so that only the cross-section of wealth is a state.
"""

from __future__ import annotations

from torch import Tensor, exp, log, minimum, ones_like, relu, stack, tanh, where, zeros_like

from surrogate.models.interface import (
    Control,
    Markov,
    Model,
    Named,
    ParameterRange,
    Parameters,
    Period,
    Values,
    Variable,
)
from surrogate.models.krusell_smith_aid import HouseholdAid

HOURS = 1 / 0.9
SWITCH = 0.125
UNEMPLOYMENT = (0.10, 0.04)
"""In a bust and in a boom."""
STILL_UNEMPLOYED = ((0.6, 0.25), (0.75, 1 / 3))
"""Probability that an unemployed stays so, by today's and tomorrow's bust and boom."""

PARAMETERS = (
    ParameterRange("beta", 0.98, 0.992, 0.99, "discount factor"),
    ParameterRange("gamma", 1.0, 4.0, 1.0, "relative risk aversion"),
    ParameterRange("alpha", 0.30, 0.40, 0.36, "capital share"),
    ParameterRange("delta", 0.015, 0.035, 0.025, "depreciation rate"),
    ParameterRange("mu", 0.05, 0.50, 0.15, "unemployment benefit", "share of the wage"),
    ParameterRange("dz", 0.005, 0.015, 0.01, "productivity in booms and busts, relative to the mean"),
)


def losing_jobs(z: int, then: int) -> float:
    """Probability that an employed is unemployed tomorrow, such that unemployment is tomorrow's."""
    before, after = UNEMPLOYMENT[z], UNEMPLOYMENT[then]
    return (after - before * STILL_UNEMPLOYED[z][then]) / (1 - before)


class Household(HouseholdAid, Model):
    """One household, given capital today and tomorrow, which the savings of all households decide."""

    name = "krusell_smith_household"
    parameters = PARAMETERS
    states = (
        Variable("assets", "wealth k at the start of the quarter", "goods"),
        Variable("employed", "1 if employed, else 0"),
        Variable("capital", "capital K", "goods"),
        Variable("boom", "1 in a boom, 0 in a bust"),
        Variable("next_capital", "capital K' tomorrow", "goods"),
    )
    controls = (Control("consumption", "consumption c", "goods", lower=0.0),)
    shocks = (Markov("boom", "0 if it switches"), Markov("employed", "0 if unemployed"))
    observables = (Variable("consumption", "consumption", "goods"),)
    equations = (Variable("euler", "consumption error of the saving choice", "share of consumption"),)
    hours = HOURS

    def unemployment(self, now: Period, p: Parameters) -> Tensor:
        """u."""
        bust, boom = UNEMPLOYMENT
        return bust + (boom - bust) * now.boom

    def productivity(self, now: Period, p: Parameters) -> Tensor:
        """A."""
        return 1 + p.dz * (2 * now.boom - 1)

    def capital_per_labor(self, now: Period, p: Parameters) -> Tensor:
        """K / L."""
        return now.capital / (HOURS * (1 - now.unemployment))

    def gross_return(self, now: Period, p: Parameters) -> Tensor:
        """R."""
        return 1 - p.delta + p.alpha * now.productivity * now.capital_per_labor ** (p.alpha - 1)

    def wage(self, now: Period, p: Parameters) -> Tensor:
        """W."""
        return (1 - p.alpha) * now.productivity * now.capital_per_labor**p.alpha

    def income(self, now: Period, p: Parameters) -> Tensor:
        """Of labour after the tax that pays for benefits, or the benefit."""
        employed = HOURS - p.mu * now.unemployment / (1 - now.unemployment)
        return now.wage * (p.mu + (employed - p.mu) * now.employed)

    def resources(self, now: Period, p: Parameters) -> Tensor:
        """M, cash on hand."""
        return now.gross_return * now.assets + now.income

    def eaten(self, now: Period, p: Parameters) -> Tensor:
        """c; the choice may exceed what there is."""
        return minimum(now.consumption, now.resources)

    def savings(self, now: Period, p: Parameters) -> Tensor:
        """k'."""
        return relu(now.resources - now.consumption)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The representative agent's capital, in a boom."""
        capital, one = p.steady_capital, ones_like(p.beta)
        states = {
            "assets": capital,
            "employed": one,
            "capital": capital,
            "boom": one,
            "next_capital": capital,
        }
        return states, {"consumption": p.steady_wage * p.steady_labor + p.impatience * capital}

    def unemployed_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """How likely, if tomorrow is a bust, and a boom, [..., 2]."""
        of_unemployed, of_employed = (
            now.boom.new_tensor(table)
            for table in (STILL_UNEMPLOYED, [[losing_jobs(z, then) for then in (0, 1)] for z in (0, 1)])
        )
        chances = [a[0] + (a[1] - a[0]) * now.boom[..., None] for a in (of_unemployed, of_employed)]
        return chances[0] + (chances[1] - chances[0]) * now.employed[..., None]

    def risk_of_unemployment(self, now: Period, p: Parameters) -> Tensor:
        """How likely it is, whatever tomorrow is."""
        bust = SWITCH + (1 - 2 * SWITCH) * (1 - now.boom)
        bad, good = now.unemployed_tomorrow.unbind(-1)
        return bust * bad + (1 - bust) * good

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Of a switch between boom and bust, and of a job given what tomorrow is."""
        bad, good = now.unemployed_tomorrow.unbind(-1)
        then = self.boom_tomorrow(now, e.boom)
        unemployed = bad + (good - bad) * then
        switch = SWITCH + zeros_like(now.boom)
        return {
            "boom": stack([switch, 1 - switch], -1),
            "employed": stack([unemployed, 1 - unemployed], -1),
        }

    @staticmethod
    def boom_tomorrow(now: Period, stays: Tensor) -> Tensor:
        """1 if tomorrow is a boom: boom or bust stay, or switch where `stays` is zero."""
        return now.boom * stays + (1 - now.boom) * (1 - stays)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Tomorrow; what capital is the day after makes no difference to tomorrow's choice."""
        return {
            "assets": now.savings,
            "employed": e.employed,
            "capital": now.next_capital,
            "boom": self.boom_tomorrow(now, e.boom),
            "next_capital": now.next_capital,
        }

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit saved is worth tomorrow, relative to the marginal utility of today's choice."""
        ratio = exp(-p.gamma * log(then.eaten / now.consumption))
        return {"marginal_value": p.beta * ratio * then.gross_return}

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """How far the choice is from what the Euler equation asks for, or what there is if that is less.

        A choice of more than there is is right if the Euler equation asks for as much; otherwise it is wrong
        by what is eaten too much and, for the derivative to point back, by a little more the farther it is
        off.
        """
        wanted = log(now.consumption) - log(expected.marginal_value) / p.gamma
        choice, most = log(now.consumption), log(now.resources)
        too_much = relu(most - wanted)
        beyond = too_much + (choice - most) * tanh(too_much / 0.05)
        return {"euler": where(choice < most, choice - minimum(wanted, most), beyond)}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Consumption."""
        return {"consumption": then.eaten}
