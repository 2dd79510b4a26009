"""Krusell and Smith's economy in continuous time with finitely many agents in the place of a distribution.

    K = mean of a over agents,   Kdot = mean of s,   n of each agent switches at rate lam

The household is the same, and so is all that it needs to know. A policy that is trained here is that of the
economy of all households up to what Kdot differs by among groups of agents with the same K, which is noise to
a household. Since labour is one in all, agents come in pairs, of whom always one has the low income; that
noise is a ninth then.
"""

from __future__ import annotations

from torch import Tensor, arange, cat, erf, exp, expm1, log, sqrt, zeros_like

from surrogate.models.interface import Control, Named, Parameters, Period, Values, Variable, pack
from surrogate.models.krusell_smith_continuous import (
    FAR,
    GRID,
    PRODUCTIVITY_REACH,
    REACH,
    RICHEST,
    SCALED,
    SHORT,
    KrusellSmithContinuous,
    stratified,
)
from surrogate.models.krusell_smith_continuous_aid import LEAST_WEALTH

AGENTS = 480
SPREAD = 0.7
"""Of wealth where simulations start: the sum of two exponential variables of so many K* each."""


class KrusellSmithFiniteAgents(KrusellSmithContinuous):
    """Four hundred and eighty agents, in pairs, and productivity."""

    states = (
        Variable("positions", "wealth of each agent", "K*", AGENTS),
        Variable("luck", "1 for agents with the high income, else 0", "", AGENTS),
        Variable("productivity", "total factor productivity", "log"),
    )
    controls = (Control("consumption", "consumption of each agent", "goods a year", AGENTS, lower=0.0),)
    shocks = (
        Variable("productivity", "of productivity in a quarter", "standard deviations"),
        Variable(
            "incomes", "of a pair's incomes, which switch where it is low", "standard deviations", AGENTS // 2
        ),
    )
    observables = KrusellSmithContinuous.observables[:4]

    def assets(self, now: Period, p: Parameters) -> Tensor:
        """Wealth of each agent, [..., agents]."""
        return p.unit * now.positions

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return now.assets.mean(-1)

    def of_households(self, now: Period, p: Parameters) -> Tensor:
        """Each agent, [..., agents, 5]."""
        return self._households(now, now.assets, now.luck)

    def consumption_of_all(self, now: Period, p: Parameters) -> Tensor:
        """C."""
        return now.consumption.mean(-1)

    def capital_drift(self, now: Period, p: Parameters) -> Tensor:
        """Kdot."""
        return now.at_nodes.saving.mean(-1)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """A quarter later: each agent saves, and each pair perhaps switches."""
        stays = exp(-p.eta * self.step_years)
        sd = p.sig * sqrt((1 - stays**2) / (2 * p.eta))
        positions = (now.positions + self.step_years * now.at_nodes.saving / p.unit).clamp(0.0, GRID.top)
        chance = (1 - exp(-2 * self.step_years * p.lam[..., None])) / 2
        switch = ((1 + erf(e.incomes / 2**0.5)) / 2 < chance).to(positions.dtype).repeat_interleave(2, -1)
        return {
            "positions": positions,
            "luck": now.luck + switch * (1 - 2 * now.luck),
            "productivity": stays * now.productivity + sd * e.productivity,
        }

    def nearby(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """These agents, a moment later and earlier, with productivity one sd of a year up and down, and with
        the other income: what an agent's consumption changes by along its own path.
        """
        z, move = now.productivity, SHORT * now.at_nodes.saving / p.unit
        drift = -p.eta * z * SHORT
        later, earlier = ((now.positions + side * move).clamp_min(LEAST_WEALTH) for side in (1, -1))
        columns = [(now.positions, now.luck, z), (later, now.luck, z + drift), (earlier, now.luck, z - drift)]
        columns += [(now.positions, now.luck, z + side * p.sig) for side in (1, -1)]
        columns += [(now.positions, 1 - now.luck, z)]
        names = ("positions", "luck", "productivity")
        states = [pack(dict(zip(names, column, strict=True)), self.states) for column in columns]
        one = zeros_like(p.lam) + 1
        weights = [-(1 + p.lam), 0.5 / SHORT * one, -0.5 / SHORT * one, 0.5 * one, 0.5 * one, p.lam]
        return cat(states, -2), cat(weights, -1)

    def growth_errors(self, now: Period, expected: Named, p: Parameters) -> Tensor:
        """Of consumption of each agent, a year."""
        household = now.at_nodes
        return (household.interest - p.rho[..., None] + expected.marginal_utility) / p.gamma[..., None]

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Over all agents but those next to the limit, where no difference in time exists."""
        errors = self.growth_errors(now, expected, p)
        counted = (now.positions > SHORT).to(errors.dtype)
        many = counted.sum(-1).clamp_min(1.0)
        return {
            "euler": sqrt((counted * errors**2).sum(-1) / many),
            "saving": (counted * errors).sum(-1) / many,
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates at the end of the quarter."""
        return {
            "log_output": log(then.output),
            "log_consumption": log(then.consumption_of_all),
            "log_capital": log(then.capital),
            "interest_rate": self.household.alpha * then.output / then.capital - self.household.delta,
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Agents at quantiles of where the economy of all begins, every other one with the high income."""
        masses = self._with_capital(p.usual_capital, p)
        middle = zeros_like(p.gamma)[..., None].expand(*p.gamma.shape, AGENTS) + 0.5
        luck = middle.new_tensor([0.0, 1.0]).repeat(AGENTS // 2).expand_as(middle)
        positions = GRID.quantiles(masses[..., : GRID.count], middle)
        states = {"positions": positions, "luck": luck, "productivity": zeros_like(p.gamma)}
        at_nodes = Period(self, p, {**states, "consumption": positions}).at_nodes
        return states, self.household.anchor(at_nodes, p.of_household)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Wealth up to seven times K*; productivity within six per cent."""
        zero = zeros_like(p.gamma)
        none = zero[..., None].expand(*zero.shape, AGENTS)
        return {
            "positions": (none, none + GRID.top),
            "luck": (none, none + 1),
            "productivity": (zero - 0.06, zero + 0.06),
        }

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Agents drawn one by one, with any mean of wealth within reach of the usual one."""
        second = arange(AGENTS) % 2 == 1
        drawn = -(log(u.positions) + log((2 * u.luck) % 1.0)) * SPREAD
        usual = (p.usual_capital / p.unit.squeeze(-1))[..., None]
        factor = usual / drawn.mean(-1, keepdim=True) * exp(REACH * (2 * u.luck[..., :1] - 1))
        return {
            "positions": (drawn * factor).clamp(0.0, GRID.top),
            "luck": ((u.luck[..., ::2] < 0.5).repeat_interleave(2, -1) ^ second).to(drawn.dtype),
            "productivity": PRODUCTIVITY_REACH * (2 * u.productivity - 1),
        }

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Everybody's wealth up to half a per cent more or less than it is, productivity within five."""
        change = 2 * u - 1
        return {
            "positions": now.positions * exp(SCALED * change[..., :1]),
            "luck": now.luck,
            "productivity": PRODUCTIVITY_REACH * change[..., 1],
        }

    def with_capital(self, now: Period, factor: float, p: Parameters) -> Values:
        """Everybody's wealth times `factor`."""
        return {
            "positions": factor * now.positions,
            "luck": now.luck,
            "productivity": now.productivity,
        }

    def draw_households(self, now: Period, u: Tensor, p: Parameters) -> Tensor:
        """A quarter each with the low and the high income, evenly in the root of wealth, stratified; and a
        half as rich as agents are, with either income.
        """
        *even, rest = u[..., 0].split([u.shape[-2] // 4, u.shape[-2] // 4, u.shape[-2] // 2], -1)
        roots = [RICHEST * stratified(part) for part in even]
        chosen = (rest * AGENTS).long().clamp_max(AGENTS - 1)
        drawn = [expm1(root**2) for root in roots] + [now.positions.gather(-1, chosen)]
        luck = [zeros_like(roots[0]), zeros_like(roots[1]) + 1, now.luck.gather(-1, chosen)]
        return self._households(now, p.unit * cat(drawn, -1).clamp_min(LEAST_WEALTH), cat(luck, -1))

    def at_the_end(self, now: Period, p: Parameters) -> Tensor:
        """Nobody: where wealth ends is where it is cut."""
        return zeros_like(now.productivity)

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether capital is near its usual value, [...]; among so few it moves more."""
        return log(now.capital / p.usual_capital).abs() < 2 * FAR
