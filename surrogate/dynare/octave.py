"""Dynare itself, under Octave, where both are installed: what a file's own code computes, and its
perturbation solutions.

Dynare runs the file up to where it begins to compute something, in a folder beside its own. That runs the
file's MATLAB code too, so only who asks for it gets it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadConfiguration, MissingPackage, NoEquilibrium
from .linear import LinearRule
from .preprocessor import find_preprocessor

Array = NDArray[np.float64]

OCTAVE = "octave-cli"
PLACES = ("/usr/lib/dynare/matlab", "/usr/local/lib/dynare/matlab", "/opt/dynare/lib/dynare/matlab")
SECONDS = 300
EXPANDED = "expanded_by_dsge_surrogate.mod"
_COMMANDS = re.compile(
    r"^\s*(steady|check|resid|stoch_simul|estimation|identification|shock_decomposition|calib_smoother|osr"
    r"|dynare_sensitivity|evaluate_planner_objective|prior_function|posterior_function)\b[^;]*;",
    re.MULTILINE,
)
_BLOCKS = re.compile(r"^\s*(model|shocks|steady_state_model|initval)\b.*?\bend\s*;", re.MULTILINE | re.DOTALL)
_MODEL = re.compile(r"^\s*model\b.*?\bend\s*;", re.MULTILINE | re.DOTALL)
_FIRST = re.compile(r"^\s*(stoch_simul|estimation|identification|osr|calib_smoother)\b", re.MULTILINE)
_POLICY = re.compile(r"^\s*(?:planner_objective|ramsey_model)\b[^;]*;", re.MULTILINE)
_EXACT = "options_.solve_tolf = 1e-13;\noptions_.solve_tolx = 1e-14;\n"
_PRINT_REST = """
printf('DYNARE %s\\n', jsonencode(struct('parameters', {M_.param_names}, 'values', M_.params, ...
    'variables', {M_.endo_names}, 'rest', oo_.steady_state, 'shocks', {M_.exo_names}, ...
    'covariance', M_.Sigma_e(:)), 'ConvertInfAndNaN', false));
"""
_SOLVE = "stoch_simul(order={order}, irf=0, noprint, nograph, nomoments, nofunctions{solver});\n"
_PRINT_RULE = """
tensors = {oo_.dr.g_0(:)};
for k = 1:%d, tensors{end + 1} = oo_.dr.(sprintf('g_%%d', k))(:); end
printf('DYNARE %%s\\n', jsonencode(struct('variables', {M_.endo_names(oo_.dr.order_var)}, ...
    'states', {M_.endo_names(oo_.dr.order_var(M_.nstatic + (1:M_.nspred)))}, ...
    'shocks', {M_.exo_names}, 'rest', oo_.dr.ys(oo_.dr.order_var), 'tensors', {tensors}), ...
    'ConvertInfAndNaN', false));
"""
_PRINT_LINEAR = """
printf('DYNARE %s\\n', jsonencode(struct('variables', {M_.endo_names(oo_.dr.order_var)}, ...
    'states', {M_.endo_names(oo_.dr.order_var(M_.nstatic + (1:M_.nspred)))}, ...
    'shocks', {M_.exo_names}, 'ghx', oo_.dr.ghx(:), 'ghu', oo_.dr.ghu(:)), 'ConvertInfAndNaN', false));
