"""Krusell and Smith's economy where productivity is an AR(1) process and unemployment constant.

    log A' = rho log A + sigma e',   e' standard normal
    u = 7 %, and whoever is unemployed stays so for two quarters on average

The rest is as in `surrogate.models.krusell_smith`. Maliar, Maliar and Winant (2021, Journal of Monetary
Economics 122) solve the economy with such a process. With rho = 1 - 2/8 and sigma = dz (1 - rho^2)^.5 the
process has the variance and the autocorrelations of boom and bust.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, exp, log, stack, zeros_like

from surrogate.models.interface import Markov, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith import GRID, NODES, REACH, KrusellSmith, by_job, log_normal, scaled
from surrogate.models.krusell_smith_aid import MEAN_UNEMPLOYMENT
from surrogate.models.krusell_smith_household import HOURS, Household

STILL_UNEMPLOYED = 0.5
LOSING_JOBS = MEAN_UNEMPLOYMENT * (1 - STILL_UNEMPLOYED) / (1 - MEAN_UNEMPLOYMENT)
FAR = 4.0
"""Standard deviations up to which productivity is looked at."""
HALFWAY = 0.5
"""Between bust and boom, where unemployment is the mean of both."""
MORE_EQUAL = 0.95
"""Exponent of wealth where simulations start, against that of boom and bust: inequality hardly moves within
an economy, so that it shows for long where it began.
"""
PARAMETERS = (
    *KrusellSmith.parameters[:-1],
    ParameterRange("rho", 0.6, 0.95, 0.75, "persistence of productivity"),
    ParameterRange("sigma", 0.003, 0.01, 0.0066, "standard deviation of its innovations"),
)


def spread_of_productivity(p: Parameters) -> Tensor:
    """Standard deviation of log A."""
    return p.sigma * (1 - p.rho**2) ** -0.5


class HouseholdWithAr1(Household):
    """One household, given capital today and tomorrow, and productivity."""

    name = "krusell_smith_household_with_ar1"
    parameters = PARAMETERS
    states = (
        *Household.states[:3],
        Variable("log_productivity", "productivity log A", "log"),
        Household.states[-1],
    )
    shocks = (
        Variable("innovation", "innovation of productivity", "standard deviations"),
        Markov("employed", "0 if unemployed"),
    )
    inputs = (*(each for each in Household.inputs if each.name != "boom"), Variable("log_productivity"))

    def unemployment(self, now: Period, p: Parameters) -> Tensor:
        """u."""
        return MEAN_UNEMPLOYMENT + zeros_like(now.capital)

    def productivity(self, now: Period, p: Parameters) -> Tensor:
        """A."""
        return exp(now.log_productivity)

    def capital_per_labor(self, now: Period, p: Parameters) -> Tensor:
        """K / L."""
        return now.capital / (HOURS * (1 - MEAN_UNEMPLOYMENT))

    def risk_of_unemployment(self, now: Period, p: Parameters) -> Tensor:
        """How likely it is tomorrow."""
        return STILL_UNEMPLOYED + (LOSING_JOBS - STILL_UNEMPLOYED) * now.employed

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """Of a job."""
        risk = now.risk_of_unemployment
        return {"employed": stack([risk, 1 - risk], -1)}

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Tomorrow; what capital is the day after makes no difference to tomorrow's choice."""
        return {
            "assets": now.savings,
            "employed": e.employed,
            "capital": now.next_capital,
            "log_productivity": p.rho * now.log_productivity + p.sigma * e.innovation,
            "next_capital": now.next_capital,
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The representative agent's capital, and mean productivity."""
        states, controls = super().steady_state(p)
        del states["boom"]
        return {**states, "log_productivity": zeros_like(p.beta)}, controls

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Productivity up to four standard deviations from its mean."""
        bounds, far = super().state_bounds(p), FAR * spread_of_productivity(p)
        del bounds["boom"]
        return {**bounds, "log_productivity": (-far, far)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        return {
            **self.coordinates_besides_productivity(now, p),
            "log_productivity": now.log_productivity / spread_of_productivity(p),
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """What decides how patient, how safe and how rich households are."""
        return {
            **self.characteristics_besides_productivity(p),
            "rho": log(1 - p.rho),
            "sigma": log(p.sigma),
        }


class KrusellSmithAr1(KrusellSmith):
    """All households, and productivity."""

    name = "krusell_smith_ar1"
    description = "Krusell and Smith (1998) with AR(1) productivity and constant unemployment"
    parameters = PARAMETERS
    states = (
        Variable(
            "wealth", "households at each node of the wealth grid, the unemployed first", "share", 2 * NODES
        ),
        Variable("log_productivity", "total factor productivity", "log"),
    )
    shocks = (Variable("productivity", "innovation of productivity", "standard deviations"),)
    household: ClassVar[Household] = HouseholdWithAr1()

    def in_common(self, now: Period, p: Parameters) -> Values:
        """States that all households share, [..., 1]."""
        capital = now.capital[..., None]
        return {
            "capital": capital,
            "log_productivity": now.log_productivity[..., None],
            "next_capital": capital,
        }

    def output(self, now: Period, p: Parameters) -> Tensor:
        """Y = A K^alpha L^(1-alpha)."""
        states = {"capital": now.capital, "log_productivity": now.log_productivity}
        some = Period(self.household, p, states)
        return now.capital * some.productivity * some.capital_per_labor ** (p.alpha - 1)

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Savings move households over the grid, and then they find or lose jobs."""
        moved = GRID.move(by_job(now.wealth), by_job(now.savings / p.unit))
        jobless = (moved * by_job(now.at_nodes.risk_of_unemployment)).sum(-2)
        return {
            "wealth": stack([jobless, moved.sum(-2) - jobless], -2).flatten(-2),
            "log_productivity": p.rho * now.log_productivity + p.sigma * e.productivity,
        }

    def chances(self, now: Period, e: Named, p: Parameters) -> Values:
        """None: productivity is normal."""
        return {}

    def inside(self, now: Period, then: Period, p: Parameters) -> Values:
        """What a unit saved is worth to the household at each node, over its chances of a job."""
        jobless, employed = (
            exp(-p.gamma[..., None] * log(eaten / now.consumption))
            for eaten in self.eaten_tomorrow(now, then, p)
        )
        mean = employed + now.at_nodes.risk_of_unemployment * (jobless - employed)
        return {"marginal_value": p.beta[..., None] * mean * then.at_nodes.gross_return}

    def start(self, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth with the representative agent's capital, and mean productivity."""
        zero = zeros_like(p.sigma)
        return {"wealth": at_start(zero), "log_productivity": zero}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Shares between zero and one; productivity up to four standard deviations from its mean."""
        zero, far = (
            zeros_like(p.sigma)[..., None].expand(*p.sigma.shape, 2 * NODES),
            spread_of_productivity(p),
        )
        return {"wealth": (zero, zero + 1), "log_productivity": (-FAR * far, FAR * far)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Log-normal wealth with mean capital within eight per cent of the representative agent's."""
        equal = at_start(zeros_like(u.log_productivity))
        low, high = self.state_bounds(p)["log_productivity"]
        return {
            "wealth": scaled(equal, exp(REACH * (2 * u.wealth[..., :1] - 1))),
            "log_productivity": low + (high - low) * u.log_productivity,
        }

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """Everybody's wealth up to eight per cent more or less than it is."""
        return {
            "wealth": scaled(now.wealth, exp(REACH * (2 * u - 1))),
            "log_productivity": now.log_productivity,
        }


def at_start(zero: Tensor) -> Tensor:
    """Masses [..., 2 nodes] of wealth with the representative agent's mean, for all alike, at zeros [...]."""
    masses = by_job(log_normal(zero + HALFWAY))
    places = GRID.nodes(zero) ** MORE_EQUAL
    mean = (masses.sum(-2) * places).sum(-1)
    return GRID.move(masses, (places / mean[..., None])[..., None, :].expand_as(masses)).flatten(-2)
