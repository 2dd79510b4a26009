"""Krusell and Smith's economy: all households, and whether there is a boom.

Krusell and Smith (1998), in the calibration of Den Haan, Judd and Juillard (2010), over six parameters.

    K = sum of k over households,   K' = sum of k'(k, employed, K, boom or bust)
    boom and bust follow each other with probability 1/8 a quarter

A household (`surrogate.models.krusell_smith_household`) needs to know K and K' only, and K' is known today.
The state is the mass of households at each node of a grid, by employment.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, cat, exp, gradient, log, ones_like, stack, zeros_like

from surrogate.models.interface import Control, Markov, Named, Parameters, Period, Values, Variable, pack
from surrogate.models.krusell_smith_household import PARAMETERS, SWITCH, UNEMPLOYMENT, Household
from surrogate.models.population import Population
from surrogate.models.variables import columns_of
from surrogate.models.wealth import WealthGrid, share_of_poorest

NODES = 60
GRID = WealthGrid(NODES, top=9.0, power=2.2)
"""Wealth relative to the representative agent's."""
REACH = 0.08
"""In logs, how far from an economy's capital the network is trained."""
USUAL_STAKES = 50.0
LEAST_CAPITAL, MOST_CAPITAL = 0.8, 1.5
"""Relative to the representative agent's: beyond, an economy is on no path that leads anywhere."""
SEARCH = 1.5
"""Households with up to so much of it, most with very little, are looked at beside those that there are."""


