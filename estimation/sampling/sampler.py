"""Independent ensembles of walkers, advanced by workers and saved here until there are enough draws.

Workers get where an ensemble stands and return its next steps (:mod:`estimation.sampling.ensemble`); this
process writes them down. So the answer depends neither on the number of workers, nor on which of them are
lost, nor on how often a run was interrupted.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from surrogate.errors import BadConfiguration
from surrogate.house.files import sweep
from surrogate.house.listener import Tell, listener

from ..fingerprint import require_unchanged
from ..settings import at_most
from ..work.pool import Packed, Pool, Task
from .chain_file import Block, ChainFile
from .chains import LEAST_KEPT, Diagnosis, diagnose, read_chains
from .ensemble import Ensemble, Moves, advance, weights_of
from .mode import Mode
from .posterior import Posterior

LEAST_STEPS = 2 * LEAST_KEPT
"""The automatic burn-in takes at most half of them."""
LEAST_WALKERS = 4
"""What the snooker move needs: one that moves and three that say where to."""
FIRST_CHECK, LATER_CHECKS = 100, 1.25
"""When ensembles are judged: after so many steps, and whenever there are a quarter more."""


class Interrupted(KeyboardInterrupt):
    """Sampling was stopped on request; everything up to there is saved."""


@dataclass(frozen=True)
class SamplerSettings:
    """How long and how wide to sample.

    Attributes
    ----------
    ensembles : independent ensembles, the chains of R-hat; two or more.
    walkers : walkers in each ensemble, at least twice the number of free parameters.
    steps : steps of every walker, burn-in included; with ``target_ess``, at most.
    burn : steps of every walker to discard, all but four at most; chosen from the chains, of which there must
        then be eight steps, if ``None``.
    seed : everything random follows from it.
    moves : name of a move, or name -> weight; see :mod:`estimation.sampling.ensemble`.
    target_ess : stop when every parameter has so many effective draws, in bulk and tails, and R-hat is
        small; ``None`` takes all ``steps``.
    """

    ensembles: int = at_most(1_000, default=4)
    walkers: int = at_most(100_000, default=64)
    steps: int = at_most(100_000_000, default=1000)
    burn: int | None = at_most(100_000_000, default=None)
    seed: int = at_most(2**63 - 1, default=0)
    moves: Moves = "differential_evolution"
    target_ess: int | None = at_most(1_000_000_000, default=None)

    def check(self, n_free: int) -> None:
        """Raise ``BadConfiguration`` unless the settings make sense for ``n_free`` free parameters."""
        if self.ensembles < 2:
            raise BadConfiguration("At least two ensembles are needed: R-hat compares independent ensembles.")
        if self.seed < 0:
            raise BadConfiguration(f"The seed must not be negative, unlike {self.seed}.")
        least = max(2 * n_free, LEAST_WALKERS)
        if self.walkers < least:
            raise BadConfiguration(
                f"{n_free} free parameters need {least} walkers an ensemble or more, not {self.walkers}."
            )
        target = self.target_ess
        if target is not None and (type(target) is not int or target < 1):
            raise BadConfiguration(f"target_ess in [sampler] must be a whole number above 0, not {target!r}.")
        weights_of(self.moves)
        if self.burn is None and self.steps < LEAST_STEPS:
            raise BadConfiguration(
                f"At least {LEAST_STEPS} steps are needed to choose a burn-in, not {self.steps}."
            )
        if self.burn is not None and not 0 <= self.burn <= self.steps - LEAST_KEPT:
            raise BadConfiguration(
                f"A burn-in of {self.burn} does not fit into {self.steps} steps: {LEAST_KEPT} must be left."
            )


@dataclass(frozen=True)
class Step:
    """How far one ensemble has got."""

    ensemble: int
    step: int
    acceptance: float
    best_log_prob: float


@dataclass(frozen=True)
class Callbacks:
    """What is called as sampling goes on.

    Attributes
    ----------
    step : called whenever steps of an ensemble have been saved.
    judged : called with the step at which all ensembles were judged, and how they are.
    """

    step: Callable[[Step], None] = lambda progress: None
    judged: Callable[[int, Diagnosis], None] = lambda step, diagnosis: None


def ensemble_file(folder: Path, ensemble: int) -> Path:
    """Where the chain of one ensemble is stored."""
    return folder / f"ensemble_{ensemble}.chain"


def sample(
    posterior: Posterior,
    mode: Mode,
    settings: SamplerSettings,
    folder: Path,
    pool: Pool,
    fingerprints: Mapping[str, str],
    callbacks: Callbacks | None = None,
) -> list[Path]:
    """Advance every ensemble, from its file in ``folder`` if there is one, until there are enough draws.

    Parameters
    ----------
    mode : where walkers start.
    pool : changes the speed and nothing else.
    fingerprints : ingredient -> hash, kept in each file.
    callbacks : called as it goes on.

    Returns
    -------
    One file for each ensemble, which :func:`estimation.sampling.chains.read_chains` reads.

    Raises
    ------
    Interrupted : on Ctrl-C, after the steps under way have been saved.
    Changed : a file belongs to another model, prior, likelihood, data or sampler.
    BrokenArtifact : a file cannot be read.
    BadConfiguration : impossible settings.
    """
    settings.check(posterior.n_free)
    packed = Packed(posterior)
    ensembles = [
        Ensemble(packed, mode, settings.walkers, settings.moves, settings.seed, number)
        for number in range(settings.ensembles)
    ]
    files = [ChainFile(ensemble_file(folder, number)) for number in range(settings.ensembles)]
    if folder.exists():
        sweep(folder)
    for file in files:
        if file.exists():
            require_unchanged(file.fingerprints, fingerprints, str(folder))
        else:
            file.create(settings.walkers, posterior.names, fingerprints)
    run = _Run(ensembles, files, posterior.names, settings, callbacks or Callbacks())
    try:
        run.until_enough(pool)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {run.done} of {settings.steps} steps, which are saved in {folder}. "
            "Run again with resume to continue."
        ) from None
    return [file.path for file in files]


@dataclass(frozen=True)
class _Run:
    """Ensembles with their files."""

    ensembles: list[Ensemble]
    files: list[ChainFile]
    names: tuple[str, ...]
    settings: SamplerSettings
    callbacks: Callbacks

    @property
    def done(self) -> int:
        """Steps that every ensemble has taken."""
        return min(file.steps for file in self.files)

    def until_enough(self, pool: Pool) -> None:
        """Advance to one check after the other, beginning with the last one that is behind."""
        stops = checks(self.settings)
        done = self.done
        behind = sum(stop <= done for stop in stops)
        for stop in stops[max(behind - 1, 0) :]:
            self._advance(pool, stop)
            if stop < self.settings.steps:
                chains = read_chains([file.path for file in self.files], self.names, stop)
                diagnosis = diagnose(chains, self.settings.burn)
                self.callbacks.judged(stop, diagnosis)
                if diagnosis.reached(self.settings.target_ess or math.inf):
                    return

    def _advance(self, pool: Pool, stop: int) -> None:
        starts = {number: self._next(number, stop) for number in range(len(self.files))}
        numbers = [number for number, task in starts.items() if task is not None]

        def proceed(position: int, block: Block | None) -> Task | None:
            if block is None:
                return None
            number = numbers[position]
            self.files[number].append(block)
            best = float(block.log_prob.max())
            self.callbacks.step(Step(number, self.files[number].steps, block.acceptance, best))
            return self._next(number, stop)

        pool.relay([task for task in starts.values() if task is not None], proceed)

    def _next(self, number: int, stop: int) -> Task | None:
        done = self.files[number].steps
        if done >= stop:
            return None
        return advance, self.ensembles[number], done, self.files[number].last(), stop


def checks(settings: SamplerSettings) -> list[int]:
    """Steps at which all ensembles wait for each other to be judged; the last are ``settings.steps``."""
    stops, stop = [], FIRST_CHECK + (settings.burn or 0)
    while settings.target_ess is not None and stop < settings.steps:
        stops.append(stop)
        stop = int(stop * LATER_CHECKS)
    return [*stops, settings.steps]


class SamplingProgress:
    """Adds up how far the ensembles have got."""

    def __init__(self, settings: SamplerSettings, done: Sequence[int], tell: Tell) -> None:
        """``done`` steps of each ensemble were there before; ``tell`` hears steps, their total and a text."""
        self._tell, self._target = tell, settings.target_ess
        self._total = settings.ensembles * settings.steps
        self._acceptance: dict[int, float] = {}
        self._best = float("-inf")
        self._steps = dict(enumerate(done))

    @property
    def callbacks(self) -> Callbacks:
        """What the sampler calls."""
        return Callbacks(self._step, self._judged)

    def _step(self, step: Step) -> None:
        """Take note of how far one ensemble has got."""
        self._steps[step.ensemble] = step.step
        self._acceptance[step.ensemble] = step.acceptance
        self._best = max(self._best, step.best_log_prob)
        acceptance = sum(self._acceptance.values()) / len(self._acceptance)
        text = f"acceptance {acceptance:.2f}, best log posterior {self._best:.2f}"
        self._tell(sum(self._steps.values()), self._total, text)

    def _judged(self, step: int, diagnosis: Diagnosis) -> None:
        """Say how far the ensembles are from the target."""
        text = f"{diagnosis.ess:.0f} of {self._target} effective draws, R-hat {diagnosis.rhat:.3f}"
        burn = "" if diagnosis.burnt_in else ", burn-in too short"
        listener().message(f"after {step} steps: {text}{burn}")