"""


@dataclass(frozen=True)
class Computed:
    """What Dynare has computed of a file: parameters and where variables rest, by name, and the covariance
    [n_e, n_e] of `shocks`.
    """

    parameters: dict[str, float]
    rest: dict[str, float]
    shocks: tuple[str, ...]
    covariance: Array


@dataclass(frozen=True)
class PerturbationRule:
    """y = rest + g_0 + g_1 v + g_2 (v, v) + ..., where v are deviations of `states` one period before, and
    shocks.

    `variables` [n], `states` [n_s] and `shocks` [n_e] are names, `rest` [n] is without shocks, and `tensors`
    are g_0 [n, 1], g_1 [n, n_s + n_e], g_2, ..., of which a column stands for v_i v_j with i <= j.
    """

    variables: tuple[str, ...]
    states: tuple[str, ...]
    shocks: tuple[str, ...]
    rest: Array
    tensors: tuple[Array, ...]

    @property
    def order(self) -> int:
        """Of the perturbation."""
        return len(self.tensors) - 1

    @cached_property
    def state_rows(self) -> list[int]:
        """Where the states are among the variables."""
        return [self.variables.index(text) for text in self.states]

    def __call__(self, before: Array, shocks: Array) -> Array:
        """Variables [..., n] where states were `before` [..., n_s] and `shocks` are [..., n_e]."""
        v = np.concatenate([before - self.rest[self.state_rows], shocks], axis=-1)
        value = self.rest + self.tensors[0][:, 0]
        for degree, tensor in enumerate(self.tensors[1:], 1):
            value = value + self._monomials(v, degree) @ tensor.T
        return value

    def _monomials(self, v: Array, degree: int) -> Array:
        """Products of so many of v, times the number of orders in which they can be written."""
        places = list(combinations_with_replacement(range(v.shape[-1]), degree))
        counts = dict.fromkeys(places, 0)
        for each in product(range(v.shape[-1]), repeat=degree):
            counts[tuple(sorted(each))] += 1  # type: ignore[index]
        return np.stack([counts[place] * v[..., list(place)].prod(axis=-1) for place in places], axis=-1)


def available() -> bool:
    """Whether Octave, Dynare and its preprocessor are installed."""
    try:
        find_preprocessor()
    except MissingPackage:
        return False
    return shutil.which(OCTAVE) is not None and _matlab_folder() is not None


def computed_by_dynare(path: Path, defines: Sequence[str] = ()) -> Computed:
    """Parameters, steady state and shocks of a file, as its own MATLAB code and `_steadystate.m` say.

    Raises
    ------
    MissingPackage : there is no Octave, or no Dynare.
    NoEquilibrium : Dynare finds no steady state; the message is its own.
    """
    said = _run(path, defines, _PRINT_REST)
    n = len(_names(said["shocks"]))
    return Computed(
        dict(zip(_names(said["parameters"]), _numbers(said["values"]), strict=True)),
        dict(zip(_names(said["variables"]), _numbers(said["rest"]), strict=True)),
        _names(said["shocks"]),
        np.reshape(_numbers(said["covariance"]), (n, n), order="F"),
    )


def linear_rule_of_dynare(path: Path, defines: Sequence[str] = ()) -> LinearRule:
    """Dynare's `ghx` and `ghu`; errors are those of :func:`computed_by_dynare`."""
    said = _run(path, defines, _SOLVE.format(order=1, solver="") + _PRINT_LINEAR)
    variables, states, shocks = (_names(said[each]) for each in ("variables", "states", "shocks"))
    on_states = np.reshape(_numbers(said["ghx"]), (len(variables), len(states)), order="F")
    on_shocks = np.reshape(_numbers(said["ghu"]), (len(variables), len(shocks)), order="F")
    return LinearRule(variables, states, shocks, on_states, on_shocks)


