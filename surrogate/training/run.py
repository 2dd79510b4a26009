"""A training run: a method of solution, its optimiser, a checkpoint now and then, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from ..artifact.validation import objection_at_rest
from ..errors import BadConfiguration, NotSolved
from ..house.ownership import owned_file, owner
from ..models.interface import Model
from ..models.population import Population
from ..models.registry import entry_of
from ..policy import PolicyNetwork, PopulationPolicy, policy_of
from . import checkpoint
from .at_rest import beside_reference
from .bank import Bank
from .by_equations import AllInOne, EulerResiduals, Method, with_multipliers
from .by_reward import Bellman, LifetimeReward
from .checks import require_sound
from .failures import failure_at_end, failure_at_start, failure_in_simulation
from .generations import SaverResiduals
from .machine import keep_freed_memory, torch_threads
from .optimisers import Adam, LevenbergMarquardt
from .population import HouseholdResiduals
from .sampling import draw_parameters, draw_states, share_that_runs_away
from .settings import Settings, require_sensible
from .watching import failure_of_population

METHODS: dict[str, type[Method]] = {
    "euler": EulerResiduals,
    "all_in_one": AllInOne,
    "bellman": Bellman,
    "lifetime_reward": LifetimeReward,
    "population": HouseholdResiduals,
    "generations": SaverResiduals,
}
"""By their names in the settings of a run."""

SAVE_EVERY = 20
"""Steps of least squares between checkpoints, and between looks at the Euler error."""
ADAM_STEPS = 10
"""Of Adam in the time of one step of least squares, roughly."""
TOLERANCE = 2.0
"""Standard errors by which a step may look worse where memory lasts."""
SIMULATED = 500
"""Economies that are followed at the end."""
AT_REST = 5
"""Economies in continuous time that are held against finite differences there."""
LOST = 0.0
"""Mean log10 of Euler errors from which a run does not return, as of a network that is no number."""


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
        self.model, self.settings = model, settings
        self.only_adam = optimiser(settings) == "adam"
        formulated = formulation(model, settings)
        self.generator = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.policy = policy_of(formulated, settings.hidden, settings.trunk)
        self.method = METHODS[settings.method](self.policy, settings, self.generator).to(settings.device)
        self.euler = EulerResiduals(self.policy, settings, self.generator).to(settings.device)
        self.sampler = self.method.sampler(formulated, settings, self.generator)
        self.adam = Adam(self.method, settings.learning_rate, self.total if self.only_adam else None)
        self.least_squares = LevenbergMarquardt(
            self.method,
            settings.robust_quantile,
            settings.memory,
            robust_loss=settings.robust_loss,
            tolerance=TOLERANCE if settings.lasting_memory else 0.0,
        )
        self.step, self.seconds = 0, 0.0
        self.start: float | None = None

    @property
    def total(self) -> int:
        """Steps in all, warm-up included."""
        return self.settings.adam_steps + self.settings.steps

    @property
    def by_adam(self) -> bool:
        """Whether the next step is Adam's."""
        return self.only_adam or self.step < self.settings.adam_steps

    @property
    def pause(self) -> int:
        """Steps between checkpoints."""
        return SAVE_EVERY * ADAM_STEPS if self.only_adam else SAVE_EVERY

    def advance(self) -> None:
        """One step of whichever optimiser's turn it is."""
        started = time.perf_counter()
        if self.method.begin(self.step):
            self.least_squares.remember(None)
        batch = self._on_device(self.sampler.draw(self.policy))
        if self.by_adam:
            residuals = self.adam.step(batch, self.step)
        else:
            self.least_squares.memory, self.least_squares.forgets = self._memory(), self._forgets()
            judge = self._on_device(self.sampler.judge(self.policy))
            residuals = self.least_squares.step(batch, judge)
        if residuals is not None:
            self.sampler.learn((batch[0].cpu(), batch[1].cpu()), residuals.detach().cpu())
        self.step += 1
        self.seconds += time.perf_counter() - started

    def _memory(self) -> float:
        """Share that earlier batches keep: those of 1 / (1 - memory) steps count."""
        lasting = self.settings.lasting_memory * (self.step - self.settings.adam_steps)
        return max(self.settings.memory, 1 - 1 / max(1.0, lasting))

    def _forgets(self) -> bool:
        early = self.step - self.settings.adam_steps < self.settings.forgetting_steps
        return early or not self.settings.lasting_memory

    def _on_device(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return batch[0].to(self.settings.device), batch[1].to(self.settings.device)

    @torch.no_grad()
    def progress(self) -> Progress:
        """Where the run is, with the economy's own Euler errors, whatever the method."""
        residuals = self.euler.unweighted(*self._on_device(self._look()))
        model = self.policy.model
        solved = sum(not model.in_closed_form(regime) for regime in model.regimes())
        blocks = residuals.unflatten(-1, (solved, -1))
        own = blocks[..., : sum(equation.size for equation in self.model.equations)].flatten(-2)
        error = float(torch.log10(own.abs().nan_to_num(1.0) + 1e-16).mean(0).max())
        if self.start is None:
            self.start = error
        phase = "Adam" if self.by_adam else "Levenberg-Marquardt"
        return Progress(self.step, self.total, phase, error, self.seconds)

    def _look(self) -> tuple[Tensor, Tensor]:
        """States and parameters of the simulated population, or of the box where nothing is simulated."""
        population = self.sampler.population
        if len(population.states):
            return population.states, population.parameters
        generator = torch.Generator().manual_seed(self.settings.seed)
        parameters = draw_parameters(self.model, self.settings.batch, generator)
        return draw_states(self.model, parameters, generator), parameters

    def failure(self, now: Progress) -> str:
        """Why the network is no solution as it stands, or nothing; in the end also if economies run away."""
        start = now.log10_error if self.start is None else self.start
        inaccurate = failure_at_end(self.model.name, now.log10_error, start, self.settings)
        if inaccurate or self.step < self.total:
            return inaccurate
        if self.model.solved_by == "population":
            bank = cast(Bank, self.sampler.population)
            elsewhere = self._failure_at_rest(bank)
            return elsewhere or failure_of_population(bank, self.policy, self.settings.seed + 1)
        states, parameters = (rows[:SIMULATED] for rows in self._look())
        generator = torch.Generator().manual_seed(self.settings.seed + 1)
        run_away = share_that_runs_away(deepcopy(self.policy).cpu(), states, parameters, generator)
        return failure_in_simulation(self.model.name, run_away, self.settings)

    def _failure_at_rest(self, bank: Bank) -> str:
        """What is wrong with an economy in continuous time where it rests, at the default and in the bank."""
        if not self.model.in_continuous_time or entry_of(self.model) is None:
            return ""
        parameters = torch.cat([self.model.default_parameters()[None], bank.parameters[:AT_REST]])
        policy = cast(PopulationPolicy, self.policy).in_economy(cast(Population, self.model))
        return objection_at_rest(beside_reference(cast(PolicyNetwork, policy), parameters))

    def state(self) -> dict[str, Any]:
        """Tensors and numbers from which the run continues to the same answer."""
        return {
            "policy": self.policy.state_dict(),
            "adam": self.adam.state(),
            "damping": self.least_squares.damping,
            "memory": self.least_squares.remembered,
            "batches": self.least_squares.batches,
            "generator": self.generator.get_state(),
            "method": self.method.state(),
            **self.sampler.state(),
            "step": self.step,
            "seconds": self.seconds,
            "start": self.start,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.policy.load_state_dict(state["policy"])
        self.adam.restore(state["adam"])
        self.least_squares.damping = state["damping"]
        self.least_squares.remember(state.get("memory"), state.get("batches", 0))
        self.generator.set_state(state["generator"])
        self.method.restore(state.get("method", {}))
        self.sampler.restore(state)
        self.step, self.seconds = state["step"], state["seconds"]
        self.start = state.get("start")


@owner("path", owned_file)
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
        BadConfiguration: if the method of the settings cannot solve the economy.
        InUse: if another run is writing the checkpoint.
        NotSolved: if the residuals are of order one at the start, or the run ends without a solution; the
            checkpoint then says so, and is not exported.
    """
    require_sensible(settings, model)
    require_sound(model)
    keep_freed_memory()
    with torch_threads(settings.threads):
        return _trained(Run(model, settings), path, resume, progress)


def load_policy(path: Path, model: Model | str | None = None) -> tuple[PolicyNetwork, dict[str, Any]]:
    """The policy network of a checkpoint and the checkpoint's content.

    `model` is the economy, or its name or Python file; only one that ships can do without.

    Raises:
        BrokenArtifact: if the checkpoint cannot be read.
        BadConfiguration: if the economy is the user's own and `model` is missing.
        Changed: if the economy is another one, or has changed since the checkpoint was written.
    """
    content = checkpoint.read(path)
    economy = model if isinstance(model, Model) else checkpoint.economy_of(content, model, path)
    settings = checkpoint.settings_of(content)
    checkpoint.require_same(content, economy, settings, path)
    policy = policy_of(formulation(economy, settings), settings.hidden, settings.trunk)
    policy.load_state_dict(content["state"]["policy"])
    return policy, content


def formulation(economy: Model, settings: Settings) -> Model:
    """The economy in the form in which the settings ask to solve it: perhaps with multipliers or its value as
    further controls.

    Raises:
        BadConfiguration: if the method cannot solve it, or it has nothing to find multipliers for.
    """
    if economy.solved_by not in ("", settings.method):
        raise BadConfiguration(
            f"{economy.name} is an {economy.kind_of_economy}, which method={settings.method} does not solve: "
            f"take method={economy.solved_by}."
        )
    formulated = METHODS[settings.method].formulate(economy, settings)
    return with_multipliers(formulated) if settings.constraints == "multipliers" else formulated


def optimiser(settings: Settings) -> str:
    """ "levenberg_marquardt" or "adam".

    Raises:
        BadConfiguration: if least squares are asked for where nothing is squared.
    """
    squares = METHODS[settings.method].sum_of_squares
    if settings.optimiser == "levenberg_marquardt" and not squares:
        raise BadConfiguration(
            f"method={settings.method} does not minimise a sum of squares, which Levenberg-Marquardt needs: "
            "leave out optimiser=levenberg_marquardt, and Adam is taken."
        )
    if settings.optimiser == "automatic":
        return "levenberg_marquardt" if squares else "adam"
    return settings.optimiser


def describe(settings: Settings) -> str:
    """Method and the optimisers that take steps in words, for cards and people."""
    main = "Adam" if optimiser(settings) == "adam" else "Levenberg-Marquardt"
    steps = {"Adam": settings.adam_steps}
    steps[main] = steps.get(main, 0) + settings.steps
    return f"{METHODS[settings.method].description}, {' then '.join(name for name in steps if steps[name])}"


def _trained(run: Run, path: Path, resume: bool, progress: Callable[[Progress], None]) -> PolicyNetwork:
    """Take a run, new or from its checkpoint, to its end."""
    model, settings = run.model, run.settings
    if resume:
        content = checkpoint.read(path)
        checkpoint.require_same(content, model, settings, path)
        run.restore(content["state"])
    now = run.progress()
    if not resume:
        _require(failure_at_start(model.name, now.log10_error))
    failure = run.failure(now)
    progress(now)
    if resume and run.step == run.total:  # it may have been judged by another version
        checkpoint.save(path, model, settings, {**run.state(), "failure": failure})
    while run.step < run.total:
        run.advance()
        if run.step % run.pause == 0 or run.step == run.total:
            now = run.progress()
            failure = run.failure(now)
            checkpoint.save(path, model, settings, {**run.state(), "failure": failure})
            progress(now)
            if now.log10_error >= LOST:
                break
    _require(failure)
    return run.policy


def _require(failure: str) -> None:
    if failure:
        raise NotSolved(failure)
