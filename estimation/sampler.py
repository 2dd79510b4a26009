"""Independent ensembles of walkers by emcee, one process and one HDF5 file each.

Every random number follows from (seed, ensemble, step): emcee keeps the state of its own generator in the
file, and the particle filter gets a new generator at each step. So the answer depends neither on the number
of processes nor on how often a run was interrupted. The stored log posterior of a walker is never drawn
again, which is what makes pseudo-marginal sampling exact (Andrieu and Roberts 2009).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import emcee
import h5py
import numpy as np
from emcee.backends import HDFBackend

from estimation.fingerprint import require_unchanged
from estimation.mode import Mode, start_walkers
from estimation.moves import Moves, build_moves, weights_of
from estimation.posterior import Posterior
from estimation.workers import WorkerPool, report, stop_requested
from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.files import atomic_path

GROUP = "mcmc"
FINGERPRINTS = "fingerprints"
LEAST_KEPT = 4
"""Steps after the burn-in without which nothing can be said about convergence."""
LEAST_WALKERS = 4
"""What the snooker move needs: one that moves and three that say where to."""
LEAST_STEPS = 2 * LEAST_KEPT
"""The automatic burn-in takes at most half of them."""


class Interrupted(KeyboardInterrupt):
    """Sampling was stopped on request; everything up to there is saved."""


@dataclass(frozen=True)
class SamplerSettings:
    """How long and how wide to sample.

    Attributes
    ----------
    ensembles : independent ensembles, the chains of R-hat; two or more.
    walkers : walkers in each ensemble, at least twice the number of free parameters.
    steps : steps of every walker, burn-in included.
    seed : everything random follows from it.
    moves : name of a move, or name -> weight; see :mod:`estimation.moves`.
    """

    ensembles: int = 4
    walkers: int = 64
    steps: int = 1000
    seed: int = 0
    moves: Moves = "differential_evolution"

    def check(self, n_free: int) -> None:
        """Raise ``BadConfiguration`` unless the settings make sense for ``n_free`` free parameters."""
        if self.ensembles < 2:
            raise BadConfiguration("At least two ensembles are needed: R-hat compares independent ensembles.")
        if self.steps < 1:
            raise BadConfiguration(f"At least one step is needed, not {self.steps}.")
        if self.seed < 0:
            raise BadConfiguration(f"The seed must not be negative, unlike {self.seed}.")
        least = max(2 * n_free, LEAST_WALKERS)
        if self.walkers < least:
            raise BadConfiguration(
                f"{n_free} free parameters need {least} walkers an ensemble or more, not {self.walkers}."
            )
        weights_of(self.moves)

    def check_burn(self, burn: int | None) -> None:
        """Raise ``BadConfiguration`` unless a burn-in, the automatic one if ``None``, leaves enough steps."""
        if burn is None and self.steps < LEAST_STEPS:
            raise BadConfiguration(
                f"At least {LEAST_STEPS} steps are needed to choose a burn-in, not {self.steps}."
            )
        if burn is None:
            return
        if type(burn) is not int:
            raise BadConfiguration(f"burn in [sampler] must be a whole number, not {burn!r}.")
        if not 0 <= burn <= self.steps - LEAST_KEPT:
            raise BadConfiguration(
                f"A burn-in of {burn} does not fit into {self.steps} steps: {LEAST_KEPT} must be left."
            )


@dataclass(frozen=True)
class Progress:
    """What an ensemble reports after each step."""

    ensemble: int
    step: int
    acceptance: float
    best_log_prob: float


@dataclass(frozen=True)
class EnsembleTask:
    """All that a worker process needs to advance one ensemble."""

    posterior: Posterior
    mode: Mode
    settings: SamplerSettings
    ensemble: int
    file: Path
    fingerprints: Mapping[str, str]


def ensemble_file(folder: Path, ensemble: int) -> Path:
    """Where the chain of one ensemble is stored."""
    return folder / f"ensemble_{ensemble}.h5"


def sample(
    posterior: Posterior,
    mode: Mode,
    settings: SamplerSettings,
    folder: Path,
    pool: WorkerPool,
    fingerprints: Mapping[str, str],
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> list[Path]:
    """Advance every ensemble to ``settings.steps``, from its file in ``folder`` if there is one.

    Parameters
    ----------
    mode : where walkers start.
    pool : its size changes the speed and nothing else.
    fingerprints : ingredient -> hash; see :func:`saved_fingerprints`.
    on_progress : called after each step of each ensemble.

    Returns
    -------
    One HDF5 file for each ensemble, which :func:`estimation.chains.read_chains` reads.

    Raises
    ------
    Interrupted : on Ctrl-C, after the step under way has been saved.
    Changed : a file belongs to another model, prior, likelihood, data or sampler.
    BrokenArtifact : a file cannot be read.
    BadConfiguration : impossible settings.
    """
    settings.check(posterior.n_free)
    folder.mkdir(parents=True, exist_ok=True)
    files = [ensemble_file(folder, ensemble) for ensemble in range(settings.ensembles)]
    for file in filter(Path.exists, files):
        require_unchanged(saved_fingerprints(file), fingerprints, str(folder))
    tasks = [
        EnsembleTask(posterior, mode, settings, ensemble, file, fingerprints)
        for ensemble, file in enumerate(files)
    ]
    try:
        pool.run([(run_ensemble, task) for task in tasks], on_progress)
    except KeyboardInterrupt:
        done = min(steps_done(open_backend(file)) if file.exists() else 0 for file in files)
        raise Interrupted(
            f"Stopped after {done} of {settings.steps} steps, which are saved in {folder}. "
            "Run again with resume to continue."
        ) from None
    return files


def run_ensemble(task: EnsembleTask) -> int:
    """Advance one ensemble until its last step or a request to stop; return the steps that are stored."""
    if stop_requested():
        return 0
    if not task.file.exists():
        _create(task)
    backend = open_backend(task.file, read_only=False)
    random_numbers = _RandomNumbers(task)
    sampler = emcee.EnsembleSampler(
        task.settings.walkers,
        task.posterior.n_free,
        random_numbers.log_prob,
        moves=build_moves(task.settings.moves),
        backend=backend,
        vectorize=True,
    )
    done = steps_done(backend)
    random_numbers.begin_step(done)
    start = backend.get_last_sample() if done else _initial_state(task)
    left = max(task.settings.steps - done, 0)
    for state in sampler.sample(start, iterations=left, skip_initial_state_check=True):
        done += 1
        random_numbers.begin_step(done)
        report(_progress(task, backend, state))
        if stop_requested():
            break
    return done


def open_backend(file: Path, read_only: bool = True) -> HDFBackend:
    """Open the chain of one ensemble; raises ``BrokenArtifact`` if the file is damaged."""
    try:
        backend = HDFBackend(str(file), name=GROUP, read_only=read_only)
        steps_done(backend)
    except (OSError, KeyError, AttributeError) as error:
        raise BrokenArtifact(
            f"{file} is damaged ({error}); delete it to sample this ensemble again."
        ) from None
    return backend


def steps_done(backend: Any) -> int:
    """Steps stored in a backend."""
    return int(backend.iteration)


def saved_fingerprints(file: Path) -> dict[str, str]:
    """Fingerprints with which the chain in ``file`` was started."""
    try:
        with h5py.File(file, "r") as opened:
            return json.loads(str(opened.attrs[FINGERPRINTS]))
    except (OSError, KeyError, ValueError) as error:
        raise BrokenArtifact(
            f"{file} is damaged ({error}); delete it to sample this ensemble again."
        ) from None


class _RandomNumbers:
    """The log posterior with the filter's generator of the current step."""

    def __init__(self, task: EnsembleTask) -> None:
        self._task = task
        self._generator = np.random.default_rng()

    def begin_step(self, step: int) -> None:
        self._generator = _generator(self._task, 1, step)

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        return self._task.posterior.log_prob(theta, self._generator)


def _generator(task: EnsembleTask, purpose: int, step: int = 0) -> np.random.Generator:
    return np.random.default_rng([task.settings.seed, task.ensemble, purpose, step])


def _initial_state(task: EnsembleTask) -> emcee.State:
    theta = start_walkers(task.posterior, task.mode, task.settings.walkers, _generator(task, 0))
    bits = np.random.MT19937(np.random.SeedSequence([task.settings.seed, task.ensemble, 2]))
    return emcee.State(theta, random_state=np.random.RandomState(bits).get_state())


def _create(task: EnsembleTask) -> None:
    """Write a file without steps; it appears with its fingerprints or not at all."""
    with atomic_path(task.file) as temporary:
        HDFBackend(str(temporary), name=GROUP).reset(task.settings.walkers, task.posterior.n_free)
        with h5py.File(temporary, "a") as opened:
            opened.attrs[FINGERPRINTS] = json.dumps(dict(task.fingerprints))
            opened.attrs["parameters"] = json.dumps(task.posterior.names)


def _progress(task: EnsembleTask, backend: Any, state: Any) -> Progress:
    done = steps_done(backend)
    return Progress(task.ensemble, done, float(np.mean(backend.accepted)) / done, float(state.log_prob.max()))
