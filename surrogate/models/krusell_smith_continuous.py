"""Krusell and Smith's economy in continuous time: all households, and productivity.

Households (`surrogate.models.krusell_smith_continuous_household`) own

    K = sum of a over households,   Kdot = sum of s

and need to know K and Kdot only. The state is the mass of households at each node of a grid, by income; the
exported step is a quarter, in which each node moves by what it saves and then some incomes switch.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, broadcast_tensors, cat, exp, expm1, gradient, log, sqrt, stack, zeros_like

from surrogate.models.continuous_time import InstantaneousPopulation
from surrogate.models.differences import differentiation
from surrogate.models.interface import Control, Named, Parameters, Period, Values, Variable, pack
from surrogate.models.krusell_smith_continuous_aid import LEAST_WEALTH
from surrogate.models.krusell_smith_continuous_household import ALPHA, DELTA, PARAMETERS, Household
from surrogate.models.variables import columns_of
from surrogate.models.wealth import WealthGrid, share_of_poorest

NODES = 80
GRID = WealthGrid(NODES, top=7.0, power=2.2)
"""Wealth relative to the representative agent's."""
REACH = 0.08
"""In logs, how far from its usual value capital begins."""
STIRRED = 0.025
"""Volatility of productivity, a year, that moves economies in training: their capital then spreads over about
REACH.
"""
SCALED = 0.005
"""In logs, by how much everybody is richer or poorer than that. A little only: the same capital has another
future if it is there because all are richer than if it is there because of what productivity was, and
households who know of capital alone learn what is frequent.
"""
PRODUCTIVITY_REACH = 0.05
"""The same of productivity: its effect is seen the better the more it moves."""
FAR = 0.16
"""In logs: capital further from its usual value is on no path that leads anywhere."""
SHORT = 0.05
"""Years, of the difference formula in time."""
RICHEST = 1.44
"""Root of the log of one plus wealth in units of K*, up to which training looks."""


