"""Kase, Melosi and Rottner's households, reduced: the aggregate state and two moments of their distribution.

    Pi, Y = f(R_-1, zeta, z, mp, m)     the full economy's network
    m'    = g(R_-1, zeta, z, mp, m)     fitted to what all households of the full economy bring about
    log R = log R_ss + theta_pi log(Pi/Pibar) + theta_y log(Y/Y_ss) + mp

m is what all households together would consume at steady prices, now and two years on: its first-order
effect is nearly all that the distribution has. The network of the full economy sees no more either, so that
Pi and Y are the same here; only the law of m is approximate. It begins as the first-order one, since m moves
so slowly that simulations hardly tell how it returns to rest.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, exp, log

from surrogate.models.graph_algebra import applied
from surrogate.models.hank import LOG_GROWTH, LOG_TARGET, LOG_WAGE, RHO_ZETA, Hank
from surrogate.models.hank_aid import HankAid
from surrogate.models.hank_rest import MOMENTS, AggregatesAtRest, law_of_moments, tables
from surrogate.models.interface import Control, Named, Parameters, Period, Values, Variable
from surrogate.models.reduced import Reduced

REACH = 0.01
"""From the moments at rest to the ends of their box, goods."""


class HankReduced(HankAid, Reduced):
    """The aggregate state and two moments of the distribution of bonds."""

    name = "hank_reduced"
    description = "Households of Kase, Melosi and Rottner with two moments of their distribution, for filters"
    full = Hank
    parameters = tabulated = Hank.parameters
    states = (
        *Hank.states[1:],
        Variable("expected", "consumption of all at steady prices, now and two years on", "goods", 2),
    )
    controls = (
        Control("inflation", "gross inflation", "ratio to the previous quarter", lower=0.0),
        Control("output", "output relative to productivity", "goods", lower=0.0),
        Control("expected_tomorrow", "expected at the start of the next quarter", "goods", 2, lower=0.0),
    )
    shocks = Hank.shocks
    observables = Hank.observables[:3]
    kept = ("inflation", "output")
    preference_persistence, log_target, log_wage = RHO_ZETA, LOG_TARGET, LOG_WAGE
    moved: ClassVar[tuple[int, int]] = (0, 3)
    """Rows of the first-order solution that inflation and output have."""

    def rest(self, p: Parameters) -> AggregatesAtRest:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Prices and moments at rest; nothing of single households."""
        risk, limit = self.tabulated[:2]
        return tables(risk, limit).aggregates_at(p.sigma_s, p.borrowing_limit)

    def law_of_moments(self, p: Parameters) -> Tensor:
        """First-order answers of tomorrow's moments to what the network sees, [..., 2, 6]."""
        return law_of_moments(self.tabulated)(p).unflatten(-1, (MOMENTS, 4 + MOMENTS))

    def of_full(self, seen: Named) -> Values:
        """The aggregate state and the moments, today's and tomorrow's."""
        names = [state.name for state in self.states] + [control.name for control in self.controls]
        return {name: getattr(seen, name) for name in names}

    def moments(self, now: Period, p: Parameters) -> Tensor:
        """What is expected relative to rest, [..., 2]."""
        return now.expected - p.rest.moments

    def log_rate(self, now: Period, p: Parameters) -> Tensor:
        """Log gross nominal rate that the rule sets."""
        response = p.theta_pi * (log(now.inflation) - LOG_TARGET)
        return p.rest.log_rate + response + p.theta_y * (log(now.output) - p.rest.log_output) + now.monetary

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """The rate and the moments of today are lagged tomorrow, and the rest is exogenous."""
        return {
            "interest_rate_lag": now.log_rate,
            "preference": RHO_ZETA * now.preference + p.sigma_zeta * e.preference,
            "growth": p.rho_z * now.growth + p.sigma_z * e.growth,
            "monetary": p.rho_m * now.monetary + p.sigma_m * e.monetary,
            "expected": now.expected_tomorrow,
        }

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Aggregates as the data have them."""
        return {
            "output_growth": 100 * (log(then.output / now.output) + LOG_GROWTH + then.growth),
            "inflation": 400 * log(then.inflation),
            "interest_rate": 400 * then.log_rate,
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """To first order."""
        inflation, output = applied(p.first_order[..., list(self.moved), :], now.deviations).unbind(-1)
        return {
            "inflation": exp(LOG_TARGET + inflation),
            "output": exp(p.rest.log_output + output),
            "expected_tomorrow": p.rest.moments + applied(p.law_of_moments, now.deviations),
        }

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Without aggregate shocks, as in the full economy."""
        zero = 0 * p.phi
        states = {
            "interest_rate_lag": p.rest.log_rate,
            "preference": zero,
            "growth": zero,
            "monetary": zero,
            "expected": p.rest.moments,
        }
        return states, self.anchor(Period(self, p, states), p)

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """As in the full economy; a hundredth of consumption around the moments at rest."""
        bounds = self.aggregate_bounds(p)
        return {**bounds, "expected": (p.rest.moments - REACH, p.rest.moments + REACH)}

    def somewhere(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """As in the full economy, with the moments a tenth of that away from rest."""
        drawn = self.aggregates_somewhere(u, p)
        return {**drawn, "expected": p.rest.moments + REACH * (2 * u.expected - 1) / 10}
