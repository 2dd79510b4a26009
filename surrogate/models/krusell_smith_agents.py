"""Krusell and Smith's economy with a finite number of households, each with luck of its own.

Maliar, Maliar and Winant (2021, Journal of Monetary Economics 122) solve such economies: the state is what
each of n households owns and whether they have jobs, and capital is what they own on average,

    K = (k_1 + ... + k_n) / n

The law of large numbers serves for labour: unemployment is that of boom and bust, as if there were many. How
capital is distributed depends on the luck of n, so that it wanders where the economy of many rests.

Each household counts as two, without and with a job, of which one has its weight: so the expectation over
jobs is exact, whatever luck is.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, arange, cat, erf, exp, float64, ones_like, zeros_like
from torch.special import ndtri

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Control, Markov, Named, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith import GRID, REACH, SEARCH, KrusellSmith, by_job, tomorrow_is
from surrogate.models.krusell_smith_household import UNEMPLOYMENT

LOG_SD = 0.55
"""Of wealth where simulations start."""
FEWEST, MOST = 2, 5_000
"""Households: a card has room for so many choices."""


class KrusellSmithAgents(KrusellSmith):
    """Each of n households, and whether there is a boom."""

    name = "krusell_smith_agents"
    description = "Krusell and Smith (1998) with a finite number of households"
    groups: ClassVar = ()
    typical = 0

    def __init__(self, agents: int = 100) -> None:
        if not FEWEST <= agents <= MOST:
            raise BadConfiguration(f"{agents:,} households: give {FEWEST} to {MOST:,}.")
        self.agents = agents
        self.levels = (arange(agents, dtype=float64) + 0.5) / agents
        vars(self).update(
            states=(
                Variable("wealth", "wealth of each, representative agent's = 1", size=agents),
                Variable("employed", "1 if employed, else 0, of each", size=agents),
                KrusellSmith.states[1],
            ),
            controls=(
                Control(
                    "consumption", "chosen by each, without and with a job", "goods", 2 * agents, lower=0.0
                ),
            ),
            shocks=(
                Markov("productivity", "switches between boom and bust below -1.15", "standard deviations"),
                Variable("luck", "finds or keeps a job if high, of each", "standard deviations", agents),
            ),
        )

    def mass(self, now: Period, p: Parameters) -> Tensor:
        """One in n where a household is, [..., 2 n]."""
        return cat([1 - now.employed, now.employed], -1) / self.agents

    def assets(self, now: Period, p: Parameters) -> Tensor:
        """What each owns, without and with a job, [..., 2 n]."""
        return p.unit * cat([now.wealth, now.wealth], -1)

    def holdings(self, now: Period, p: Parameters) -> tuple[Tensor, Tensor]:
        """Households in the order of their wealth, [..., n]."""
        wealth = now.wealth.sort(-1).values
        return ones_like(wealth) / self.agents, wealth

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Savings are tomorrow's wealth, and luck decides about jobs."""
        boom = self.household.boom_tomorrow(now, e.productivity)
        without, with_job = by_job(now.savings / p.unit).unbind(-2)
        risk = by_job(tomorrow_is(boom[..., None], now.at_nodes.unemployed_tomorrow))
        jobless, employed = risk.unbind(-2)
        risk = jobless + (employed - jobless) * now.employed
        return {
            "wealth": without + (with_job - without) * now.employed,
            "employed": ((1 + erf(e.luck / 2**0.5)) / 2 > risk).to(risk.dtype),
            "productivity": 1 + p.dz * (2 * boom - 1),
        }

    def eaten_tomorrow(self, now: Period, then: Period, p: Parameters) -> list[Tensor]:
        """Without and with a job, whatever today's is, by each, [..., 2 n]."""
        return [cat([eaten, eaten], -1) for eaten in by_job(then.at_nodes.eaten).unbind(-2)]

    def start(self, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth in a boom, jobs spread evenly."""
        return self._drawn_from(self.levels.to(p.dz) + 0 * p.dz[..., None], ones_like(p.dz), p)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Wealth as far as the households' own; without and with a job; boom and bust."""
        zero = zeros_like(p.dz)[..., None] + 0 * self.levels.to(p.dz)
        return {
            "wealth": (zero, zero + GRID.top),
            "employed": (zero, zero + 1),
            "productivity": (1 - p.dz, 1 + p.dz),
        }

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth of each, and jobs by chance."""
        boom = (u.productivity < 0.5).to(p.dz)
        states = self._drawn_from(u.wealth, boom, p)
        bust_rate, boom_rate = UNEMPLOYMENT
        rate = bust_rate + (boom_rate - bust_rate) * boom
        return {**states, "employed": (u.employed > rate[..., None]).to(p.dz)}

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Everybody's wealth up to eight per cent more or less than it is."""
        return {
            "wealth": now.wealth * exp(REACH * (2 * u - 1)),
            "employed": now.employed,
            "productivity": 1 + p.dz * (2 * now.boom - 1),
        }

    def draw_households(self, now: Period, u: Tensor, p: Parameters) -> Tensor:
        """Three quarters as rich as somebody is, a third of these without a job; the rest poor."""
        jobless, employed, more, poor = u.tensor_split(4, -2)
        somebody = cat([jobless, employed, more], -2)[..., 0]
        wealth = now.wealth.expand(*somebody.shape[:-1], self.agents)
        owned = wealth.gather(-1, (self.agents * somebody).long().clamp_max(self.agents - 1))
        assets = p.unit * cat([owned, SEARCH * poor[..., 0] ** 2], -1)
        works = [zeros_like(jobless[..., 0]), ones_like(employed[..., 0]), ones_like(more[..., 0])]
        works.append((poor[..., 1] < 0.5).to(u.dtype))
        return self.households(now, assets, cat(works, -1))

    def at_the_end(self, now: Period, p: Parameters) -> Tensor:
        """Nobody: wealth is on no grid."""
        return 0 * now.capital

    def _drawn_from(self, levels: Tensor, boom: Tensor, p: Parameters) -> dict[str, Tensor]:
        """Wealth at quantiles `levels` [..., n] of a log-normal distribution with the representative agent's
        mean, and every so many-th household without a job.
        """
        normal = ndtri(levels.clamp(1e-3, 1 - 1e-3))
        wealth = exp(LOG_SD * normal - LOG_SD**2 / 2)
        bust_rate, boom_rate = UNEMPLOYMENT
        rate = (bust_rate + (boom_rate - bust_rate) * boom)[..., None]
        number = arange(self.agents, dtype=float64).to(levels)
        jobless = ((number + 1) * rate + 0.5).floor() - (number * rate + 0.5).floor()
        return {"wealth": wealth, "employed": 1 - jobless, "productivity": 1 + p.dz * (2 * boom - 1)}
