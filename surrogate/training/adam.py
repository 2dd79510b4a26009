"""First-order steps: before Levenberg–Marquardt, or instead of it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from surrogate.training.methods import Method

SMALLEST = 1e-16
"""Added to the size of gradients: residuals of 1e-5 have gradients far below torch's own 1e-8."""


class Adam:
    """Kingma and Ba (2015) on the weights of a method's network, gradients clipped to length one.

    As a warm-up the learning rate is constant; where a run of `total` steps has nothing else it falls to zero
    along half a cosine.
    """

    def __init__(self, method: Method, learning_rate: float, total: int | None = None) -> None:
        self.method, self.learning_rate, self.total = method, learning_rate, total
        self.weights = list(method.policy.parameters())
        self.torch = torch.optim.Adam(self.weights, lr=learning_rate, eps=1e-8 if total is None else SMALLEST)

    def step(self, batch: tuple[Tensor, Tensor], step: int) -> Tensor | None:
        """Step number `step` on a batch; returns the residuals [n, m] before it where the method has some."""
        if self.total is not None:
            self.torch.param_groups[0]["lr"] = (
                self.learning_rate * (1 + math.cos(math.pi * step / self.total)) / 2
            )
        return self._on(*batch, *self.method.draw(batch[0]))

    def _on(self, *batch: Tensor) -> Tensor | None:
        """Descend on those rows of the batch, drawn shocks included, where the method gives numbers."""
        with torch.no_grad():
            usable = torch.isfinite(self.method(*batch)).all(-1)
        self.torch.zero_grad()
        terms = self.method(*(each[usable] for each in batch))
        if not self.method.sum_of_squares:
            self._descend(terms.mean())
            return None
        self._descend(terms.square().clamp(max=1.0).mean())
        return terms.new_full((len(usable), terms.shape[-1]), torch.nan).index_copy(
            0, usable.nonzero()[:, 0], terms.detach()
        )

    def _descend(self, loss: Tensor) -> None:
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        if torch.isfinite(norm):  # the untaken branch of a kink can still be no number
            self.torch.step()

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return self.torch.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.torch.load_state_dict(state)
