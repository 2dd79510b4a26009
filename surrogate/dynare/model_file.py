"""What a Dynare file says: variables, equations, parameters, shocks, and what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import BadData, UnknownName, shown
from .calculus import function, minus, over, times
from .expressions import (
    Expression,
    date_of,
    evaluate,
    from_text,
    from_tree,
    leaves,
    names_in,
    number,
    numbers_in,
)
from .preprocessor import Preprocessed

COMPUTING = ("steady", "check", "stoch_simul", "estimation", "resid")
STOCHASTIC = ("stoch_simul", "estimation", "calib_smoother", "identification", "osr", "ramsey_policy")
PERFECT_FORESIGHT = ("perfect_foresight_setup", "perfect_foresight_solver", "simul")
READ = (
    "param_init",
    "shocks",
    "initval",
    "estimated_params",
    "estimated_params_bounds",
    "estimated_params_init",
    "ramsey_model",
    "occbin_constraints",
)
"""Statements that become part of the economy; `COMPUTING` ones are what other commands do."""

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNMENT = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*([^=;%]+?)\s*;?\s*(?:%.*)?")


@dataclass(frozen=True)
class Equation:
    """left = right, where names carry dates; `name` is the author's, or that of the variable on the left, and
    `mcp` the complementarity with which it is tagged.
    """

    name: str
    left: Expression
    right: Expression
    mcp: str = ""

    @cached_property
    def residual(self) -> Expression:
        """left - right."""
        return minus(self.left, self.right)

    def variables_in_order(self) -> list[str]:
        """The names that it reads today, from left to right."""
        return list(dict.fromkeys(node.id for node in leaves(self.residual) if date_of(node.id)[1] == 0))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it reads, with their dates."""
        return frozenset(names_in(self.left) | names_in(self.right))


@dataclass(frozen=True)
class Estimated:
    """A line of `estimated_params`: a parameter, or the standard error of a shock; numbers are as written,
    NaN where there is none. `prior` is Dynare's number of the density, 0 for none.
    """

    name: str
    is_shock: bool
    prior: int
    mean: float
    sd: float
    third: float
    fourth: float
    start: float
    lower: float
    upper: float

    def in_percent(self) -> Estimated:
        """The same line with a hundredth of its standard deviation, if it is one of a shock."""
        if not self.is_shock:
            return self
        mean, sd, third, fourth, start, lower, upper = (
            each / 100
            for each in (self.mean, self.sd, self.third, self.fourth, self.start, self.lower, self.upper)
        )
        return Estimated(self.name, True, self.prior, mean, sd, third, fourth, start, lower, upper)


@dataclass(frozen=True)
class ModelFile:
    """A file, read and not yet understood. Descriptions are by name; formulas keep their names.

    Attributes
    ----------
    assignments : of `steady_state_model`, in its order.
    values : of parameters, in order, as assigned, and of variables of MATLAB's that formulas define.
    initial : of `initval`.
    sds, correlations : of shocks, and of pairs of them; `measurement` are the sds of measurement errors.
    observables : of `varobs`; `listed` are those that a command such as `stoch_simul` lists.
    datafile : that `estimation` names, with its options.
    ignored : in words, for the reader.
    """

    name: str
    endogenous: Mapping[str, str]
    shocks: Mapping[str, str]
    parameters: Mapping[str, str]
    equations: tuple[Equation, ...]
    assignments: tuple[tuple[str, Expression], ...]
    values: tuple[tuple[str, Expression], ...]
    initial: Mapping[str, Expression]
    sds: Mapping[str, Expression]
    correlations: Mapping[tuple[str, str], Expression]
    measurement: Mapping[str, Expression]
    observables: tuple[str, ...]
    listed: tuple[str, ...]
    estimated: tuple[Estimated, ...]
    estimation: Mapping[str, Any] | None
    ignored: tuple[str, ...]


