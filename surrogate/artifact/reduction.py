"""How far a reduced economy is from the full one that it stands for, by their ONNX files alone.

Both get the same shocks, each from its own steady state. What they have in common is observed quarter by
quarter, so that errors of the reduced economy's law add up as they do in its use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..house.listener import track
from .card import Card
from .runtime import Surrogate, Transition
from .validation import Check, draw_parameters

Array = NDArray[np.floating]
ECONOMIES, FEWER = 100, 25
"""Parameter vectors for the card, and to check it."""
BURN_IN, PERIODS = 1_500, 1_000
"""Quarters in which the full economy forgets the distribution that it started from, and after them."""
SEED = 20_210_101
"""Of parameters and shocks for the card: far from any seed of a fit."""
SLACK = {"mean": 1.25, "p99": 1.5}
"""How many times the card's differences those at other parameters and shocks may be: five standard deviations
over draws of `FEWER`, of which a dozen came to .79 to .98 and .59 to .98.
"""


def transitions(surrogate: Surrogate, parameters: Array, shocks: Iterable[Array]) -> Iterator[Transition]:
    """Period after period from the steady state, without keeping them as `Surrogate.simulate` does: a
    distribution is large. Parameters [n, n_parameters]; shocks [n, n_shocks] of each period.
    """
    states, controls = surrogate.steady_state(parameters)
    for period in shocks:
        following = surrogate.step(states, controls, period, parameters, check=False)
        yield following
        states, controls = following.next_states, following.next_controls


def source_of(surrogate: Surrogate) -> dict[str, Any]:
    """What the card of a reduced economy says of the artifact that it was fitted to."""
    card = surrogate.card
    return {"model": card.model, "model_version": card.model_version, "digests": dict(card.digests)}


def is_reduced(card: Card) -> bool:
    """Whether the economy stands for another one."""
    return "source" in card.training


def is_source(card: Card, full: Surrogate) -> bool:
    """Whether a reduced economy was fitted to this very artifact."""
    return card.training.get("source") == source_of(full)


def differences(
    reduced: Surrogate, full: Surrogate, economies: int = ECONOMIES, seed: int = SEED
) -> dict[str, dict[str, float]]:
    """Absolute differences of what both observe, by observable: mean, p99 and max over `PERIODS` quarters of
    economies with parameters uniform on the certified part of the box.
    """
    generator = np.random.default_rng(seed)
    theta = draw_parameters(reduced, economies, generator)
    shocks = generator.standard_normal((BURN_IN + PERIODS, economies, reduced.n_shocks))
    names = [name for name in reduced.observable_names if name in full.observable_names]
    columns = [[each.observable_names.index(name) for name in names] for each in (reduced, full)]
    paths = [transitions(each, theta, shocks) for each in (reduced, full)]
    gaps = []
    for period in track(range(len(shocks)), f"{reduced.card.model} beside {full.card.model}"):
        here, there = (next(path) for path in paths)
        if period >= BURN_IN:
            gaps.append(here.next_observables[:, columns[0]] - there.next_observables[:, columns[1]])
    sizes = np.abs(np.concatenate(gaps).astype(float))
    return {
        name: {"mean": float(size.mean()), "p99": float(np.quantile(size, 0.99)), "max": float(size.max())}
        for name, size in zip(names, sizes.T, strict=True)
    }


def check_reduction(reduced: Surrogate, full: Surrogate, seed: int = 0) -> list[Check]:
    """Hold differences at parameters and shocks of another seed to those in the card."""
    checks = []
    for name, figures in differences(reduced, full, FEWER, seed).items():
        claimed = reduced.card.accuracy.get("reduction", {}).get(name, {})
        passed = all(figures[each] <= factor * claimed.get(each, np.nan) for each, factor in SLACK.items())
        detail = ", ".join(
            f"{each} {figures[each]:.2g} (card {claimed.get(each, np.nan):.2g})" for each in SLACK
        )
        checks.append(Check(f"difference from {full.card.model}: {name}", passed, detail))
    return checks
