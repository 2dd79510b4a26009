"""Names and remarks of a card as every language can write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..artifact.card import ParameterRange, Variable, expanded_names
from .statements import Program

Groups = Mapping[str, Sequence[Variable | ParameterRange]]
_WORDS = """
    abs abstract all and any Array array assert async auto await baremodule begin bool boolean both break
    byte c case catch ceil ceiling char choose class classdef complex const continue controls copy cumsum
    cumulated debugger default delete do dot double either else elseif end enum erf error eval exp export
    extends extern fabs FALSE false fill final finally fix float Float64 Float64Array floor for function
    given global goto holds i if ifelse implements import in Inf INFINITY Infinity inline inside
    instanceof Int int interface isfinite isinf isnan join length let list local log long macro main mat
    Math max maximum min minimum module mutable NA NAN NaN native new next next_controls next_observables
    next_states not NULL null opposite or otherwise package parameters parfor persistent pi pick pmax
    pmin pow private product protected public put put_added quote RangeError real_log real_power
    real_sqrt register rep repeat repmat reshape restrict return round seq shocks short sign signed size
    sizeof spmd sqrt states static struct sum super switch synchronized tanh this throw throws TRUE true
    trunc try typedef typeof undefined union unsigned using var vec Vector void volatile where while with
    yield zeros
"""
TAKEN = frozenset(_WORDS.split())
"""Names that mean something in one of the languages or in what is written in them."""


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


def input_names(program: Program, groups: Groups) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
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


def labels(members: Sequence[Variable | ParameterRange]) -> list[str]:
    """Of all columns of a group."""
    return [label for each in members for label in expanded_names([Variable(each.name, size=each.size)])]


def note(member: Variable | ParameterRange) -> str:
    """What a comment says of a variable: description and unit."""
    unit = f" ({member.unit})" if member.unit else ""
    return comment(f"{member.description}{unit}") or comment(member.name)


def columns(members: Iterable[Variable | ParameterRange]) -> list[dict[str, Any]]:
    """Of a group: name, place or places, note."""
    columns, place = [], 0
    for member in members:
        columns.append({"name": member.name, "first": place, "size": member.size, "note": note(member)})
        place += member.size
    return columns