def read_model_file(source: Preprocessed, code_has_run: bool = False) -> ModelFile:
    """Read what the preprocessor says. What MATLAB code sets is left out if the `code_has_run` elsewhere.

    Raises
    ------
    BadData : the file asks for what is no stochastic economy of a fixed set of equations, or holds a function
        that cannot be imported.
    """
    content = source.model
    statements = [each for each in content["statements"] if isinstance(each, dict)]
    _require_stochastic(content, statements)
    parameters = _described(content["parameters"])
    if not code_has_run:
        _require_no_code_sets_parameters(parameters, statements)
    exogenous = _described(content["exogenous"])
    sds, correlations, measurement = ({}, {}, {}) if code_has_run else _shocks(statements, exogenous)
    listed = next((s["symbol_list"] for s in statements if s.get("symbol_list")), ())
    estimated, unread = _estimated(statements, exogenous)
    return ModelFile(
        name=source.name,
        endogenous=_described(content["endogenous"]),
        shocks=exogenous,
        parameters=parameters,
        equations=_equations(content),
        assignments=_assignments(source.steady_state, code_has_run),
        values=_values(statements, code_has_run),
        initial={
            each["name"]: from_text(each["value"])
            for s in statements
            if _is(s, "initval")
            for each in s["vals"]
        },
        sds=sds,
        correlations=correlations,
        measurement=measurement,
        observables=tuple(content.get("varobs", ())),
        listed=tuple(listed),
        estimated=estimated,
        estimation=next((s.get("options", {}) for s in statements if _is(s, "estimation")), None),
        ignored=(*unread, *_ignored(statements)),
    )


