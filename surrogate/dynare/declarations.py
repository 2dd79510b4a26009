"""What an economy declares: its class with parameters, states, controls, shocks, observables and
equations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .bounding import Bounding
from .calibration import Calibration
from .model_file import ModelFile
from .python_text import quoted
from .reduction import Reduced
from .spelling import Spelling

NO_LEVEL = "log or deviation"
"""The unit of what may be negative."""


def declarations(
    file: ModelFile,
    calibration: Calibration,
    reduced: Reduced,
    spelling: Spelling,
    bounding: Bounding,
    bounded: Sequence[str] = (),
) -> str:
    """The head of the class, with constraints on what is `bounded` now and then."""
    names, endogenous = spelling.names, file.endogenous

    def variable(spelled: str, about: str, unit: str = "") -> str:
        return f"Variable({', '.join(quoted(word) for word in (spelled, about, unit) if word)})"

    def unit(text: str) -> str:
        return "" if text in bounding.positive else NO_LEVEL

    lags = [
        variable(spelled, f"{endogenous[text]}, one period before", unit(text))
        for text, spelled in spelling.lags.items()
    ]
    own = [variable(names[text], endogenous[text], unit(text)) for text in reduced.own_states]
    impulses = [variable(names[text], file.shocks[text], "deviation") for text in reduced.impulses]
    groups = {
        "parameters": _ranges(file, spelling),
        "states": lags + own + impulses,
        "controls": [
            f"Control({quoted(names[text])}, {quoted(endogenous[text])}{bounding.arguments(text)})"
            for text in reduced.outputs
        ],
        "shocks": [
            variable(names[text], file.shocks[text], "standard deviations") for text in reduced.shocks
        ],
        "observables": [variable(names[text], endogenous[text]) for text in reduced.observed],
        "equations": [variable(each.name, "") for each in reduced.residuals],
        "constraints": [
            f"Constraint({quoted(names[text])}, {quoted(f'{endogenous[text]} has a bound')})"
            for text in bounded
        ],
    }
    aids = "" if calibration.in_closed_form else "NumericalSteadyState, "
    lines = [
        f"class {_class_name(file.name)}(ErgodicEllipse, {aids}Model):",
        f'    """{len(reduced.states)} states, {len(reduced.outputs)} left to the network."""',
        "",
        f"    name = {quoted(_identifier(file.name))}",
        f"    description = {quoted(f'{file.name}.mod')}",
    ]
    for group, items in groups.items():
        if items or group != "constraints":
            lines += [f"    {group} = (", *(f"        {item}," for item in items), "    )"]
    return "\n".join([*lines, ""])


def _ranges(file: ModelFile, spelling: Spelling) -> list[str]:
    ranges = []
    for text, (lower, upper, default) in spelling.box.ranges.items():
        is_shock = text in spelling.sds
        about = f"standard deviation of {text}" if is_shock else file.parameters.get(text, "")
        ends = f"{lower!r}, {upper!r}, {default!r}"
        ranges.append(f"ParameterRange({quoted(spelling.ranged(text))}, {ends}, {quoted(about)})")
    return ranges


def _class_name(text: str) -> str:
    words = re.split(r"\W|_", text, flags=re.ASCII)
    name = "".join(word[:1].upper() + word[1:] for word in words if word)
    return name if name[:1].isalpha() else f"Economy{name}"


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower() or "economy"
