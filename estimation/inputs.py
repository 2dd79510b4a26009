"""What an estimation is made of: one TOML file, and the copy that stays beside its results.

    [model]             surrogate: a name that ships, or a folder
    [data]              file, columns = { observable = "column" }, start, end, date_column
    [measurement_error] sd, share_of_sd or share_of_variance: a number, or one for each observable
    [likelihood]        method = "twisted" | "guided" | "auxiliary" | "tempered" | "bootstrap", particles,
                        random_numbers, resample_threshold, burn_in;
                        or method = "kalman";
                        or method = "hamilton", paths, burn_in;
                        or method = "inversion", presample, bound = { observable, shock, floor };
                        or method = "moments", moments, weights, replications, burn_in, paths,
                        detrend, discrepancy = { moment = sd };
                        or method = "learnt", folder, filter = { method, ... }, correction
    [priors.tau]        density = "gamma_pdf", mean, sd (or s, nu), lower, upper, truncate = [low, high]
    [fixed]             parameter = value
    [sampler]           ensembles, walkers, steps, burn, seed, moves, target_ess

Paths are relative to the TOML file. What a section means is said where it is used: ``estimation.data``,
``estimation.priors``, ``estimation.settings`` and ``estimation.sampling.sampler``.

``inputs`` in an output folder has the configuration as it was given, the sample, the surrogate's files, its
card as JSON, the graph of a learnt likelihood, and ``contents.json`` with a digest of each. It appears whole
or not at all, needs nothing else, and an output folder can stand wherever a configuration file can.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from surrogate import Surrogate
from surrogate.artifact.graph import CONTRACTS, Files
from surrogate.errors import BadConfiguration, BrokenArtifact, shown, unknown_name
from surrogate.house import records
from surrogate.house.files import atomic_folder

from . import fingerprint
from .data import load_data
from .fingerprint import seal, unseal
from .likelihoods.learnt_graph import GRAPH_FILE

SECTIONS = ("model", "data", "measurement_error", "likelihood", "priors", "fixed", "sampler")
REQUIRED = {"model": ("surrogate",), "data": ("file", "columns")}
OPTIONAL = {"model": (), "data": ("start", "end", "date_column")}
FOLDER = "inputs"
CONFIGURATION, SAMPLE, CARD, CONTENTS = "configuration.toml", "sample.csv", "card.json", "contents.json"
DATE = "quarter"
NOTE_OF_BEFORE = "configuration.txt"
"""Where earlier versions noted the place of the configuration, relative to the output folder."""
_MAY_BE_THERE = (GRAPH_FILE, *(contract.file for contract in CONTRACTS))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file into the arguments of :class:`estimation.Estimation`.

    Raises
    ------
    BadConfiguration : no such file, not TOML, a section missing or something else in its place.
    UnknownName : an unknown section or setting, with close matches.
    """
    text = records.text_of(path)
    sections = _sections(text, path)
    data = _required(sections, "data")
    data["file"] = _located(data["file"], path)
    return _arguments(text, sections, load_data(**data), lambda name: _located(name, path))


def read_copy(text: str, path: Path, sample: pd.DataFrame) -> dict[str, Any]:
    """Read the text of a TOML file that was copied to ``path``, beside the surrogate, and perhaps the learnt
    likelihood, that it names; ``sample`` [T, n_y] is what its [data] chose. Errors as in :func:`read_toml`.
    """
    sections = _sections(text, path)
    return _arguments(text, sections, sample, lambda name: str(path.parent))


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
    for name in set(_MAY_BE_THERE) - set(files):  # of another estimation that was to begin here
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
    SurrogateError : as :func:`estimation.inputs.read_toml`.
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


def _sections(text: str, path: Path) -> dict[str, Any]:
    """The sections, all of them known, with priors among them."""
    sections = records.parse_toml(text, path)
    for name, section in sections.items():
        if name not in SECTIONS:
            raise unknown_name("section", name, SECTIONS)
        if not isinstance(section, Mapping):
            raise BadConfiguration(f"{name} must be a section: write [{name}] on a line of its own.")
    for name in REQUIRED:
        _required(sections, name)
    if not sections.get("priors"):
        raise BadConfiguration(f"{path} has no priors: add a section such as [priors.tau].")
    return sections


def _arguments(
    text: str, sections: Mapping[str, Any], data: pd.DataFrame, locate: Callable[[str], str]
) -> dict[str, Any]:
    for name, prior in sections["priors"].items():
        if not isinstance(prior, Mapping):
            raise BadConfiguration(
                f"The prior of {name} must be a section [priors.{name}], not {shown(prior)}."
            )
    likelihood = sections.get("likelihood")
    if likelihood is not None and isinstance(likelihood.get("folder"), str):
        likelihood = {**likelihood, "folder": locate(likelihood["folder"])}
    return {
        "surrogate": locate(sections["model"]["surrogate"]),
        "data": data,
        "priors": sections["priors"],
        "fixed": sections.get("fixed"),
        "measurement_error": sections.get("measurement_error"),
        "likelihood": likelihood,
        "sampler": sections.get("sampler"),
        "configuration": text,
    }


def _required(sections: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = dict(sections.get(name, {}))
    known = (*REQUIRED[name], *OPTIONAL[name])
    for key, value in section.items():
        if key not in known:
            raise unknown_name(f"setting in [{name}]", key, known)
        if key != "columns" and not isinstance(value, str):
            raise BadConfiguration(f"{key} in [{name}] must be text, not {shown(value)}.")
    for key in REQUIRED[name]:
        if key not in section:
            raise BadConfiguration(f"[{name}] needs {key}.")
    columns = section.get("columns", {})
    if name == "data" and not columns:
        raise BadConfiguration('[data] needs columns such as { inflation = "INFL" }.')
    if not isinstance(columns, Mapping) or not all(isinstance(column, str) for column in columns.values()):
        raise BadConfiguration('columns in [data] must be like { inflation = "INFL" }.')
    return section


def _located(name: str, toml: Path) -> str:
    """A path beside the TOML file if there is one, else the name as it is."""
    beside = toml.parent / name
    try:
        if name.isprintable():
            return str(beside) if beside.exists() else name
    except OSError:  # too long
        pass
    raise BadConfiguration(f"{toml} names a file that there cannot be: {shown(name)}.")


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