def _described(symbols: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Long names by name."""
    return {_identifier(each.get("name")): str(each.get("longName", each["name"])) for each in symbols}


def _identifier(text: Any) -> str:
    """A name that is one; what stands in its place may come from anybody's file."""
    if not isinstance(text, str) or not _IDENTIFIER.fullmatch(text):
        raise BadData(f"{shown(text)} is no name of a variable or a parameter.")
    return text


def _is(statement: Mapping[str, Any], *names: str) -> bool:
    return statement.get("statementName") in names


def _require_stochastic(content: Mapping[str, Any], statements: list[dict[str, Any]]) -> None:
    """Refuse what is another problem than that of an economy under uncertainty."""
    asked = {str(each.get("statementName")) for each in statements}
    if deterministic := content.get("exogenous_deterministic"):
        raise BadData(
            f"The file has deterministic exogenous variables ({deterministic[0]['name']}, varexo_det), whose "
            "future is known: that is no economy whose state is all that matters."
        )
    if "discretionary_policy" in asked:
        raise BadData("The file asks for policy under discretion, whose equations Dynare finds as it solves.")
    if asked & set(PERFECT_FORESIGHT) and not asked & set(STOCHASTIC):
        raise BadData("The file is about perfect foresight only: nothing in it is uncertain.")


def _require_no_code_sets_parameters(parameters: Iterable[str], statements: list[dict[str, Any]]) -> None:
    """Refuse MATLAB code before the first computation that gives a parameter a value."""
    for statement in statements:
        if _is(statement, *COMPUTING):
            return
        code = str(statement.get("string", "")) if _is(statement, "native", "verbatim") else ""
        sets = re.search(r"set_param_value\s*\(\s*'(\w+)'", code) or re.match(r"\s*(\w+)\s*=[^=]", code)
        if re.match(r"\s*M_\.params\b.*=", code) or (sets and sets[1] in parameters):
            raise BadData(
                f"MATLAB code sets a parameter ({shown(code.strip())}), which is not run here: write its "
                "value into the file, or pass --octave."
            )


def _equations(content: Mapping[str, Any]) -> tuple[Equation, ...]:
    names: set[str] = set()
    equations = []
    declared = [each["name"] for kind in ("endogenous", "exogenous", "parameters") for each in content[kind]]
    trees, texts = content["abstract_syntax_tree"], content["model"]
    if len(trees) != len(texts):
        raise BadData("The preprocessor's file has another number of equations as text than as trees.")
    for position, (each, written) in enumerate(zip(trees, texts, strict=True)):
        try:
            tree, numbers = each["AST"], iter(numbers_in(f"{written['lhs']} = {written['rhs']}"))
            if tree.get("op") == "=":
                sides = from_tree(tree["arg1"], numbers), from_tree(tree["arg2"], numbers)
            else:
                sides = from_tree(tree, numbers), number(0.0)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise BadData(f"Equation {position + 1} cannot be read.") from error
        text = _word(each.get("tags", {}).get("name", "")) or f"equation_{position + 1}"
        while text in names:
            text += "_"
        names.add(text)
        equations.append(Equation(text, *sides, str(each.get("tags", {}).get("mcp", ""))))
        if undeclared := {date_of(name)[0] for name in equations[-1].names} - set(declared):
            raise BadData(f"Equation {position + 1} reads {shown(min(undeclared))}, which is not declared.")
    return tuple(equations)


def _word(text: str) -> str:
    """An author's name of an equation as an identifier: "FOC Wages, eq. (4)" is foc_wages_eq_4."""
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()[:40].rstrip("_")
    return f"equation_{word}" if word[:1].isdigit() else word


def _values(statements: list[dict[str, Any]], code_has_run: bool) -> tuple[tuple[str, Expression], ...]:
    """What parameters are set to, and MATLAB's own variables that are set by a formula before anything is
    computed, since parameters and shocks may read them.
    """
    values, early = [], True
    for each in statements:
        early = early and not _is(each, *COMPUTING)
        if _is(each, "param_init"):
            with suppress(*[BadData] * code_has_run):
                values.append(_value(_identifier(each["name"]), each["value"]))
        elif early and (match := _ASSIGNMENT.fullmatch(str(each.get("string", "")))):
            with suppress(BadData):
                values.append((match[1], from_text(match[2])))
    return tuple(values)


def _value(parameter: str, text: str) -> tuple[str, Expression]:
    """A parameter and the formula that it is set to."""
    try:
        return parameter, from_text(text)
    except BadData as error:
        raise BadData(
            f"The parameter {parameter} is set by MATLAB code ({shown(text)}), which is not run here: write "
            "its value into the file, or pass --octave."
        ) from error


def _assignments(
    steady_state: list[dict[str, Any]], code_has_run: bool
) -> tuple[tuple[str, Expression], ...]:
    assignments = []
    for each in steady_state:
        if not isinstance(each["lhs"], str):
            if code_has_run:
                return ()
            raise BadData(
                f"The steady state is computed by a MATLAB function ({shown(each['rhs'])}), which is not run "
                "here: write formulas, or an initval block instead of steady_state_model, or pass --octave."
            )
        assignments.append((_identifier(each["lhs"]), from_text(each["rhs"])))
    return tuple(assignments)


def _shocks(
    statements: list[dict[str, Any]], exogenous: Mapping[str, str]
) -> tuple[dict[str, Expression], dict[tuple[str, str], Expression], dict[str, Expression]]:
    """Standard deviations, correlations, and standard deviations of measurement errors."""
    sds: dict[str, Expression] = {}
    correlations: dict[tuple[str, str], Expression] = {}
    for block in [s for s in statements if _is(s, "shocks")]:
        if block.get("overwrite"):
            sds, correlations = {}, {}
        sds |= {each["name"]: from_text(each["stderr"]) for each in block.get("stderr", ())}
        for each in block.get("variance", ()):
            sds[each["name"]] = function("sqrt", from_text(each["variance"]))
        for each in block.get("covariance", ()):
            one, two = each["name"], each["name2"]
            product = times(sds.get(one, number(0.0)), sds.get(two, number(0.0)))
            correlations[one, two] = over(from_text(each["covariance"]), product)
        for each in block.get("correlation", ()):
            correlations[each["name"], each["name2"]] = from_text(each["correlation"])
    measurement = {each: sd for each, sd in sds.items() if each not in exogenous}
    sds = {each: sd for each, sd in sds.items() if each in exogenous}
    return sds, {pair: c for pair, c in correlations.items() if set(pair) <= set(sds)}, measurement


def _estimated(
    statements: list[dict[str, Any]], exogenous: Mapping[str, str]
) -> tuple[tuple[Estimated, ...], list[str]]:
    """Lines of `estimated_params` with bounds and initial values such as (-Inf), and others in words."""
    later: dict[str, dict[str, Any]] = {}
    for each in statements:
        if _is(each, "estimated_params_bounds", "estimated_params_init"):
            for line in each["params"]:
                later.setdefault(line.get("param", line.get("var")), {}).update(line)
    estimated, unread = [], []
    keys = ("mean", "std", "p3", "p4", "init_val", "lower_bound", "upper_bound")
    for each in [each for s in statements if _is(s, "estimated_params") for each in s["params"]]:
        text = each.get("param", each.get("var"))
        if text is None or ("var" in each and text not in exogenous):
            unread.append(f"estimated {'correlation' if text is None else f'measurement error of {text}'}")
            continue
        ends = {**each, **later.get(text, {})}
        try:
            numbers = [float(evaluate(from_text(str(ends[key])), {})) for key in keys]
        except UnknownName:
            unread.append(f"estimated {text}, with numbers of MATLAB's")
            continue
        estimated.append(Estimated(text, "var" in each, int(each["prior_distribution"]), *numbers))
    return tuple(estimated), unread


def _ignored(statements: list[dict[str, Any]]) -> list[str]:
    """Statements that are none of an economy's business, in words."""
    code = sum(_is(each, "native", "verbatim") for each in statements)
    other = {str(each.get("statementName")) for each in statements}
    other -= {*READ, *COMPUTING, "native", "verbatim"}
    lines = [f"{code} line{'s' if code > 1 else ''} of MATLAB code"] if code else []
    return lines + sorted(f"{each}" for each in other)