def rule_of_dynare(
    path: Path, order: int, covariances: Mapping[tuple[str, str], float], defines: Sequence[str] = ()
) -> PerturbationRule:
    """Dynare's perturbation of an `order` from one on, for shocks with these variances and covariances by
    pairs of their names, since a file may set several one after the other. Errors are those of
    :func:`computed_by_dynare`.
    """
    entry = "M_.Sigma_e(strcmp(M_.exo_names, '{}'), strcmp(M_.exo_names, '{}')) = {!r};\n"
    sizes = "".join(entry.format(*pair, float(value)) for pair, value in covariances.items())
    solve = _SOLVE.format(order=max(2, order), solver=", k_order_solver")
    shocks = f"M_.Sigma_e = zeros(M_.exo_nbr);\n{sizes}"
    said = _run(path, defines, shocks + solve + _PRINT_RULE % max(2, order))
    variables, states, shocks = (_names(said[each]) for each in ("variables", "states", "shocks"))
    tensors = [np.reshape(_numbers(each), (len(variables), -1), order="F") for each in said["tensors"]]
    if order == 1:  # the others do not depend on the order, but for g_0
        tensors = [np.zeros((len(variables), 1)), tensors[1]]
    return PerturbationRule(variables, states, shocks, _numbers(said["rest"]), tuple(tensors))


def _run(path: Path, defines: Sequence[str], commands: str) -> dict[str, Any]:
    """What Dynare prints after a file's declarations and these commands."""
    if path.suffix != ".mod":
        raise BadConfiguration(f"Dynare runs .mod files, not {path.name}: give it the file itself.")
    matlab = _matlab_folder()
    if matlab is None or shutil.which(OCTAVE) is None:
        raise MissingPackage("This needs Octave and Dynare for it: `apt install octave dynare`.")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        _beside(path, place)
        text = _expanded(path, place, defines)
        own = path.with_name(f"{path.stem}_steadystate.m").is_file()  # which is exact as far as it is
        whole = [_declarations(text), "" if own else _EXACT, "steady;", commands]
        (place / path.name).write_text("\n".join(whole), encoding="utf-8")
        call = f"addpath {matlab}; dynare {path.stem} noclearall nolog nostrict"
        words = [OCTAVE, "--quiet", "--eval", call]
        try:
            done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise NoEquilibrium(f"Dynare did not end within {SECONDS} seconds on {path.name}.") from error
    found = re.search(r"^DYNARE (.*)$", done.stdout, re.MULTILINE)
    if found is None:
        said = [line for line in (done.stderr + done.stdout).splitlines() if "error" in line.lower()]
        raise NoEquilibrium(f"Dynare does not solve {path.name}: {said[0] if said else done.stdout[-300:]}")
    return json.loads(found[1])


def _expanded(path: Path, place: Path, defines: Sequence[str]) -> str:
    """The file with its macros expanded."""
    expand = ["onlymacro", f"savemacro={EXPANDED}", "nopreprocessoroutput"]
    command = [find_preprocessor(), path.name, *expand, *(f"-D{each}" for each in defines)]
    subprocess.run(command, cwd=place, capture_output=True, check=False)
    if not (place / EXPANDED).is_file():
        raise NoEquilibrium(f"Dynare's preprocessor does not accept {path.name}.")
    return (place / EXPANDED).read_bytes().decode("utf-8", "replace")


def _beside(path: Path, place: Path) -> None:
    """The file, and links to what is in its folder, but for what Dynare has written there."""
    own = (path.name, path.stem, f"+{path.stem}", EXPANDED)
    for each in path.parent.iterdir():
        if each.name not in own:
            (place / each.name).symlink_to(each.resolve())
    shutil.copy(path, place)


def _declarations(text: str) -> str:
    """A file up to where it begins to compute, without what it computes on the way."""
    computed = _FIRST.search(text, max((block.end() for block in _MODEL.finditer(text)), default=0))
    end = computed.start() if computed else max((block.end() for block in _BLOCKS.finditer(text)), default=0)
    policy = "\n".join(_POLICY.findall(text[end:]))
    return _COMMANDS.sub("", text[:end]) + policy


def _matlab_folder() -> str | None:
    return next((place for place in PLACES if Path(place).is_dir()), None)


def _names(said: str | list[str]) -> tuple[str, ...]:
    """Octave writes a list of one as what is in it."""
    return (said,) if isinstance(said, str) else tuple(said)


def _numbers(said: Any) -> Array:
    return np.array([np.nan if each is None else each for each in np.atleast_1d(said)], float)
