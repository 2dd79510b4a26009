"""How a reduced economy is fitted to the full one that it stands for: least squares of its choices.

The full economy is simulated by its ONNX files at parameter vectors that cover the box evenly. The shape of
its distribution moves over thousands of quarters and moves choices a little, whatever the states of the
reduced economy are; so it has to be what it is in the long run, and economies are followed for long before
anything counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.quasirandom import SobolEngine

from ..artifact.reduction import transitions
from ..artifact.runtime import Surrogate, Transition
from ..errors import BadConfiguration, Changed, NotSolved
from ..house.listener import progress, track
from ..models.interface import Parameters, Period, pack
from ..models.reduced import Reduced
from ..models.variables import columns_of
from ..policy import PolicyNetwork
from ..reduced_policy import ReducedPolicy
from .checks import blaming
from .machine import keep_freed_memory, torch_threads
from .optimisers import Batch, LevenbergMarquardt
from .sampling import with_edges

EDGE = 0.05
"""Share of the range of each parameter by which draws may be beyond either end before they are moved to it:
corners of the box are where economies differ most from their neighbours.
"""


@dataclass(frozen=True)
class ReductionSettings:
    """Settings of a fit; together with the artifact that it is fitted to they determine its result."""

    hidden: tuple[int, ...] = (12, 12)
    """Widths of the tanh layers that see the states."""
    trunk: int = 24
    """Width of the layer that sees only the parameters."""
    economies: int = 1024
    """Parameter vectors at which the full economy is simulated."""
    burn_in: int = 1_500
    """Quarters of each that do not count: the shape of its distribution has to forget where it started."""
    quarters: int = 500
    """Quarters of each that count."""
    batch: int = 8192
    """Quarters of any economies in a step, drawn anew each time."""
    steps: int = 120
    """Of Levenberg-Marquardt."""
    memory: float = 0.95
    """Share that the normal equations of earlier batches keep in each step."""
    seed: int = 0


class Quarters(NamedTuple):
    """States and choices [n, n_states + n_controls] of quarters of the full economy as the reduced one has
    them, and their parameters [n, n_parameters].
    """

    rows: Tensor
    parameters: Tensor

    def draw(self, count: int, generator: torch.Generator) -> Batch:
        """So many of them."""
        chosen = torch.randint(len(self.rows), (count,), generator=generator)
        return self.rows[chosen], self.parameters[chosen]


class Fit(NamedTuple):
    """What came of it: the policy, and processor time in seconds, simulation included."""

    policy: PolicyNetwork
    seconds: float


def fit(
    model: Reduced, full: Surrogate, settings: ReductionSettings, whole: PolicyNetwork | None = None
) -> Fit:
    """Fit a reduced economy's choices to the artifact of the full one; `whole` is the network that the
    artifact was exported from, which an economy that keeps choices of it needs.

    Raises:
        BadConfiguration: if that network is needed and not there, or there and not needed.
        Changed: if the artifact is of another economy, or of another version of it.
        NotSolved: if simulations of the full economy do not stay finite.
        SurrogateError: if the reduced economy asks for what the full one does not have, naming the line.
    """
    require_full(model, full)
    require_whole(model, whole is not None)
    keep_freed_memory()
    with torch_threads(1):
        started = time.process_time()
        quarters = simulate_full(model, full, settings)
        policy = fit_choices(model, quarters, settings, whole)
        return Fit(policy, time.process_time() - started)


def require_full(model: Reduced, full: Surrogate) -> None:
    """Raise Changed unless the artifact is of the economy that `model` stands for."""
    card, expected = full.card, model.full
    if (card.model, card.model_version) != (expected.name, expected.version):
        raise Changed(
            f"{model.name} stands for {expected.name} version {expected.version}, and the artifact is of "
            f"{card.model} version {card.model_version}: give the artifact of that economy with --full."
        )


def require_whole(model: Reduced, given: bool) -> None:
    """Raise BadConfiguration unless a network is given where `model` keeps choices of one, and only there."""
    if model.kept and not given:
        raise BadConfiguration(
            f"{model.name} keeps {', '.join(model.kept)} of the network of {model.full.name}: give the "
            "checkpoint that its artifact was exported from with --checkpoint."
        )
    if given and not model.kept:
        raise BadConfiguration(
            f"{model.name} keeps no choices of the network of {model.full.name}: leave out --checkpoint."
        )


def simulate_full(model: Reduced, full: Surrogate, settings: ReductionSettings) -> Quarters:
    """Follow the full economy from its steady state, at parameters that cover its certified box and the edges
    of that evenly.
    """
    draws = SobolEngine(full.n_parameters, scramble=True, seed=settings.seed).draw(settings.economies)
    box = torch.from_numpy(full.lower), torch.from_numpy(full.upper)
    theta = with_edges(box, EDGE, draws.double()).numpy().clip(full.lower, full.upper)
    theta = theta[full.inside(theta)]
    generator = np.random.default_rng(settings.seed)
    shape = (settings.burn_in + settings.quarters, len(theta), full.n_shocks)
    path = transitions(full, theta, generator.standard_normal(shape))
    p = model.full().name_parameters(torch.from_numpy(theta))
    rows = []
    for quarter in track(range(shape[0]), f"simulating {full.card.model}"):
        now = next(path)
        if quarter >= settings.burn_in:
            rows.append(_as_reduced(model, full, p, now))
    stacked = torch.cat(rows)
    if not torch.isfinite(stacked).all():
        raise NotSolved(f"simulations of {full.card.model} do not stay finite: `validate` its artifact")
    return Quarters(stacked, torch.from_numpy(theta).repeat(settings.quarters, 1))


def fit_choices(
    model: Reduced, quarters: Quarters, settings: ReductionSettings, whole: PolicyNetwork | None = None
) -> PolicyNetwork:
    """Least squares of choices, as shares of the full economy's, times what is at stake; those that are kept
    are the `whole` network's.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        shape = settings.hidden, settings.trunk
        policy = PolicyNetwork(model, *shape) if whole is None else ReducedPolicy(model, whole, *shape)
    errors = ChoiceErrors(policy)
    optimiser = LevenbergMarquardt(errors, 1.0, settings.memory, robust_loss="huber")
    with progress(f"fitting {model.name}") as tell:
        for step in range(settings.steps):
            batch, judge = (quarters.draw(settings.batch, generator) for _ in range(2))
            size = float(optimiser.step(batch, judge).square().mean() ** 0.5)
            tell(step + 1, settings.steps, f"choices {size:.1e} off")
    return policy


class ChoiceErrors(nn.Module):
    """By how much a policy's choices differ from the full economy's, as shares, and times how much such an
    error moves the economy, about one in the middle of the box, [n, n_controls].
    """

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy, self.full = policy, cast(Reduced, policy.model).full()
        self.n_states = sum(state.size for state in policy.model.states)

    def forward(self, rows: Tensor, parameters: Tensor) -> Tensor:
        """At rows of `Quarters` [n, n_states + n_controls] and `parameters` [n, n_parameters]."""
        states, choices = rows[..., : self.n_states], rows[..., self.n_states :]
        stakes = self.full.stakes(self.full.name_parameters(parameters))
        return (self.policy(states, parameters) / choices - 1) * stakes[..., None]


def _as_reduced(model: Reduced, full: Surrogate, p: Parameters, quarter: Transition) -> Tensor:
    """A quarter of the full economy at parameters [n] as rows [n, .] of `Quarters`."""
    states, controls, seen = (torch.from_numpy(values.astype(float)) for values in quarter)
    named = columns_of(seen, full.card.observables) | columns_of(states, full.card.states)
    there = Period(model.full(), p, named, columns_of(controls, full.card.controls))
    with blaming(model):
        return pack(model.of_full(there), (*model.states, *model.controls))
