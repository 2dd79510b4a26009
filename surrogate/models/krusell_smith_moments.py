"""Krusell and Smith's economy where households see more of the distribution of wealth than its mean.

    m = sum of f(k/K) over households,   m' = sum of f(k'/K')

with shapes f that are fixed, so that m' is known today like K'. A few shapes are moments of the modeller's
choice. Many bumps are moments of the network's: the sums of bumps that its first layer takes are the means of
a function of wealth that it has learnt, generalised moments (Han, Yang and E 2021, "DeepHAM").
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, cat, exp, float64, linspace, log, log1p, stack, tensor

from surrogate.models.interface import Named, Parameters, Period, Values, Variable
from surrogate.models.krusell_smith import GRID, REACH, KrusellSmith, by_job, log_normal, scaled
from surrogate.models.krusell_smith_household import Household

Shapes = Callable[[Tensor], Tensor]
"""From wealth relative to its mean [...] to numbers of order one [..., n], two or more."""
SPREAD = 0.1
"""How far moments of numbers of order one may be from those of a log-normal distribution, roughly."""
UNEQUAL = 0.15
"""How far, in the exponent of wealth relative to its mean, training looks around: the distributions of a bank
are alike at first, and what moments do cannot be learnt where they do not differ.
"""
BUMPS, WIDTH = linspace(-2.0, 2.0, 6, dtype=float64), 0.8


def fixed_shapes(relative: Tensor) -> Tensor:
    """How many are poor, how many are below the middle, and how far away the rich are, [..., 3]."""
    return stack([exp(-relative / 0.15), exp(-relative / 0.6), log1p(relative)], -1)


def bumps(relative: Tensor) -> Tensor:
    """Six bells, evenly spaced in the logarithm of wealth plus a tenth, [..., 6]."""
    return exp(-(((log(relative + 0.1)[..., None] - BUMPS.to(relative)) / WIDTH) ** 2) / 2)


class HouseholdWithMoments(Household):
    """A household who is told moments of the distribution, today's and tomorrow's."""

    name = "krusell_smith_household_with_moments"

    def __init__(self, shapes: Shapes = fixed_shapes) -> None:
        at_start = by_job(log_normal(tensor(1.0, dtype=float64))).sum(-2) @ shapes(GRID.points)
        self.usual = at_start
        moments = Variable("moments", "moments of wealth", size=len(at_start))
        tomorrow = Variable("next_moments", "moments of wealth tomorrow", size=len(at_start))
        states = (*Household.states[:-1], moments, Household.states[-1], tomorrow)
        vars(self).update(states=states, inputs=(*Household.inputs, moments))

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Tomorrow; what moments are the day after makes no difference, either."""
        return {
            **super().transition(now, e, p),
            "moments": now.next_moments,
            "next_moments": now.next_moments,
        }

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Moments relative to those of a log-normal distribution."""
        beyond = (now.moments - self.usual.to(now.moments)) / SPREAD
        return {**super().coordinates(now, p), "moments": beyond}


class KrusellSmithMoments(KrusellSmith):
    """All households, who see moments of their distribution, and whether there is a boom."""

    name = "krusell_smith_moments"
    description = "Krusell and Smith (1998) where households see moments of the distribution of wealth"
    spread_numbers = 2

    def __init__(self, shapes: Shapes = fixed_shapes) -> None:
        household = HouseholdWithMoments(shapes)
        self.shapes = shapes
        vars(self).update(household=household, n_told=1 + len(household.usual))

    def in_common(self, now: Period, p: Parameters) -> Values:
        """Moments, too."""
        moments = self._moments(now.mass, now.assets, now.capital)[..., None, :]
        return {**super().in_common(now, p), "moments": moments, "next_moments": moments}

    def told_tomorrow(self, now: Period, p: Parameters) -> Tensor:
        """K' and the moments of tomorrow's wealth."""
        capital = super().told_tomorrow(now, p)
        return cat([capital[..., None], self._moments(now.mass, now.savings, capital)], -1)

    def spread(self, now: Period, u: Tensor, p: Parameters) -> Values:
        """More or less equal, and then everybody's wealth up to eight per cent more or less."""
        exponent = 1 + UNEQUAL * (2 * u[..., 1:] - 1)
        masses = by_job(now.wealth)
        mean = now.capital[..., None] / p.unit
        places = mean * (GRID.nodes(now.wealth) / mean) ** exponent
        moved = GRID.move(masses, places[..., None, :].expand_as(masses)).flatten(-2)
        return {
            "wealth": scaled(moved, exp(REACH * (2 * u[..., :1] - 1))),
            "productivity": now.productivity,
        }

    def _moments(self, mass: Tensor, wealth: Tensor, mean: Tensor) -> Tensor:
        return (mass[..., None] * self.shapes(wealth / mean[..., None])).sum(-2)
