"""What an estimation was made of, kept beside its results so that these need nothing else.

``inputs`` in an output folder has the configuration as it was given, the sample, the surrogate's files, its
card as JSON, the graph of a learnt likelihood, and ``contents.json`` with a digest of each. It appears whole
or not at all, and an output folder can stand wherever a configuration file can.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from estimation import fingerprint
from estimation.config import read_copy, read_toml
from estimation.likelihoods.learnt_graph import GRAPH_FILE
from estimation.sealed import seal, unseal
from surrogate import Surrogate
from surrogate.artifact.graph import CONTRACTS, Files
from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.house.files import atomic_folder

FOLDER = "inputs"
CONFIGURATION, SAMPLE, CARD, CONTENTS = "configuration.toml", "sample.csv", "card.json", "contents.json"
DATE = "quarter"
NOTE_OF_BEFORE = "configuration.txt"
"""Where earlier versions noted the place of the configuration, relative to the output folder."""
_OPTIONAL = (GRAPH_FILE, *(contract.file for contract in CONTRACTS))


def keep(folder: Path, configuration: str, data: pd.DataFrame, surrogate: Surrogate, learnt: Files) -> None:
    """Put the inputs of an estimation into its output folder, in the place of those that may be there.

    Parameters
    ----------
    configuration : TOML text; empty where an estimation in Python has settings that no file can hold.
    data : the sample [T, n_y].
    learnt : files of a learnt likelihood, if there is one.
    """
    files = {
        CONFIGURATION: configuration.encode(),
        SAMPLE: data.to_csv(index_label=DATE, lineterminator="\n").encode(),
        CARD: json.dumps(asdict(surrogate.card), indent=1).encode(),
        **dict(surrogate.files),
        **dict(learnt),
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    contents = seal({"sha256": digests, "versions": fingerprint.versions()})
    files[CONTENTS] = json.dumps(contents, indent=1).encode()
    for name in set(_OPTIONAL) - set(files):  # of another estimation that was to begin here
        (folder / FOLDER / name).unlink(missing_ok=True)
    with atomic_folder(folder / FOLDER) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)


def read_configuration(path: Path) -> dict[str, Any]:
    """The arguments of :class:`estimation.Estimation` that a TOML file, or an output folder, describes.

    Raises
    ------
    BadConfiguration : there are none, or a folder is of an earlier version and its configuration has gone.
    BrokenArtifact : what a folder keeps has been damaged or changed.
    SurrogateError : as :func:`estimation.config.read_toml`.
    """
    if not path.is_dir():
        return read_toml(path)
    if not (path / FOLDER).is_dir():
        return read_toml(_noted_before(path))
    files = _read(path)
    if not files[CONFIGURATION]:
        raise BadConfiguration(
            f"{path} was made in Python with settings that no file can hold: make the same Estimation again "
            "and call its saved_results."
        )
    sample = pd.read_csv(io.BytesIO(files[SAMPLE]), index_col=0, dtype=str).map(float)  # to the last digit
    sample.index = pd.PeriodIndex(sample.index, freq="Q", name=DATE)
    return read_copy(files[CONFIGURATION].decode(), path / FOLDER / CONFIGURATION, sample)


def _read(folder: Path) -> Mapping[str, bytes]:
    """The files that a folder keeps, each as it was written."""
    place = folder / FOLDER
    try:
        digests = dict(unseal(json.loads((place / CONTENTS).read_text(encoding="utf-8")))["sha256"])
        files = {name: (place / name).read_bytes() for name in {CONFIGURATION, SAMPLE, *digests}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        missing = error.filename if isinstance(error, OSError) else place / CONTENTS
        raise _damaged(folder, missing) from None
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != digests.get(name):
            raise _damaged(folder, place / name)
    return files


def _damaged(folder: Path, file: Any) -> BrokenArtifact:
    return BrokenArtifact(
        f"{file} is missing, damaged or changed since the estimation. Put back what was there, or write it "
        f"again with `dsge-surrogate estimate CONFIGURATION --output {folder} --resume`."
    )


def _noted_before(folder: Path) -> Path:
    note = folder / NOTE_OF_BEFORE
    if not note.is_file():
        raise BadConfiguration(f"{folder} holds no results of `dsge-surrogate estimate`.")
    configuration = folder / note.read_text(encoding="utf-8", errors="replace").strip()
    if not configuration.is_file():
        raise BadConfiguration(
            f"{folder} was left by an earlier version, and its configuration {configuration} has gone. "
            f"Complete the folder with `dsge-surrogate estimate CONFIGURATION --output {folder} --resume`."
        )
    return configuration.resolve()
