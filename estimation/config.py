"""One TOML file for one estimation.

    [model]             surrogate: a name that ships, or a folder
    [data]              file, columns = { observable = "column" }, start, end, date_column
    [measurement_error] sd, share_of_sd or share_of_variance: a number, or one for each observable
    [likelihood]        method = "twisted" | "guided" | "auxiliary" | "tempered" | "bootstrap", particles,
                        random_numbers, resample_threshold;
                        or method = "kalman";
                        or method = "inversion", presample, bound = { observable, shock, floor };
                        or method = "moments", moments, weights, replications;
                        or method = "learnt", folder, filter = { method, ... }, correction
    [priors.tau]        density = "gamma_pdf", mean, sd (or s, nu), lower, upper, truncate = [low, high]
    [fixed]             parameter = value
    [sampler]           ensembles, walkers, steps, burn, seed, moves, target_ess

Paths are relative to the TOML file. What a section means is said where it is used: ``estimation.data``,
``estimation.priors``, ``estimation.measurement``, ``estimation.settings`` and ``estimation.sampler``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from estimation.data import load_data
from surrogate.errors import BadConfiguration, shown, unknown_name
from surrogate.house import records

SECTIONS = ("model", "data", "measurement_error", "likelihood", "priors", "fixed", "sampler")
REQUIRED = {"model": ("surrogate",), "data": ("file", "columns")}
OPTIONAL = {"model": (), "data": ("start", "end", "date_column")}


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
    likelihood = sections.get("likelihood")
    if likelihood is not None and isinstance(likelihood.get("folder"), str):
        likelihood = {**likelihood, "folder": locate(likelihood["folder"])}
    return {
        "surrogate": locate(sections["model"]["surrogate"]),
        "data": data,
        "priors": _tables(sections["priors"]),
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


def _tables(priors: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, prior in priors.items():
        if not isinstance(prior, Mapping):
            raise BadConfiguration(
                f"The prior of {name} must be a section [priors.{name}], not {shown(prior)}."
            )
    return priors


def _located(name: str, toml: Path) -> str:
    """A path beside the TOML file if there is one, else the name as it is."""
    beside = toml.parent / name
    try:
        if name.isprintable():
            return str(beside) if beside.exists() else name
    except OSError:  # too long
        pass
    raise BadConfiguration(f"{toml} names a file that there cannot be: {shown(name)}.")
