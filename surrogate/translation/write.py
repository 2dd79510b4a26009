"""The source code of an artifact: its functions, the checks around them, and a self-test, in whole files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import jinja2

from ..artifact.card import ParameterRange, Variable, expanded_names
from ..artifact.graph import CONTRACTS
from ..artifact.runtime import Surrogate
from ..errors import CannotTranslate
from ..house.files import atomic_folder, require_replaceable
from .golden import golden_vectors
from .languages import LANGUAGES, WIDTH, Body, Language
from .nodes import read_nodes
from .operators import translate
from .region import discriminant
from .statements import Constants, Program

Groups = Mapping[str, Sequence[Variable | ParameterRange]]

TEMPLATES = Path(__file__).parent / "templates"
TAKEN = frozenset(
    """
    abs abstract and array assert async auto await baremodule begin bool boolean break byte c case catch ceil
    ceiling char choose class classdef complex const continue cumsum cumulated debugger default delete do double
    elseif else end enum erf error eval exp export extends extern fabs false final finally fix float floor for
    function given global goto holds if ifelse implements import in inline inside instanceof int interface
    isnan length let list local log long macro main mat max maximum min minimum module mutable NA native new
    next not null or otherwise package parfor persistent pi pick pmax pmin pow private product protected public
    put put_added quote real_log real_power real_sqrt register repeat reshape restrict return round seq short
    signed size sizeof spmd sqrt static struct sum super switch synchronized tanh this throw throws trunc true
    try typedef typeof undefined union unsigned using var void volatile where while with yield zeros
    i states controls shocks parameters next_states next_controls next_observables
    """.split()
)
"""Names that mean something in one of the languages or in what is written in them."""


def export_code(surrogate: Surrogate, language: str, folder: str | Path) -> list[Path]:
    """Write an artifact as source code that needs no library; the folder appears whole or not at all.

    The functions take and give one row: states, controls, shocks and parameters in the order of the card, in
    double precision. Parameters outside the box or the certified region are refused.

    Parameters
    ----------
    language : a key of `LANGUAGES`.

    Returns
    -------
    The files, the self-test last.

    Raises
    ------
    CannotTranslate : a graph has an operator that is not translated.
    WriteFailed : the folder cannot be written, or holds other files.
    """
    syntax = LANGUAGES[language]
    name = identifier(surrogate.card.model, set())
    files = {template: template.replace("NAME", name) for template in syntax.files}
    require_replaceable(folder, files.values())
    content = _content(surrogate, syntax, name)
    environment = _environment(syntax)
    with atomic_folder(folder) as temporary:
        for template, file in files.items():
            text = environment.get_template(template).render(content) + "\n"
            (temporary / file).write_text(text, encoding="utf-8", newline="\n")
    return [Path(folder) / file for file in files.values()]


def identifier(name: str, taken: Iterable[str]) -> str:
    """A name as every language can write it, unlike those that are taken."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    plain = plain if re.match("[A-Za-z]", plain) else f"x{plain}"
    if plain in TAKEN or re.fullmatch(r"v\d+|CONSTANT_\d+", plain):
        plain += "_"
    while plain in taken:
        plain += "_"
    return plain


def comment(text: str) -> str:
    """A text on one line, and without what would end a comment or make it go on in the next line."""
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    return " ".join(words).replace("\\", "/").replace("*/", "* /").replace("%{", "% {")


def _content(surrogate: Surrogate, syntax: Language, name: str) -> dict[str, Any]:
    """All that the templates say."""
    card, shared = surrogate.card, Constants()
    groups: Groups = {
        "states": card.states,
        "controls": card.controls,
        "shocks": card.shocks,
        "parameters": card.parameters,
        "observables": card.observables,
    }
    counts = {group: sum(each.size for each in members) for group, members in groups.items()}
    programs = _programs(surrogate, counts, shared)
    region = None
    if surrogate.region is not None:
        region = _body(discriminant(surrogate.region, shared), groups, syntax)
        region["description"] = surrogate.region.description
    functions = [
        {"name": each.name, "file": each.file, "inputs": each.inputs, "outputs": each.outputs}
        | _body(programs[each.name], groups, syntax)
        for each in CONTRACTS
        if each.name in programs
    ]
    return {
        "name": name,
        "card": card,
        "counts": counts,
        "columns": {group: _columns(members) for group, members in groups.items()},
        "functions": functions,
        "region": region,
        "constants": shared.arrays,
        "lower": surrogate.lower.tolist(),
        "upper": surrogate.upper.tolist(),
        "default": surrogate.default.tolist(),
        "golden": golden_vectors(surrogate, programs, shared.arrays),
    }


def _programs(surrogate: Surrogate, counts: Mapping[str, int], shared: Constants) -> dict[str, Program]:
    """Of the files that the artifact has, by the name that the contract gives them."""
    programs, files = {}, dict(surrogate.files)
    for contract in CONTRACTS:
        if contract.file not in files:
            continue
        inputs = {name: counts[name] for name in contract.inputs}
        try:
            nodes = read_nodes(files[contract.file])
            programs[contract.name] = translate(nodes, inputs, contract.outputs, shared)
        except CannotTranslate as error:
            raise CannotTranslate(f"{contract.file} has no translation. {error}") from None
    return programs


def _body(program: Program, groups: Groups, syntax: Language) -> dict[str, Any]:
    """Lines, the names that they use of inputs, and expressions of outputs."""
    places, notes = _names(program, groups)
    body = Body(syntax, program, {place: name for name, place in places.items()})
    used = [
        {"name": name, "array": array, "index": index, "note": notes[name]}
        for name, (array, index) in places.items()
        if name in body.named
    ]
    results = {
        name: {
            "whole": body.whole(name),
            "entries": entries,
            "labels": _labels(groups.get(name.removeprefix("next_"), ())),
        }
        for name, entries in body.outputs.items()
    }
    return {"used": used, "lines": body.lines, "results": results}


def _names(program: Program, groups: Groups) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
    """A name for each single variable that goes in: its place, and what a comment says of it."""
    places: dict[str, tuple[str, int]] = {}
    notes: dict[str, str] = {}
    for group in program.inputs:
        first = 0
        for member in groups[group]:
            if member.size == 1:
                name = identifier(member.name, ())
                name = identifier(f"{name}_{group.removesuffix('s')}", notes) if name in notes else name
                places[name], notes[name] = (group, first), note(member)
            first += member.size
    return places, notes


def _labels(members: Sequence[Variable | ParameterRange]) -> list[str]:
    """Of all columns of a group."""
    return [label for each in members for label in expanded_names([Variable(each.name, size=each.size)])]


def note(member: Variable | ParameterRange) -> str:
    """What a comment says of a variable: description and unit."""
    unit = f" ({member.unit})" if member.unit else ""
    return comment(f"{member.description}{unit}") or comment(member.name)


def _columns(members: Iterable[Variable | ParameterRange]) -> list[dict[str, Any]]:
    """Of a group: name, place or places, note."""
    columns, place = [], 0
    for member in members:
        columns.append({"name": member.name, "first": place, "size": member.size, "note": note(member)})
        place += member.size
    return columns


def _environment(syntax: Language) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["array"] = lambda values: syntax.array([syntax.number(each) for each in values])
    environment.filters["entries"] = syntax.array
    environment.filters["comment"] = comment
    environment.filters["remark"] = lambda text: f"\n{syntax.comment} ".join(wrap(comment(text), WIDTH))
    environment.globals["mark"] = syntax.comment
    environment.globals["first"] = syntax.first
    return environment
