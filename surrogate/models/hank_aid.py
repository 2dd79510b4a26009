"""Where the network of Kase, Melosi and Rottner's households starts, and what it sees.

It sees the aggregate state and two moments of the distribution: what all households together would consume
at steady prices, now and two years on. It starts from the first-order answer to these six numbers, so that
what is left to learn is risk and curvature.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, exp, stack, zeros_like

from surrogate.artifact.card import ParameterRange
from surrogate.models.aid import Aid
from surrogate.models.graph_algebra import applied
from surrogate.models.hank_rest import DIRECTIONS, NODES, STATES, AtRest, first_order, tables
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Named, Variable

RADIUS = 2.0
"""Standard deviations from zero to the ends of where the exogenous states are drawn from."""
FAR = 4.0
"""The same of their box."""
LAGGED = 0.01
"""From the steady state to the ends of where the lagged rate is drawn from."""
MOMENT_SIZE = 1e-3


class HankAid(Aid):
    """Tables of the steady state, the first-order anchor, and the network's inputs."""

    tabulated: ClassVar[tuple[ParameterRange, ...]]
    """The box over which tables were computed."""
    preference_persistence: ClassVar[float]
    log_target: ClassVar[float]
    log_wage: ClassVar[float]
    inputs = (
        Variable("interest_rate_lag"),
        Variable("preference"),
        Variable("growth"),
        Variable("monetary"),
        Variable("moments", size=2),
    )

    def rest(self, p: Parameters) -> AtRest:
        """Households and prices at rest."""
        risk, limit = self.tabulated[:2]
        return tables(risk, limit).at(p.sigma_s, p.borrowing_limit)

    def exogenous_sd(self, p: Parameters) -> dict[str, Tensor]:
        """Ergodic standard deviations of the exogenous states."""
        zeta = p.sigma_zeta / (1 - self.preference_persistence**2) ** 0.5
        return {
            "preference": zeta,
            "growth": p.sigma_z / (1 - p.rho_z**2) ** 0.5,
            "monetary": p.sigma_m / (1 - p.rho_m**2) ** 0.5,
        }

    def expected(self, now: Period, p: Parameters) -> Tensor:
        """Consumption of all at steady prices, now and two years on, [..., 2]."""
        return integrals(now.wealth, p.rest)

    def expected_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """The same of tomorrow's distribution, which today's choices decide."""
        return integrals(now.wealth_tomorrow, p.rest)

    def moments(self, now: Period, p: Parameters) -> Tensor:
        """What is expected relative to rest, [..., 2]."""
        return now.expected - p.rest.moments

    def deviations(self, now: Period, p: Parameters) -> Tensor:
        """What the network sees, relative to rest, [..., 6]."""
        aggregate = torch.broadcast_tensors(
            now.interest_rate_lag - p.rest.log_rate, now.preference, now.growth, now.monetary
        )
        moments = now.moments.expand(*aggregate[0].shape, -1)
        return torch.cat([stack(aggregate, -1), moments], -1)

    def first_order(self, p: Parameters) -> Tensor:
        """Answers of log Pi, log W, log tau, log Y and log M in each direction to what the network sees,
        [..., 4 + DIRECTIONS, 6].
        """
        return first_order(self.tabulated)(p).unflatten(-1, (4 + DIRECTIONS, 6))

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """To first order."""
        moves = applied(p.first_order, now.deviations)
        inflation, wage, tax, output = moves[..., :4].unbind(-1)
        return {
            "inflation": exp(self.log_target + inflation),
            "wage": exp(self.log_wage + wage),
            "tax": exp(p.rest.log_tax + tax),
            "output": exp(p.rest.log_output + output),
            "worth": exp(moves[..., 4:]),
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Of order one each."""
        seen, sd = now.deviations, p.exogenous_sd
        return {
            "interest_rate_lag": seen[..., 0] / (2 * LAGGED),
            "preference": seen[..., 1] / (3 * sd["preference"]),
            "growth": seen[..., 2] / (3 * sd["growth"]),
            "monetary": seen[..., 3] / (3 * sd["monetary"]),
            "moments": seen[..., 4:] / MOMENT_SIZE,
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the rate at rest, and first-order answers of inflation and output to the
        preference shock and of inflation to the monetary one.
        """
        return {
            **super().characteristics(p),
            "rate_at_rest": p.rest.log_rate,
            "inflation_by_preference": p.first_order[..., 0, 1],
            "output_by_preference": p.first_order[..., 3, 1],
            "inflation_by_monetary": p.first_order[..., 0, 3],
        }

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Shares between zero and one; four standard deviations of what is exogenous."""
        zero = zeros_like(p.rest.mass.flatten(-2))
        return {"wealth": (zero, zero + 1), **self.aggregate_bounds(p)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Households as at rest; a lagged rate within four points a year of that at rest, and two standard
        deviations of what is exogenous.
        """
        return {"wealth": p.rest.mass.flatten(-2), **self.aggregates_somewhere(u, p)}

    def aggregate_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Ends of the aggregate states."""
        sd = {name: FAR * each for name, each in p.exogenous_sd.items()}
        rate = p.rest.log_rate
        return {
            "interest_rate_lag": (rate - 4 * LAGGED, rate + 4 * LAGGED),
            **{name: (-each, each) for name, each in sd.items()},
        }

    def aggregates_somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Aggregate states at numbers `u` between zero and one."""
        sd = p.exogenous_sd
        return {
            "interest_rate_lag": p.rest.log_rate + LAGGED * (2 * u.interest_rate_lag - 1),
            **{name: RADIUS * sd[name] * (2 * getattr(u, name) - 1) for name in sd},
        }


def integrals(wealth: Tensor, rest: AtRest) -> Tensor:
    """Moments [..., 2] of a distribution [..., STATES NODES]."""
    return (wealth.unflatten(-1, (1, STATES, NODES)) * rest.expectations).sum((-1, -2))
