"""Which ages of overlapping generations a batch looks at.

Errors are largest where a limit ceases to bind, an age or two of fifty-six, and at the two ends of life.
Which ages these are differs between economies and from one period to the next, so it is seen from errors.
"""

from __future__ import annotations

import torch
from torch import Tensor

AGES = 16
"""Of each economy of a batch, or all if there are fewer."""
RAREST, MOST_OFTEN = 0.4, 4.0
"""Ends of how often an age is drawn, relative to their mean."""
SMALLEST = 1e-300
"""Mean of errors, where all are zero."""


def draw_ages(errors: Tensor, generator: torch.Generator) -> Tensor:
    """Different ages of each economy [n, m], those whose `errors` [n, S], none of them negative, are large
    more often (Efraimidis and Spirakis 2006).
    """
    size = errors.nan_to_num(0.0, 0.0)
    weights = (size / size.mean(1, keepdim=True).clamp_min(SMALLEST)).clamp(RAREST, MOST_OFTEN)
    u = torch.rand(errors.shape, generator=generator, dtype=torch.float64)
    return (u.log() / weights).topk(min(AGES, errors.shape[1]), dim=1).indices
