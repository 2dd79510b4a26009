"""Replications, many in parallel, each saved as soon as it is done: a truth from the prior, data from it,
draws from the posterior of the data, and ranks.

Walkers of an ensemble are independent of each other once it has converged, because its stationary
distribution is the product of their posteriors. So one draw of each walker, the last, makes ranks whose draws
are independent.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import emcee
import numpy as np
import pandas as pd

from surrogate.errors import BadConfiguration, BrokenArtifact, SurrogateError
from surrogate.house.files import atomic_path
from surrogate.house.ownership import owner
from surrogate.house.records import whole_number

from ..fingerprint import hash_of, require_unchanged, seal, unseal
from ..sampling.ensemble import build_moves, state_at
from ..sampling.mode import find_mode, start_walkers
from ..sampling.posterior import Posterior
from ..work.cluster import open_pool
from ..work.pool import stop_requested

LOG_LIKELIHOOD = "log likelihood"
STEPS, STEPS_A_PARAMETER = 40, 15
MOVES = "differential_evolution"
FILE = "replications.jsonl"
FINGERPRINTS = "fingerprints"


class Repeatable(Protocol):
    """What is repeated; see :class:`estimation.calibration.experiment.Experiment`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters."""
        ...

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Hashes of all that a replication depends on."""
        ...

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """One parameter vector [n] from the prior."""
        ...

    def simulate(self, theta: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
        """Data at `theta` [n]."""
        ...

    def posterior(self, data: pd.DataFrame) -> Posterior:
        """The posterior of the data."""
        ...


@dataclass(frozen=True)
class CalibrationSettings:
    """How often and how long to sample.

    Attributes
    ----------
    replications : how many truths and data sets.
    draws : walkers of the ensemble that samples each posterior, and draws that a truth is ranked among.
    steps : of every walker, the last of which counts; if ``None``, 40 and 15 more for each parameter.
    seed : everything random follows from it and the number of the replication.
    """

    replications: int = 200
    draws: int = 64
    steps: int | None = None
    seed: int = 0

    def check(self, n_free: int) -> None:
        """Raise ``BadConfiguration`` unless the settings make sense for ``n_free`` free parameters."""
        whole_number("replications", self.replications, 1, 1_000_000)
        whole_number("draws", self.draws, max(2 * n_free, 4), 100_000)
        whole_number("steps", 1 if self.steps is None else self.steps, 1, 100_000_000)
        whole_number("seed", self.seed, 0, 2**63 - 1)


@dataclass(frozen=True)
class Replication:
    """What is kept of a replication.

    Attributes
    ----------
    number : from zero on.
    truth : name -> the parameter that made the data.
    ranks : name, or "log likelihood" -> how many draws are below the truth.
    draws : among how many it was ranked.
    memory : correlation across walkers between where they started and where they ended.
    failure : why there are no ranks; empty if there are.
    """

    number: int
    truth: dict[str, float]
    ranks: dict[str, int]
    draws: int
    memory: float
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, ready for JSON."""
        return asdict(self)


def replicate(experiment: Repeatable, settings: CalibrationSettings, number: int) -> Replication | None:
    """Run replication `number`; ``None`` if a request to stop came first.

    What goes wrong with one set of data, such as an economy that explodes, is kept as its `failure`.
    """
    if stop_requested():
        return None
    generator = np.random.default_rng([settings.seed, number])
    theta = experiment.draw(generator)
    truth = dict(zip(experiment.names, theta.tolist(), strict=True))
    try:
        posterior = experiment.posterior(experiment.simulate(theta, generator))
        chain = sample_posterior(posterior, settings, generator)
    except SurrogateError as error:
        return Replication(number, truth, {}, 0, 0.0, str(error))
    if chain is None:
        return None
    draws = chain[-1]
    ranks = dict(zip(posterior.names, (draws < theta).sum(axis=0).tolist(), strict=True))
    # with the same random numbers at all draws the log likelihood is a function of parameters and data
    values = posterior.log_likelihood(np.vstack([theta, draws]))
    ranks[LOG_LIKELIHOOD] = int((values[1:] < values[0]).sum())
    start, end = chain[0] - chain[0].mean(axis=0), draws - draws.mean(axis=0)
    norms = np.sqrt((start**2).sum(axis=0) * (end**2).sum(axis=0))
    memory = float(np.mean((start * end).sum(axis=0) / norms))
    return Replication(number, truth, ranks, settings.draws, memory)


def sample_posterior(
    posterior: Posterior, settings: CalibrationSettings, generator: np.random.Generator
) -> np.ndarray | None:
    """The way of every walker [steps, draws, n] from around the mode; ``None`` on a request to stop."""
    mode = find_mode(posterior, int(generator.integers(2**31)))
    start = start_walkers(posterior, mode, settings.draws, generator)
    sampler = emcee.EnsembleSampler(
        settings.draws,
        posterior.n_free,
        lambda theta: posterior.log_prob(theta, generator),
        moves=build_moves(MOVES),
        vectorize=True,
    )
    state = state_at(start, int(generator.integers(2**31)))
    steps = settings.steps or STEPS + STEPS_A_PARAMETER * posterior.n_free
    for _ in sampler.sample(state, iterations=steps, skip_initial_state_check=True):
        if stop_requested():
            return None
    return sampler.get_chain()


OnProgress = Callable[[list[Replication]], None]


@owner("folder")
def calibrate(
    experiment: Repeatable,
    settings: CalibrationSettings,
    folder: str | Path,
    processes: int | None = None,
    resume: bool = False,
    on_progress: OnProgress = lambda done: None,
    scheduler: str | None = None,
) -> list[Replication]:
    """Run simulation-based calibration (Talts, Betancourt, Simpson, Vehtari and Gelman 2018).

    Parameters
    ----------
    experiment : what is repeated. Worker processes get a copy, so its class must be importable.
    folder : replications are kept in ``replications.jsonl`` there.
    processes : worker processes; one for each core if ``None``. The answer does not depend on it.
    resume : go on with what is in `folder`.
    on_progress : called with all replications so far whenever one is done.
    scheduler : address of a Dask scheduler whose workers take the place of processes.

    Returns
    -------
    The replications in their order, failed ones included.

    Raises
    ------
    BadConfiguration : impossible settings, or `folder` holds replications and `resume` is not given.
    Changed : those belong to another experiment or other settings.
    BrokenArtifact : the file is damaged.
    InUse : another run is at work there.
    KeyboardInterrupt : on Ctrl-C; what is done has been saved.
    """
    settings.check(len(experiment.names))
    as_one = replace(settings, replications=1)  # their number may grow, so it does not count
    fingerprints = {**experiment.fingerprints, "settings": hash_of(str(as_one))}
    record = _Record(Path(folder) / FILE, fingerprints, resume)
    done = [item for item in record.replications if item.number < settings.replications]
    on_progress(done)

    def keep(item: Replication | None) -> None:
        """Record a replication as soon as it is there; stopped ones are none."""
        if item is not None:
            record.add(item)
            done.append(item)
            on_progress(done)

    missing = sorted(set(range(settings.replications)) - {item.number for item in done})
    if missing:
        with open_pool(min(processes, len(missing)) if processes else None, scheduler) as pool:
            pool.run([(replicate, experiment, settings, number) for number in missing], keep)
    return sorted(done, key=lambda item: item.number)


def saved_replications(folder: str | Path) -> list[Replication]:
    """What a calibration has left in `folder` so far, finished or not.

    Raises
    ------
    BadConfiguration : there is nothing.
    BrokenArtifact : the file is damaged.
    """
    path = Path(folder) / FILE
    if not path.exists():
        raise BadConfiguration(f"There are no replications in {folder}: calibrate first.")
    return sorted(_read(path)[1], key=lambda item: item.number)


class _Record:
    """The file: one line with fingerprints, then one for each replication."""

    def __init__(self, path: Path, fingerprints: dict[str, str], resume: bool) -> None:
        self.path = path
        self.replications: list[Replication] = []
        if path.exists():
            if not resume:
                raise BadConfiguration(
                    f"{path.parent} already holds replications: resume to go on with them, or choose another "
                    "folder."
                )
            before, self.replications = _read(path)
            require_unchanged(before, fingerprints, str(path.parent))
        lines = [{FINGERPRINTS: fingerprints}, *(item.to_dict() for item in self.replications)]
        with atomic_path(path) as temporary:  # without the line that a crash may have cut off
            temporary.write_text("".join(map(_line, lines)), encoding="utf-8")

    def add(self, item: Replication) -> None:
        """Append one replication."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(item.to_dict()))
            file.flush()
            os.fsync(file.fileno())
        self.replications.append(item)


def _line(values: dict[str, Any]) -> str:
    return json.dumps(seal(values)) + "\n"


def _read(path: Path) -> tuple[dict[str, str], list[Replication]]:
    """Fingerprints and replications; what a kill has cut off after the last whole line is none."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        first, *rest = [unseal(json.loads(line)) for line in lines[:-1]]
        return first[FINGERPRINTS], [Replication(**values) for values in rest]
    except (ValueError, KeyError, TypeError):
        raise BrokenArtifact(
            f"{path} is damaged, or of another version; delete it to calibrate again."
        ) from None
