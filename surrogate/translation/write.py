"""The source code of an artifact: its functions, the checks around them, and a self-test, in whole files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import jinja2

from ..artifact.graph import CONTRACTS
from ..artifact.runtime import Surrogate
from ..errors import CannotTranslate
from ..house.files import atomic_folder, require_replaceable
from .body import Body
from .builder import Constants
from .golden import golden_vectors
from .languages import LANGUAGES, WIDTH, Language
from .names import Groups, columns, comment, identifier, input_names, labels
from .nodes import read_nodes
from .operators import translate
from .region import discriminant
from .statements import Program

TEMPLATES = Path(__file__).parent / "templates"


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
    CannotTranslate : a graph has an operator that is not translated, or there is nothing to translate.
    WriteFailed : the folder cannot be written, or holds other files.
    """
    files = list(_files(surrogate, language).values())
    require_replaceable(folder, files)
    texts = source_code(surrogate, language)
    with atomic_folder(folder) as temporary:
        for file, text in texts.items():
            (temporary / file).write_text(text, encoding="utf-8", newline="\n")
    return [Path(folder) / file for file in files]


def source_code(surrogate: Surrogate, language: str) -> dict[str, str]:
    """The files that `export_code` writes, name by name: what is in them.

    Raises
    ------
    CannotTranslate : a graph has an operator that is not translated, or there is nothing to translate.
    """
    if not (surrogate.n_states and surrogate.n_controls and surrogate.n_parameters):
        raise CannotTranslate("Only artifacts with states, controls and parameters can be written as code.")
    syntax = LANGUAGES[language]
    content = _content(surrogate, syntax, identifier(surrogate.card.model, set()))
    environment = _environment(syntax)
    return {
        file: environment.get_template(template).render(content) + "\n"
        for template, file in _files(surrogate, language).items()
    }


def _files(surrogate: Surrogate, language: str) -> dict[str, str]:
    """What is written, by the template that it is made of."""
    name = identifier(surrogate.card.model, set())
    return {template: template.replace("NAME", name) for template in LANGUAGES[language].files}


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
        "module": "".join(word.capitalize() for word in name.split("_")),
        "card": card,
        "counts": counts,
        "columns": {group: columns(members) for group, members in groups.items()},
        "functions": functions,
        "steady_state": "steady_state" in programs,
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
    """The code of a program, which first names what it uses of its inputs, and expressions of outputs."""
    places, notes = input_names(program, groups)
    body = Body(syntax, program, {place: name for name, place in places.items()})
    named = [
        f"{syntax.named(name, array, index)}  {syntax.comment} {notes[name]}"
        for name, (array, index) in places.items()
        if name in body.named
    ]
    results = {
        name: {
            "whole": body.whole(name),
            "entries": entries,
            "labels": labels(groups.get(name.removeprefix("next_"), ())),
        }
        for name, entries in body.outputs.items()
    }
    return {"code": "\n".join([*named, *body.lines]), "results": results}


def _environment(syntax: Language) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"first": syntax.first, "mark": syntax.comment}
    environment.filters |= {
        "array": syntax.numbers,
        "row": lambda values: syntax.pack.format(", ".join(map(syntax.number, values))),
        "comment": comment,
        "remark": lambda text: f"\n{syntax.comment} ".join(wrap(comment(text), WIDTH)),
    }
    return environment
