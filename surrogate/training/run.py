"""A training run: Adam to warm up, Levenberg–Marquardt to finish, a checkpoint now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from surrogate.errors import SurrogateError
from surrogate.models.interface import Model
from surrogate.policy import PolicyNetwork
from surrogate.training import checkpoint
from surrogate.training.formulation import formulation
from surrogate.training.levenberg_marquardt import LevenbergMarquardt
from surrogate.training.problem import EulerProblem
from surrogate.training.sampling import Sampler
from surrogate.training.settings import Settings
from surrogate.training.trial import require_sensible, require_sound

SAVE_EVERY = 20
"""Steps between checkpoints, and between looks at the Euler error."""


@dataclass(frozen=True)
class Progress:
    """How far a run is: what a progress bar shows."""

    step: int
    total: int
    phase: str
    log10_error: float
    """Mean log10 of the absolute residuals, the worst equation's, on the latest batch."""
    seconds: float


class Run:
    """Everything that changes while an economy is being solved."""

    def __init__(self, model: Model, settings: Settings) -> None:
        torch.set_num_threads(settings.threads)
        self.model, self.settings = model, settings
        formulated = formulation(model, settings)
        self.generator = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.policy = PolicyNetwork(formulated, settings.hidden, settings.trunk)
        self.problem = EulerProblem(self.policy, settings.nodes).to(settings.device)
        self.sampler = Sampler(formulated, settings, self.generator)
        self.adam = torch.optim.Adam(self.policy.parameters(), lr=1e-3)
        self.optimiser = LevenbergMarquardt(self.problem, settings.robust_quantile)
        self.step, self.seconds = 0, 0.0

    @property
    def total(self) -> int:
        """Steps in all, warm-up included."""
        return self.settings.adam_steps + self.settings.steps

    def advance(self) -> None:
        """One step of whichever method's turn it is."""
        started = time.perf_counter()
        batch = self._batch()
        warming_up = self.step < self.settings.adam_steps
        residuals = self._adam_step(batch) if warming_up else self.optimiser.step(batch, self._batch())
        self.sampler.tilt.learn(batch[1].cpu(), residuals.detach().cpu())
        self.step += 1
        self.seconds += time.perf_counter() - started

    def _adam_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        with torch.no_grad():
            usable = torch.isfinite(self.problem(*batch)).all(-1)
        self.adam.zero_grad()
        residuals = self.problem(batch[0][usable], batch[1][usable])
        residuals.square().clamp(max=1.0).mean().backward()
        norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
        if torch.isfinite(norm):  # the untaken branch of a kink can still be no number
            self.adam.step()
        return residuals.new_full((len(usable), residuals.shape[-1]), torch.nan).index_copy(
            0, usable.nonzero()[:, 0], residuals.detach()
        )

    def _batch(self) -> tuple[Tensor, Tensor]:
        states, parameters = self.sampler.draw(self.policy)
        return states.to(self.settings.device), parameters.to(self.settings.device)

    @torch.no_grad()
    def progress(self) -> Progress:
        """Where the run is, with the residuals on a look at the ergodic population and the box."""
        population = self.sampler.population
        batch = (t.to(self.settings.device) for t in (population.states, population.parameters))
        error = torch.log10(self.problem(*batch).abs().nan_to_num(1.0) + 1e-16).mean(0).max()
        phase = "Adam" if self.step < self.settings.adam_steps else "Levenberg-Marquardt"
        return Progress(self.step, self.total, phase, float(error), self.seconds)

    def state(self) -> dict[str, Any]:
        """Tensors and numbers from which the run continues to the same answer."""
        population = self.sampler.population
        return {
            "policy": self.policy.state_dict(),
            "adam": self.adam.state_dict(),
            "damping": self.optimiser.damping,
            "memory": self.optimiser.memory,
            "generator": self.generator.get_state(),
            "population": (population.states, population.parameters),
            "tilt": self.sampler.tilt.state(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.policy.load_state_dict(state["policy"])
        self.adam.load_state_dict(state["adam"])
        self.optimiser.damping = state["damping"]
        self.optimiser.remember(state["memory"])
        self.generator.set_state(state["generator"])
        self.sampler.population.states, self.sampler.population.parameters = state["population"]
        self.sampler.tilt.restore(state["tilt"])
        self.step, self.seconds = state["step"], state["seconds"]


def train(
    model: Model,
    settings: Settings,
    path: Path,
    resume: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> PolicyNetwork:
    """Solve `model` over its box and leave a checkpoint at `path`; an interrupted run leaves its latest one.

    Raises:
        Changed: on `resume`, if the economy or the settings are not those of the checkpoint.
        SurrogateError: if the residuals are not finite at the start or the run diverges.
    """
    require_sensible(settings, model)
    require_sound(model)
    run = Run(model, settings)
    if resume:
        content = checkpoint.read(path)
        checkpoint.require_same(content, model, settings, path)
        run.restore(content["state"])
    progress(_checked(run))
    while run.step < run.total:
        run.advance()
        if run.step % SAVE_EVERY == 0 or run.step == run.total:
            checkpoint.save(path, model, settings, run.state())
            progress(_checked(run))
    return run.policy


def _checked(run: Run) -> Progress:
    now = run.progress()
    if now.log10_error > -0.5:
        raise SurrogateError(
            f"the residuals of {run.model.name!r} are of order one ({10**now.log10_error:.2g}) after "
            f"{now.step} steps: check the equations at the steady state, narrow the box, or give the model "
            "an anchor closer to its solution"
        )
    return now


def load_policy(path: Path, model: Model | None = None) -> tuple[PolicyNetwork, dict[str, Any]]:
    """The policy network of a checkpoint and the checkpoint's content; a shipped economy is found by its
    name.

    Raises:
        BrokenArtifact: if the checkpoint cannot be read.
        Changed: if the economy has changed since it was written.
    """
    from surrogate.models.registry import get

    content = checkpoint.read(path)
    economy = model or get(content["source"] or content["model"])
    settings = checkpoint.settings_of(content)
    checkpoint.require_same(content, economy, settings, path)
    policy = PolicyNetwork(formulation(economy, settings), settings.hidden, settings.trunk)
    policy.load_state_dict(content["state"]["policy"])
    return policy, content
