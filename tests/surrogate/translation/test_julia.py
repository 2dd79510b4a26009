"""Julia, where it is installed; where it is not, the grammar and the arithmetic of what is written in it.

The lines of a function are so plain that a few substitutions make Python of them: places count from one,
ends belong to ranges, points mean entry by entry. Whether all of a file is Julia's grammar says a parser that
editors use. What names mean around those lines (modules, errors, the self-test) only Julia itself can judge.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from surrogate import load
from surrogate.artifact.graph import CONTRACTS
from surrogate.artifact.validation import draw_parameters
from surrogate.translation import export_code, source_code
from surrogate.translation.statements import FOLDED
from tests.surrogate.translation.in_doubles import InDoubles
from tests.surrogate.translation.running import TRANSLATED
from tests.surrogate.translation.test_languages import gap

MEANING: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("abs", "ceil", "exp", "floor", "sum", "tanh", "trunc", "cumsum")},
    "max": np.maximum,
    "min": np.minimum,
    "erf": FOLDED["Erf"],
    "both": np.logical_and,
    "either": np.logical_or,
    "opposite": np.logical_not,
    "choose": np.where,
    "real_log": np.log,
    "real_sqrt": np.sqrt,
    "real_power": lambda x, exponent: np.power(np.asarray(x, dtype=float), exponent),
    "fill": lambda value, count: np.full(count, value),
    "array": lambda *values: np.array(values, dtype=float),
    "join": lambda *arrays: np.concatenate([np.atleast_1d(array) for array in arrays]),
    "product": lambda left, right, k: (left.reshape(-1, k) @ right.reshape(k, -1)).ravel(),
    "pick": lambda values, places: values[places.astype(int)],
}


HELPERS = ("sum(", "product(", "pick(", "put(", "put_added(", "cumsum(", "fill(")


def put_added(values: NDArray, places: NDArray, others: NDArray) -> NDArray:
    """As the template has it."""
    result = values.copy()
    np.add.at(result, places.astype(int), others)
    return result


def as_python(line: str) -> str:
    """A statement of Julia as one of Python."""
    line = re.sub(r"(\w)\[(\d+):(\d+):(\d+)\]", lambda m: f"{m[1]}[{int(m[2]) - 1}:{m[4]}:{m[3]}]", line)
    line = re.sub(r"(\w)\[(\d+):(\d+)\]", lambda m: f"{m[1]}[{int(m[2]) - 1}:{m[3]}]", line)
    line = re.sub(r"(\w)\[(\d+)\]", lambda m: f"{m[1]}[{int(m[2]) - 1}]", line)
    if literal := re.fullmatch(r"(.* = )\[(.*)\]", line):
        makes = "join" if ";" in literal[2] else "array"
        line = f"{literal[1]}{makes}({literal[2].replace(';', ',')})"
    line = re.sub(r"(\w)\.\(", r"\1(", line)  # f.(x)
    return re.sub(r"\.([-+*/<=&|])", r"\1", line)  # x .* y


def require_points(line: str, is_array: bool) -> None:
    """Points stand at operators and calls that work entry by entry on arrays, and nowhere else."""
    expression = re.sub(r"(\w)\[.*?\]", r"\1", line.split(" = ", 1)[1])
    if expression.startswith(HELPERS):
        return
    if not is_array or expression.startswith("["):
        assert not re.search(r" \.|\.\(", expression), line
    else:
        assert not re.search(r" ([-+*/<&|]|<=|==) |\w\(|(^|[( ])[-!][a-z(]", expression), line


def statements(text: str) -> list[str]:
    """Whole statements, each on one line and without its remark."""
    text = re.sub(r"  # .*", "", text)
    return [line.strip() for line in re.sub(r"([,;\[])\n\s*", r"\1 ", text).splitlines() if line.strip()]


def python_function(module: str, name: str, outputs: tuple[str, ...]) -> Callable[..., list[NDArray]]:
    """A function of a module, as one of Python that gives its outputs in order."""
    body = re.search(rf"\nfunction {name}\(.*?\n(.*?)    return \((.*?)\n    \)\nend", module, re.DOTALL)
    assert body is not None
    julia = [line for line in statements(body[1]) if "given(" not in line and "require_" not in line]
    lines = [as_python(line) for line in julia]
    for found in re.finditer(r"        (\w+) = (\[.*?\n        \]|\w+),", body[2], re.DOTALL):
        (result,) = statements(f"{found[1]} = {found[2]}")
        lines.append(as_python(result))
    constants = re.findall(r"\nconst (CONSTANT_\d+ = \[.*?\])(?=\n)", module, re.DOTALL)
    names = {**MEANING, "put_added": put_added}
    exec("\n".join(as_python(line) for line in statements("\n".join(constants))), names)

    def run(**inputs: NDArray) -> list[NDArray]:
        """Outputs in their order."""
        inside = {**names, **inputs}
        with np.errstate(all="ignore"):
            exec("\n".join(lines), inside)
        for line in julia:
            require_points(line, np.ndim(inside[line.split()[0]]) > 0)
        return [np.asarray(inside[output], dtype=float) for output in outputs]

    return run


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_arithmetic_in_julia_is_right(name: str, tmp_path: Path) -> None:
    surrogate = load(name)
    module = export_code(surrogate, "julia", tmp_path / "code")[0].read_text(encoding="utf-8")
    functions = {each.name: python_function(module, each.name, each.outputs) for each in CONTRACTS}
    reference = InDoubles(surrogate.folder)
    generator = np.random.default_rng(3)
    theta = draw_parameters(surrogate, 1, generator)[0]
    found = functions["steady_state"](parameters=theta)
    expected = reference.run("steady_state", theta)
    for shocks in generator.normal(size=(3, surrogate.n_shocks)):
        assert max(np.max(gap(a, b)) for a, b in zip(found, expected, strict=True)) < 1e-10
        states, controls = found[:2]
        found = functions["step"](states=states, controls=controls, shocks=shocks, parameters=theta)
        expected = reference.run("step", states, controls, shocks, theta)
    (controls,) = functions["policy"](states=found[0], parameters=theta)
    assert np.max(gap(controls, found[1])) < 1e-10


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_file_is_grammatical(name: str) -> None:
    tree_sitter = pytest.importorskip("tree_sitter")
    julia = pytest.importorskip("tree_sitter_julia")
    parser = tree_sitter.Parser(tree_sitter.Language(julia.language()))
    for file, text in source_code(load(name), "julia").items():
        assert not parser.parse(text.encode()).root_node.has_error, file
        assert parser.parse(text.replace("\nend\n", "\n", 1).encode()).root_node.has_error, file


@pytest.mark.parametrize("name", TRANSLATED)
def test_self_tests_in_julia_pass(name: str, tmp_path: Path) -> None:
    if shutil.which("julia") is None:
        pytest.skip("julia is not installed")
    export_code(load(name), "julia", tmp_path / "code")
    command = ["julia", f"{name}_self_test.jl"]
    result = subprocess.run(command, cwd=tmp_path / "code", capture_output=True, text=True)
    assert (result.returncode, "passed" in result.stdout) == (0, True), result.stdout + result.stderr
