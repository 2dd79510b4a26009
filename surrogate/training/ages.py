"""Which ages of overlapping generations a batch looks at.

Errors are largest where a limit ceases to bind, an age or two of fifty-six, and at the two ends of life.
Which ages these are is a matter of the economy, and seen from errors on the way.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..models.generations import Generations

AGES = 16
"""Of each economy of a batch, or all if there are fewer."""
FORGETTING = 0.05
"""Weight of a batch in the mean squares of errors by age."""
RAREST, MOST_OFTEN = 0.4, 4.0
"""Ends of how often an age is drawn, relative to their mean."""
SMALLEST = 1e-300
"""Mean of errors, where all are zero."""


def ages_in_batch(model: Generations) -> int:
    """Ages of each economy of a batch."""
    return min(AGES, model.n_savers)


class AgeTilt:
    """Draws ages, those with large errors more often: in proportion to the root of their mean square."""

    def __init__(self, model: Generations, generator: torch.Generator) -> None:
        self.model, self.generator = model, generator
        self.squares: Tensor | None = None

    def draw(self, count: int) -> Tensor:
        """Different ages in each of `count` economies [count, m], whole numbers (Efraimidis and Spirakis
        2006).
        """
        u = torch.rand(count, self.model.n_savers, generator=self.generator, dtype=torch.float64)
        return (u.log() / self._weights()).topk(ages_in_batch(self.model), dim=1).indices

    def _weights(self) -> Tensor:
        if self.squares is None:
            return torch.ones(self.model.n_savers, dtype=torch.float64)
        size = self.squares.sqrt()
        return (size / size.mean().clamp_min(SMALLEST)).clamp(RAREST, MOST_OFTEN)

    def learn(self, ages: Tensor, errors: Tensor) -> None:
        """Take note of the `errors` [n, m, k] of savers of `ages` [n, m], where they are numbers."""
        squares = errors.square().mean(-1)
        usable = torch.isfinite(squares)
        if not usable.any():
            return
        squares, where = squares[usable], ages[usable]
        none = torch.zeros(self.model.n_savers, dtype=torch.float64)
        drawn = none.index_add(0, where, torch.ones_like(squares))
        now = none.index_add(0, where, squares) / drawn.clamp_min(1.0)
        if self.squares is None:
            self.squares = torch.where(drawn > 0, now, now.sum() / (drawn > 0).sum())
        else:
            self.squares = torch.where(drawn > 0, torch.lerp(self.squares, now, FORGETTING), self.squares)

    def state(self) -> list[Tensor]:
        """What a checkpoint keeps."""
        return [] if self.squares is None else [self.squares]

    def restore(self, state: list[Tensor]) -> None:
        """Take over what `state` gave."""
        self.squares = state[0] if state else None