class KrusellSmith(Population):
    """All households, and whether there is a boom."""

    name = "krusell_smith"
    description = "Krusell and Smith (1998): households with uninsured unemployment risk and aggregate risk"
    parameters = PARAMETERS
    states = (
        Variable(
            "wealth", "households at each node of the wealth grid, the unemployed first", "share", 2 * NODES
        ),
        Variable("productivity", "total factor productivity, 1 - dz or 1 + dz", "level"),
    )
    controls = (Control("consumption", "consumption chosen at each node", "goods", 2 * NODES, lower=0.0),)
    shocks = (Markov("productivity", "switches between boom and bust below -1.15", "standard deviations"),)
    observables = (
        Variable("log_capital", "capital", "log"),
        Variable("log_output", "output", "log"),
        Variable("log_consumption", "consumption", "log"),
        Variable("gini", "Gini coefficient of wealth"),
        Variable("bottom_half", "wealth of the poorer half", "share"),
        Variable("top_tenth", "wealth of the richest tenth", "share"),
        Variable("at_limit", "households without wealth", "share"),
    )
    equations = (
        Variable("euler", "consumption error of households, root mean square", "share of consumption"),
        Variable("saving", "consumption error of households, mean", "share of consumption"),
    )
    household: ClassVar[Household] = Household()
    groups: ClassVar = (2, 3, 4, 5)
    """The poorer and the richer half of the employed, and of the owners of their wealth: mean errors of
    theirs move mean capital, and how unequal wealth is.
    """
    typical = 12
    edge = 0.08

    def of_household(self, p: Parameters) -> Parameters:
        """The same parameters for the household, with a dimension for nodes."""
        return self.household.name_parameters(p.vector.unsqueeze(-2))

    def unit(self, p: Parameters) -> Tensor:
        """The representative agent's capital, in which the grid is measured, [..., 1]."""
        return p.of_household.steady_capital

    def boom(self, now: Period, p: Parameters) -> Tensor:
        """1 in a boom, 0 in a bust."""
        return (now.productivity > 1).to(now.productivity.dtype)

    def assets(self, now: Period, p: Parameters) -> Tensor:
        """Wealth at each node, [..., 2 nodes]."""
        nodes = GRID.nodes(now.wealth)
        return p.unit * cat([nodes, nodes])

    def mass(self, now: Period, p: Parameters) -> Tensor:
        """Share of the households that are there, [..., 2 nodes]."""
        return now.wealth

    def holdings(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """Shares of households [..., nodes] and their wealth in any unit, from the poorest to the richest."""
        return by_job(now.wealth).sum(-2).clamp_min(0.0), GRID.nodes(now.wealth)

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return (now.mass * now.assets).sum(-1)

    def in_common(self, now: Period, p: Parameters) -> Values:
        """States that all households share, [..., 1] or of a group [..., 1, size]."""
        capital = now.capital[..., None]
        return {"capital": capital, "boom": now.boom[..., None], "next_capital": capital}

    def of_households(self, now: Period, p: Parameters) -> Tensor:
        """The household at each node, [..., 2 nodes, 5]."""
        employed = now.assets.new_tensor([0.0, 1.0]).repeat_interleave(now.assets.shape[-1] // 2)
        return self.households(now, now.assets, employed)

    def households(self, now: Period, assets: Tensor, employed: Tensor) -> Tensor:
        """Households [..., m, 5] with so much wealth [..., m], with and without jobs [..., m]."""
        return pack({"assets": assets, "employed": employed, **now.in_common}, self.household.states)

    def at_nodes(self, now: Period, p: Parameters) -> Period:
        """The household's period at each node."""
        states = columns_of(now.of_households, self.household.states)
        return Period(self.household, p.of_household, states, {"consumption": now.consumption})

    def savings(self, now: Period, p: Parameters) -> Tensor:
        """k' of the households at each node, [..., 2 nodes]."""
        return now.at_nodes.savings

    def told_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """K', what all save."""
        return (now.mass * now.savings).sum(-1)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y = A K^alpha L^(1-alpha)."""
        some = Period(self.household, p, {"capital": now.capital, "boom": now.boom})
        return now.capital * some.productivity * some.capital_per_labor ** (p.alpha - 1)

    def consumption_of_all(self, now: Period, p: Parameters) -> Tensor:
        """C."""
        return (now.mass * now.at_nodes.eaten).sum(-1)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Savings move households over the grid, and then they find or lose jobs."""
        boom = self.household.boom_tomorrow(now, e.productivity)
        moved = GRID.move(by_job(now.wealth), by_job(now.savings / p.unit))
        unemployed = by_job(tomorrow_is(boom[..., None], now.at_nodes.unemployed_tomorrow))
        jobless = (moved * unemployed).sum(-2)
        wealth = stack([jobless, moved.sum(-2) - jobless], -2).flatten(-2)
        return {"wealth": wealth, "productivity": 1 + p.dz * (2 * boom - 1)}

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Of a switch between boom and bust, outcome 0."""
        switch = SWITCH + zeros_like(now.boom)
        return {"productivity": stack([switch, 1 - switch], -1)}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit saved is worth to the household at each node, over its chances of a job."""
        jobless, employed = (
            exp(-p.gamma[..., None] * log(eaten / now.consumption))
            for eaten in self.eaten_tomorrow(now, then, p)
        )
        unemployed = tomorrow_is(then.boom[..., None], now.at_nodes.unemployed_tomorrow)
        mean = employed + unemployed * (jobless - employed)
        return {"marginal_value": p.beta[..., None] * mean * then.at_nodes.gross_return}

    def eaten_tomorrow(self, now: Period, then: Period, p: Parameters) -> list[Tensor]:
        """Without and with a job, by the household at each of today's nodes, [..., 2 nodes]: between
        tomorrow's nodes by the weights with which it moves.
        """
        places = now.savings / p.unit
        return [GRID.interpolated(eaten, places) for eaten in by_job(then.at_nodes.eaten).unbind(-2)]

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Errors of the households' choices, over all of them."""
        errors = self.household.residuals(now.at_nodes, expected, p.of_household)["euler"]
        return {
            "euler": (now.mass.clamp_min(0.0) * errors**2).sum(-1) ** 0.5,
            "saving": (now.mass * errors).sum(-1),
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates and the distribution of wealth at the start of the quarter."""
        mass, wealth = then.holdings
        owned = mass * wealth / (mass * wealth).sum(-1, keepdim=True)
        below = owned.cumsum(-1) - owned
        return {
            "log_capital": log(then.capital),
            "log_output": log(then.output),
            "log_consumption": log(then.consumption_of_all),
            "gini": 1 - (mass * (2 * below + owned)).sum(-1),
            "bottom_half": share_of_poorest(mass, owned, 0.5),
            "top_tenth": 1 - share_of_poorest(mass, owned, 0.9),
            "at_limit": mass[..., 0],
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Not at rest, but where simulations start, with the anchor's consumption."""
        states = self.start(p)
        households = columns_of(Period(self, p, states).of_households, self.household.states)
        return states, self.household.anchor(
            Period(self.household, p.of_household, households), p.of_household
        )

    def start(self, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth in a boom, with the representative agent's capital."""
        return {"wealth": log_normal(ones_like(p.dz)), "productivity": 1 + p.dz}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Shares between zero and one; boom and bust."""
        zero = zeros_like(p.dz)[..., None].expand(*p.dz.shape, 2 * NODES)
        return {"wealth": (zero, zero + 1), "productivity": (1 - p.dz, 1 + p.dz)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth with mean capital within eight per cent of the representative agent's."""
        boom = (u.productivity < 0.5).to(u.productivity.dtype)
        wealth = scaled(log_normal(boom), exp(REACH * (2 * u.wealth[..., :1] - 1)))
        return {"wealth": wealth, "productivity": 1 + p.dz * (2 * boom - 1)}

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Everybody's wealth up to eight per cent more or less than it is."""
        wealth = scaled(now.wealth, exp(REACH * (2 * u - 1)))
        return {"wealth": wealth, "productivity": 1 + p.dz * (2 * now.boom - 1)}

    def draw_households(self, now: Period, u: Tensor, p: Parameters) -> Tensor:
        """A quarter unemployed and a quarter employed, as rich as they are in the economy, stratified; a
        quarter employed and as rich as the owners of its wealth are, whose small errors add up in what they
        own; the rest with or without a job and poor, but for one who is anywhere on the grid: the few who are
        very rich must come back from there.
        """
        jobless, employed = by_job(now.wealth).clamp_min(0.0).unbind(-2)
        owners = employed * GRID.nodes(employed)
        *existing, others = u.tensor_split(4, -2)
        poor, anyone = others[..., :-1, 0], others[..., -1:, 0]
        drawn = [
            GRID.quantiles(mass, part[..., 0])
            for mass, part in zip((jobless, employed, owners), existing, strict=True)
        ]
        assets = p.unit * cat([*drawn, SEARCH * poor**2, GRID.top * anyone], -1)
        works = [zeros_like(drawn[0]), ones_like(drawn[1]), ones_like(drawn[2])]
        works.append((others[..., 1] < 0.5).to(u.dtype))
        return self.households(now, assets, cat(works, -1))

    def stakes(self, p: Parameters) -> Tensor:
        """gamma / ((1/beta - 1 + delta) (1 - alpha)): the response of mean K to an error of everybody's
        consumption, in per cent of both.
        """
        household = self.household.name_parameters(p.vector)
        return p.gamma / ((household.impatience + p.delta) * (1 - p.alpha)) / USUAL_STAKES

    def at_the_end(self, now: Period, p: Parameters) -> Tensor:
        """At the highest node, employed or not."""
        return by_job(now.wealth)[..., -1].sum(-1)

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether capital is near what it is in any economy of the box, [...]."""
        relative = now.capital / p.unit[..., 0]
        return (relative > LEAST_CAPITAL) & (relative < MOST_CAPITAL)


def by_job(values: Tensor) -> Tensor:
    """[..., 2 nodes] as [..., 2, nodes], the unemployed first."""
    return values.unflatten(-1, (2, -1))


def tomorrow_is(boom: Tensor, by_outcome: Tensor) -> Tensor:
    """What there is in a bust and in a boom [..., 2], at tomorrow's [...]."""
    bust, good = by_outcome.unbind(-1)
    return bust + (good - bust) * boom


def log_normal(boom: Tensor) -> Tensor:
    """Masses [..., 2 nodes] of log-normal wealth with the representative agent's mean, for all alike."""
    nodes = GRID.nodes(boom)
    density = exp(-(((log(nodes.clamp_min(1e-3)) + 0.15) / 0.55) ** 2) / 2) / nodes.clamp_min(0.02)
    mass = density * gradient(nodes)[0]
    mass = mass / mass.sum()
    mass = GRID.move(mass, nodes / (mass * nodes).sum())
    bust_rate, boom_rate = UNEMPLOYMENT
    unemployment = (bust_rate + (boom_rate - bust_rate) * boom)[..., None]
    return cat([unemployment * mass, (1 - unemployment) * mass], -1)


def scaled(wealth: Tensor, factor: Tensor) -> Tensor:
    """Masses [..., 2 nodes] after everybody's wealth is multiplied by a factor [..., 1]."""
    masses = by_job(wealth)
    places = GRID.nodes(wealth) * factor[..., None]
    return GRID.move(masses, places.expand_as(masses)).flatten(-2)
