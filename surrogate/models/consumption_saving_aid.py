"""Where the network of the income fluctuation problem looks and starts: about the kink."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from torch import Tensor, exp, log, relu, zeros_like
from torch.nn.functional import softplus

from surrogate.models.aid import Aid
from surrogate.models.period import Parameters, Period
from surrogate.models.variables import Named, Variable

LEAST_IMPATIENCE = 0.01
"""In what says how far the box of assets reaches: with less, they are spread without end."""
WARY_SHARE = 0.1
"""Share of a gain in cash on hand that is consumed just above the kink, in the first approximation of it."""
ROUND = 8
"""How close to its kink the anchor of the economy without that regime is."""
LEAST_PLACE = 0.8
"""Cash on hand from which training draws states, relative to the first approximation of the kink."""
MOST_PLACE = 1.5
"""Assets up to which it draws them, relative to the box: the patient own more."""


class ConsumptionSavingAid(Aid):
    """Cash on hand relative to the kink; a straight line from there as anchor."""

    inputs = (Variable("resources"), Variable("income"))

    def variance(self, p: Parameters) -> Tensor:
        """Ergodic variance of log income."""
        return p.sigma**2 / (1 - p.rho**2)

    def prudence(self, p: Parameters) -> Tensor:
        """What prudence asks for, gamma var(z) for each unit of impatience."""
        return p.gamma * p.variance / (relu(p.impatience - LEAST_IMPATIENCE) + LEAST_IMPATIENCE)

    def wealth(self, p: Parameters) -> Tensor:
        """Assets that are seldom exceeded: mean income plus what prudence asks for."""
        return exp(p.variance / 2) * (1 + p.prudence)

    def most(self, now: Period, p: Parameters) -> Tensor:
        """All there is to consume; as much more as whoever is at the kink has if today's limit is lifted."""
        return now.resources + now.first_kink if now.told("saving") is False else now.resources

    def first_kink(self, now: Period, p: Parameters) -> Tensor:
        """Cash on hand below which all would be consumed, to a first approximation: the smaller, smoothly, of
        two that are exact, one if all of tomorrow's income were consumed, and one if only the share
        `WARY_SHARE` of what exceeds tomorrow's kink were, in logs.
        """
        impatience, wariness = p.impatience / p.gamma, p.gamma * p.sigma**2 / 2
        all_consumed = p.rho * now.income + impatience - wariness
        pull = WARY_SHARE / (1 - (1 - WARY_SHARE) * p.rho)
        part_consumed = pull * p.rho * now.income + (impatience - wariness * pull**2) / WARY_SHARE
        return exp(all_consumed - p.sigma * softplus((all_consumed - part_consumed) / p.sigma))

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Assets from the limit up, and three standard deviations of log income either side."""
        three_sd = 3 * p.variance**0.5
        return {"assets": (zeros_like(p.wealth), p.wealth), "income": (-three_sd, three_sd)}

    def place(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """Income evenly, and assets from a little below the kink up, half of them in the first eighth."""
        low, high = self.state_bounds(p)["income"]
        income = low + (high - low) * u.income
        kink = self.first_kink(cast(Period, SimpleNamespace(income=income)), p)
        least = (relu(LEAST_PLACE * kink - exp(income)) / (1 + p.r)).minimum(p.wealth)
        return {"assets": least + (MOST_PLACE * p.wealth - least) * u.assets**3, "income": income}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """How far cash on hand is from the kink, to a first approximation, and income."""
        return {
            "resources": log(now.resources / now.first_kink) / 2,
            "income": now.income / (3 * p.variance**0.5),
        }

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the logs of impatience, risk and prudence."""
        return {
            **super().characteristics(p),
            "impatience": log(relu(p.impatience) + LEAST_IMPATIENCE),
            "variance": log(p.variance),
            "prudence": log(p.prudence),
        }

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Off the limit, a straight line through the first approximation of the kink, as steep as without
        risk; without the regime at the limit, smoothly less than there is.
        """
        if now.told("saving"):
            return {"consumption": now.resources}
        slope = 1 - exp(-p.impatience / p.gamma) / (1 + p.r)
        line = slope * now.resources + (1 - slope) * now.first_kink
        if now.told("saving") is False:
            return {"consumption": line}
        return {"consumption": now.resources * (1 + (now.resources / line) ** ROUND) ** (-1 / ROUND)}
