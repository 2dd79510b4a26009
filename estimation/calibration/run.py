"""Many replications in parallel, each saved as soon as it is done."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from estimation.calibration.replication import CalibrationSettings, Experiment, Replication, replicate
from estimation.cluster import open_pool
from estimation.fingerprint import hash_of, require_unchanged
from estimation.sealed import seal, unseal
from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.house.files import atomic_path
from surrogate.house.ownership import owner

FILE = "replications.jsonl"
FINGERPRINTS = "fingerprints"

Report = Callable[[list[Replication]], None]


@owner("folder")
def calibrate(
    experiment: Experiment,
    settings: CalibrationSettings,
    folder: str | Path,
    processes: int | None = None,
    resume: bool = False,
    on_progress: Report = lambda done: None,
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
    record = _Record(Path(folder) / FILE, _fingerprints(experiment, settings), resume)
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


def _fingerprints(experiment: Experiment, settings: CalibrationSettings) -> dict[str, str]:
    """The number of replications may grow, so it does not count."""
    return {**experiment.fingerprints, "settings": hash_of(str(replace(settings, replications=1)))}


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
