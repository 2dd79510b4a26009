"""Observables under any policy.

step.onnx observes what follows from the surrogate's own choice tomorrow. Under another policy the economy's
equations must say what is observed, and these are written for the training framework.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from surrogate.card import Card, expanded_names
from surrogate.errors import Changed

Array = NDArray[np.float64]
Observe = Callable[[Array, Array, Array], Array]
"""From a path of states [T + 1, n_states] and controls [T + 1, n_controls] at one parameter vector
[n_parameters] to observables [T, n_observables].
"""


def observer(card: Card) -> Observe | None:
    """How the economy of `card` is observed; None without the extra ``train``, or if it does not ship.

    Raises
    ------
    Changed : the card describes another version of the economy.
    """
    if importlib.util.find_spec("torch") is None:
        return None
    from surrogate import models

    if card.model not in models.names():
        return None
    version = models.get(card.model).version
    if version != card.model_version:
        raise Changed(
            f"The artifact is of {card.model} version {card.model_version}, the economy here is version "
            f"{version}: export the artifact again."
        )
    return lambda states, controls, theta: _observe(card, states, controls, theta)


def _observe(card: Card, states: Array, controls: Array, theta: Array) -> Array:
    import torch

    from surrogate.models import get

    model = get(card.model)
    own = [expanded_names(card.controls).index(name) for name in expanded_names(model.controls)]
    s, x, vector = (torch.from_numpy(values) for values in (states, controls[:, own], theta))
    p = model.name_parameters(vector)
    now, then = (model.period(p, s[dates], x[dates]) for dates in (slice(-1), slice(1, None)))
    return model.observed(now, then, p).numpy()
