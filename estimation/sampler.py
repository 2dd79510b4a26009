"""Independent ensembles of walkers, advanced by workers and saved here until there are enough draws.

Workers get where an ensemble stands and return its next steps (:mod:`estimation.ensemble`); this process
writes them down. So the answer depends neither on the number of workers, nor on which of them are lost, nor
on how often a run was interrupted.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from estimation.chain_file import Block, ChainFile
from estimation.chains import LEAST_KEPT, read_chains
from estimation.convergence import Diagnosis, diagnose
from estimation.ensemble import Ensemble, advance
from estimation.fingerprint import require_unchanged
from estimation.mode import Mode
from estimation.moves import Moves, weights_of
from estimation.packed import Packed
from estimation.pool import Pool, Task
from estimation.posterior import Posterior
from estimation.settings import at_most
from surrogate.errors import BadConfiguration
from surrogate.house.files import sweep

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
    moves : name of a move, or name -> weight; see :mod:`estimation.moves`.
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
class Progress:
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

    step: Callable[[Progress], None] = lambda progress: None
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
    One file for each ensemble, which :func:`estimation.chains.read_chains` reads.

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
        for stop in _checks_from(self.done, self.settings):
            self._advance(pool, stop)
            if stop < self.settings.steps and self._enough(stop):
                return

    def _advance(self, pool: Pool, stop: int) -> None:
        starts = {number: self._next(number, stop) for number in range(len(self.files))}
        numbers = [number for number, task in starts.items() if task is not None]

        def proceed(position: int, block: Block | None) -> Task | None:
            return self._save(numbers[position], block, stop)

        pool.relay([task for task in starts.values() if task is not None], proceed)

    def _next(self, number: int, stop: int) -> Task | None:
        done = self.files[number].steps
        if done >= stop:
            return None
        return advance, self.ensembles[number], done, self.files[number].last(), stop

    def _save(self, number: int, block: Block | None, stop: int) -> Task | None:
        if block is None:
            return None
        self.files[number].append(block)
        best = float(block.log_prob.max())
        self.callbacks.step(Progress(number, self.files[number].steps, block.acceptance, best))
        return self._next(number, stop)

    def _enough(self, stop: int) -> bool:
        """Whether the first ``stop`` steps of all ensembles together suffice."""
        target = self.settings.target_ess or math.inf
        chains = read_chains([file.path for file in self.files], self.names, stop)
        diagnosis = diagnose(chains, self.settings.burn)
        self.callbacks.judged(stop, diagnosis)
        return diagnosis.reached(target)


def checks(settings: SamplerSettings) -> list[int]:
    """Steps at which all ensembles wait for each other to be judged; the last are ``settings.steps``."""
    found, stop = [], FIRST_CHECK + (settings.burn or 0)
    while settings.target_ess is not None and stop < settings.steps:
        found.append(stop)
        stop = int(stop * LATER_CHECKS)
    return [*found, settings.steps]


def _checks_from(done: int, settings: SamplerSettings) -> list[int]:
    """Checks that are left, and the one before: where a run that stopped would stop again."""
    found = checks(settings)
    behind = sum(stop <= done for stop in found)
    return found[max(behind - 1, 0) :]