class KrusellSmithContinuous(InstantaneousPopulation):
    """All households, and productivity."""

    name = "krusell_smith_continuous"
    description = (
        "Krusell and Smith (1998) in continuous time: the master equation with a histogram of wealth"
    )
    parameters = PARAMETERS
    step_years = 0.25
    burn_in = 400
    spread_numbers = 2
    jitter, edge = 0.04, 0.05
    states = (
        Variable(
            "wealth", "households at each node of the wealth grid, low income first", "share", 2 * NODES
        ),
        Variable("productivity", "total factor productivity", "log"),
    )
    controls = (
        Control("consumption", "consumption chosen at each node", "goods a year", 2 * NODES, lower=0.0),
    )
    shocks = (Variable("productivity", "of productivity in a quarter", "standard deviations"),)
    observables = (
        Variable("log_output", "output", "log"),
        Variable("log_consumption", "consumption", "log"),
        Variable("log_capital", "capital", "log"),
        Variable("interest_rate", "net return on capital", "a year"),
        Variable("gini", "Gini coefficient of wealth"),
        Variable("bottom_half", "wealth of the poorer half", "share"),
        Variable("top_tenth", "wealth of the richest tenth", "share"),
        Variable("at_limit", "households without wealth", "share"),
    )
    equations = (
        Variable("euler", "error of households' consumption growth, root mean square", "a year"),
        Variable("saving", "error of households' consumption growth, mean", "a year"),
    )
    household: ClassVar[Household] = Household()

    def of_household(self, p: Parameters) -> Parameters:
        """The same parameters for the household, with a dimension for nodes."""
        return self.household.name_parameters(p.vector.unsqueeze(-2))

    def unit(self, p: Parameters) -> Tensor:
        """K*, in which the grid is measured, [..., 1]."""
        return p.of_household.representative_capital

    def usual_capital(self, p: Parameters) -> Tensor:
        """About where K rests, [...]."""
        return p.of_household.usual_capital.squeeze(-1)

    def assets(self, now: Period, p: Parameters) -> Tensor:
        """Wealth at each node, [..., 2 nodes]."""
        nodes = GRID.nodes(now.wealth)
        return p.unit * cat([nodes, nodes])

    def capital(self, now: Period, p: Parameters) -> Tensor:
        """K."""
        return (now.wealth * now.assets).sum(-1)

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y = e^z K^alpha."""
        return exp(now.productivity + ALPHA * log(now.capital))

    def of_households(self, now: Period, p: Parameters) -> Tensor:
        """The household at each node, [..., 2 nodes, 5]."""
        lucky = now.wealth.new_tensor([0.0, 1.0]).repeat_interleave(NODES)
        return self._households(now, now.assets, lucky)

    def _households(self, now: Period, assets: Tensor, lucky: Tensor) -> Tensor:
        around = (now.capital[..., None], now.productivity[..., None])
        return stack(broadcast_tensors(assets, lucky, *around, zeros_like(around[0])), -1)

    def at_nodes(self, now: Period, p: Parameters) -> Period:
        """The household's period at each node."""
        states = columns_of(now.of_households, self.household.states)
        return Period(self.household, p.of_household, states, {"consumption": now.consumption})

    def consumption_of_all(self, now: Period, p: Parameters) -> Tensor:
        """C."""
        return (now.wealth * now.consumption).sum(-1)

    def capital_drift(self, now: Period, p: Parameters) -> Tensor:
        """Kdot, what all save."""
        return (now.wealth * now.at_nodes.saving).sum(-1)

    def told_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """Kdot."""
        return now.capital_drift

    def moved(self, now: Period, saving: Tensor, years: float, p: Parameters) -> Tensor:
        """Masses [..., 2 nodes] some time later: each node moves by its `saving`, then incomes switch."""
        masses = self.placed(now, (now.assets + years * saving) / p.unit, years, p)
        switch = (1 - exp(-2 * years * p.lam[..., None, None])) / 2
        return (masses + switch * (masses.flip(-2) - masses)).flatten(-2)

    def placed(self, now: Period, places: Tensor, years: float, p: Parameters) -> Tensor:
        """Masses [..., 2, nodes] after each node has moved to its place [..., 2 nodes], in units of K*."""
        return GRID.move(by_income(now.wealth), by_income(places))

    def meanwhile(self, now: Period, p: Parameters) -> Tensor:
        """Log productivity that is expected over the next quarter, on average."""
        return now.productivity * (1 - exp(-p.eta * self.step_years)) / (p.eta * self.step_years)

    def wealth_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """Masses a quarter later, [..., 2 nodes]. Households save from incomes at the productivity that is
        expected meanwhile, which has gone half of its way back.
        """
        states = {"wealth": now.wealth, "productivity": now.meanwhile, "consumption": now.consumption}
        saving = Period(self, p, states).at_nodes.saving
        masses = self.moved(now, saving, self.step_years, p)
        return masses / masses.sum(-1, keepdim=True)

    def capital_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """K a quarter later."""
        return (now.wealth_tomorrow * now.assets).sum(-1)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """A quarter later; productivity by the exact law of Ornstein and Uhlenbeck."""
        stays = exp(-p.eta * self.step_years)
        sd = p.sig * sqrt((1 - stays**2) / (2 * p.eta))
        return {
            "wealth": now.wealth_tomorrow,
            "productivity": stays * now.productivity + sd * e.productivity,
        }

    def nearby(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """This economy, a moment later and earlier, and with productivity one sd of a year up and down."""
        z, masses = now.productivity, now.wealth
        change = self.moved(now, now.at_nodes.saving, SHORT, p) - masses
        drift = -p.eta * z * SHORT
        columns = [(masses, z), (masses + change, z + drift), (masses - change, z - drift)]
        columns += [(masses, z + p.sig), (masses, z - p.sig)]
        states = cat([pack({"wealth": m, "productivity": at}, self.states) for m, at in columns], -2)
        weights = states.new_tensor([-1.0, 0.5 / SHORT, -0.5 / SHORT, 0.5, 0.5])
        return states, weights

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """Marginal utility at each node relative to now's."""
        ratio = log(then.consumption) - log(now.consumption)
        return {"marginal_utility": exp(-p.gamma[..., None] * ratio)}

    def growth_errors(self, now: Period, expected: Named, p: Parameters) -> Tensor:
        """Of consumption at each node, a year, [..., 2 nodes]: the household's equation with the change along
        wealth by differences between nodes.
        """
        household, gamma = now.at_nodes, p.gamma[..., None]
        logs = by_income(log(now.consumption))
        nodes = GRID.nodes(logs)
        roots = sqrt(nodes / (1 + nodes))
        slopes = logs @ differentiation(roots.double()).to(logs).mT
        speed = (
            by_income(household.saving) / p.unit[..., None] / (2 * roots * (1 + nodes) ** 2).clamp_min(1e-9)
        )
        jump = exp(-gamma[..., None] * (logs.flip(-2) - logs)) - 1
        change = (p.lam[..., None, None] * jump - gamma[..., None] * slopes * speed).flatten(-2)
        change = change + expected.marginal_utility
        return (household.interest - p.rho[..., None] + change) / gamma

    def residuals(self, now: Period, expected: Named, p: Parameters) -> Values:
        """Over all households but those without wealth, whose derivative between nodes does not exist."""
        errors = by_income(self.growth_errors(now, expected, p))
        masses = by_income(now.wealth).clamp_min(0.0)
        errors, masses = errors[..., 1:].flatten(-2), masses[..., 1:].flatten(-2)
        masses = masses / masses.sum(-1, keepdim=True)
        return {
            "euler": sqrt((masses * errors**2).sum(-1)),
            "saving": (masses * errors).sum(-1),
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates, and the distribution of wealth, at the end of the quarter."""
        masses = by_income(then.wealth).sum(-2).clamp_min(0.0)
        nodes = GRID.nodes(masses)
        owned = masses * nodes / (masses * nodes).sum(-1, keepdim=True)
        below = owned.cumsum(-1) - owned
        return {
            "log_output": log(then.output),
            "log_consumption": log(then.consumption_of_all),
            "log_capital": log(then.capital),
            "interest_rate": ALPHA * then.output / then.capital - DELTA,
            "gini": 1 - (masses * (2 * below + owned)).sum(-1),
            "bottom_half": share_of_poorest(masses, owned, 0.5),
            "top_tenth": 1 - share_of_poorest(masses, owned, 0.9),
            "at_limit": masses[..., 0],
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Not at rest, but where simulations start: capital about where it rests, and the anchor's
        consumption.
        """
        states = {"wealth": self._with_capital(p.usual_capital, p), "productivity": zeros_like(p.gamma)}
        at_nodes = Period(self, p, {**states, "consumption": states["wealth"]}).at_nodes
        return states, self.household.anchor(at_nodes, p.of_household)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Shares between zero and one; productivity within six per cent."""
        zero = zeros_like(p.gamma)
        shares = zero[..., None].expand(*zero.shape, 2 * NODES)
        return {"wealth": (shares, shares + 1), "productivity": (zero - 0.06, zero + 0.06)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Capital within eight per cent of its usual value, productivity within five."""
        capital = p.usual_capital * exp(REACH * (2 * u.wealth[..., 0] - 1))
        return {
            "wealth": self._with_capital(capital, p),
            "productivity": PRODUCTIVITY_REACH * (2 * u.productivity - 1),
        }

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Everybody's wealth up to half a per cent more or less than it is, productivity within five."""
        change = 2 * u - 1
        return {
            "wealth": scaled(now.wealth, exp(SCALED * change[..., :1])),
            "productivity": PRODUCTIVITY_REACH * change[..., 1],
        }

    def stirred(self, shocks: Tensor, p: Parameters) -> Tensor:
        """As if productivity were as volatile everywhere."""
        return cat([shocks[..., :1] * (STIRRED / p.sig)[..., None], shocks[..., 1:]], -1)

    def with_capital(self, now: Period, factor: float, p: Parameters) -> Values:
        """Everybody's wealth times `factor`."""
        wealth = scaled(now.wealth, factor + zeros_like(now.capital)[..., None])
        return {"wealth": wealth, "productivity": now.productivity}

    def draw_households(self, now: Period, u: Tensor, p: Parameters) -> Tensor:
        """A quarter each with the low and the high income, evenly in the root of wealth, stratified; and a
        quarter each as rich as such households are.
        """
        low, high = by_income(now.wealth).clamp_min(0.0).unbind(-2)
        *even, poor, rich = u[..., 0].tensor_split(4, -1)
        roots = [RICHEST * stratified(part) for part in even]
        drawn = [expm1(root**2) for root in roots]
        drawn += [GRID.quantiles(low, poor), GRID.quantiles(high, rich)]
        luck = [float(which % 2) + zeros_like(part) for which, part in enumerate(drawn)]
        assets = p.unit * cat(drawn, -1).clamp_min(LEAST_WEALTH)
        return self._households(now, assets, cat(luck, -1))

    def stakes(self, p: Parameters) -> Tensor:
        """All errors count alike."""
        return zeros_like(p.gamma) + 1

    def at_the_end(self, now: Period, p: Parameters) -> Tensor:
        """At the highest node."""
        return by_income(now.wealth)[..., -1].sum(-1)

    def settled(self, now: Period, p: Parameters) -> Tensor:
        """Whether capital is near its usual value, [...]."""
        return log(now.capital / p.usual_capital).abs() < FAR

    def _with_capital(self, capital: Tensor, p: Parameters) -> Tensor:
        """Masses [..., 2 nodes] that own `capital` [...]: a gamma distribution of wealth, for all alike."""
        nodes = GRID.nodes(capital)
        masses = nodes * exp(-nodes / 0.7) * gradient(nodes)[0]
        masses = masses / masses.sum()
        relative = (capital / p.unit.squeeze(-1))[..., None] / (masses * nodes).sum()
        half = GRID.move(masses.expand(*capital.shape, NODES), relative * nodes) / 2
        return cat([half, half], -1)


def by_income(values: Tensor) -> Tensor:
    """[..., 2 nodes] as [..., 2, nodes], the low income first."""
    return values.unflatten(-1, (2, NODES))


def scaled(masses: Tensor, factor: Tensor) -> Tensor:
    """Masses [..., 2 nodes] after everybody's wealth is multiplied by a factor [..., 1]."""
    places = GRID.nodes(masses) * factor[..., None]
    both = by_income(masses)
    return GRID.move(both, places.expand(both.shape)).flatten(-2)


def stratified(u: Tensor) -> Tensor:
    """Numbers [..., m] between zero and one, one in each of m parts, from `u` [..., m]."""
    many = u.shape[-1]
    return (u.new_tensor(range(many)) + u) / many
