"""The all-in-one operator: two draws of the shocks in place of a quadrature.

Maliar, Maliar and Winant (2021), "Deep learning for solving dynamic economic models", Journal of Monetary
Economics 122. For independent e and e' the product F(e) F(e') has the mean (E F)^2, so its average over
states can be minimised with two draws for each, whatever the number of shocks. That holds for residuals that
are linear in the expectation. The economies here are written as F(s, x, E[g]) in units of consumption, which
is not linear; so F is linearised in its last argument, at g without shocks:

    F(g0) + F_g (g(e) - g0),   g0 = g(s, x, s'(0), x'(0)).

What that misses is of second order in E[g] - g0, itself of second order in the size of the shocks.
"""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor
from torch.func import jvp

from surrogate.errors import BadConfiguration
from surrogate.models.interface import Markov, Model, pack
from surrogate.models.multipliers import constrained
from surrogate.training.methods.method import Method
from surrogate.training.residuals import LookAhead, in_each_regime, look_ahead
from surrogate.training.settings import Settings


class AllInOne(Method):
    """Products of the residuals at two independent draws of tomorrow's shocks: at the solution as often
    negative as not, so not a sum of squares.
    """

    description = "all-in-one operator, Euler residuals at two draws of the shocks"
    sum_of_squares = False

    @classmethod
    def formulate(cls, economy: Model, settings: Settings) -> Model:
        """The economy itself; complementarities must not hide the expectation in a nonlinear function.

        Raises:
            BadConfiguration: if they do, or if a shock has a few outcomes, whose differences are not small.
        """
        if markov := [shock.name for shock in economy.shocks if isinstance(shock, Markov)]:
            raise BadConfiguration(
                f"method=all_in_one takes normal shocks, which {', '.join(markov)} is not: take method=euler."
            )
        if settings.constraints != "multipliers" and constrained(economy):
            raise BadConfiguration(
                "method=all_in_one needs residuals linear in the expectation, and Fischer and Burmeister's "
                f"function in {', '.join(sorted(constrained(economy)))} is not: add constraints=multipliers."
            )
        return economy

    def draw(self, states: Tensor) -> tuple[Tensor, ...]:
        """Two draws of tomorrow's shocks [n, 2, n_shocks]."""
        return (self.shocks(states, 2),)

    def forward(self, states: Tensor, parameters: Tensor, shocks: Tensor) -> Tensor:
        """Products [n, n_residuals] of the residuals under the two draws of `shocks`."""
        nodes = torch.cat([torch.zeros_like(shocks[:, :1]), shocks], dim=1)

        p = self.policy.model.name_parameters(parameters.unsqueeze(-2))

        def product(today: Model, x: Tensor) -> Tensor:
            ahead = look_ahead(self.policy, today, states, x, p, nodes)
            return linearised_residuals(today, ahead).prod(-2)

        return in_each_regime(self.policy, states, p, product)


def linearised_residuals(today: Model, ahead: LookAhead) -> Tensor:
    """F(g0) + F_g (g - g0) [n, q, n_equations], with g0 at the first of the q + 1 nodes of `ahead`."""
    dim = ahead.leading - 1
    names = list(ahead.inside)
    count = max(g.shape[dim] for g in ahead.inside.values())
    values = [g.expand(*g.shape[:dim], count, *g.shape[dim + 1 :]) for g in ahead.inside.values()]
    others = [g.narrow(dim, 1, count - 1) for g in values]
    centres = [g.narrow(dim, 0, 1).expand_as(other).clone() for g, other in zip(values, others, strict=True)]

    def residuals(*expected: Tensor) -> Tensor:
        named = SimpleNamespace(**dict(zip(names, expected, strict=True)))
        return pack(today.conditions(ahead.now, named, ahead.p), today.equations)

    moves = tuple(other - centre for other, centre in zip(others, centres, strict=True))
    centre, change, *_ = jvp(residuals, tuple(centres), moves)
    return centre + change
