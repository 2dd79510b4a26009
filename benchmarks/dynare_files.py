"""What becomes of a folder of Dynare files: imported or refused, and how far the linear solution is from
Dynare's.

    python -m benchmarks.dynare_files FOLDER

Where Octave and Dynare are installed (Debian's packages `octave` and `dynare`), Dynare solves each imported
file to first order as well.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from surrogate.dynare.calibration import Calibration, calibrate
from surrogate.dynare.importing import Imported, import_economy
from surrogate.dynare.linear import LinearRule, solve_linear
from surrogate.dynare.model_file import ModelFile, read_model_file
from surrogate.dynare.preprocessor import PROGRAM, find_preprocessor, preprocess
from surrogate.errors import SurrogateError

MATLAB = Path("/usr/lib/dynare/matlab")
SECONDS = 300
COMMANDS = re.compile(
    r"^\s*(steady|check|resid|stoch_simul|estimation|identification|shock_decomposition|calib_smoother|osr"
    r"|dynare_sensitivity|evaluate_planner_objective|prior_function|posterior_function)\b[^;]*;",
    re.MULTILINE,
)
BLOCKS = re.compile(r"^\s*(model|shocks|steady_state_model|initval)\b.*?\bend\s*;", re.MULTILINE | re.DOTALL)
MODEL = re.compile(r"^\s*model\b.*?\bend\s*;", re.MULTILINE | re.DOTALL)
FIRST = re.compile(r"^\s*(stoch_simul|estimation|identification|osr|calib_smoother)\b", re.MULTILINE)
POLICY = re.compile(r"^\s*(?:planner_objective|ramsey_model)\b[^;]*;", re.MULTILINE)
PRINT = """
printf('RULE %s\\n', jsonencode(struct('variables', {M_.endo_names(oo_.dr.order_var)}, ...
    'states', {M_.endo_names(oo_.dr.order_var(M_.nstatic + (1:M_.nspred)))}, ...
    'shocks', {M_.exo_names}, 'rest', {oo_.dr.ys(oo_.dr.order_var)}, ...
    'shape', size(oo_.dr.ghx), 'ghx', oo_.dr.ghx(:), 'ghu', oo_.dr.ghu(:)), 'ConvertInfAndNaN', false));
"""


def available() -> bool:
    """Whether Octave and Dynare are installed."""
    return shutil.which("octave-cli") is not None and MATLAB.is_dir() and bool(shutil.which(PROGRAM))


def dynare_rule(path: Path, defines: tuple[str, ...] = ()) -> LinearRule:
    """Dynare's own first-order solution of a file, up to where it begins to compute.

    Raises
    ------
    RuntimeError : Dynare does not solve it.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder) / "copy"
        shutil.copytree(path.parent, place)
        command = [
            find_preprocessor(),
            path.name,
            "onlymacro",
            "savemacro=expanded.mod",
            "nopreprocessoroutput",
        ]
        subprocess.run(
            [*command, *(f"-D{each}" for each in defines)], cwd=place, capture_output=True, check=False
        )
        text = (place / "expanded.mod").read_bytes().decode("utf-8", "replace")
        computed = FIRST.search(text, max(block.end() for block in MODEL.finditer(text)))
        end = computed.start() if computed else max(block.end() for block in BLOCKS.finditer(text))
        policy = "\n".join(POLICY.findall(text[end:]))
        (place / "solved.mod").write_text(
            COMMANDS.sub("", text[:end])
            + policy
            + "\noptions_.solve_tolf = 1e-13;\noptions_.solve_tolx = 1e-14;\nsteady;\n"
            "stoch_simul(order=1, irf=0, noprint, nograph, nomoments, nofunctions);\n" + PRINT,
            encoding="utf-8",
        )
        call = f"addpath {MATLAB}; dynare solved noclearall nolog nostrict"
        done = subprocess.run(
            ["octave-cli", "--quiet", "--eval", call],
            cwd=place,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    found = re.search(r"^RULE (.*)$", done.stdout, re.MULTILINE)
    if found is None:
        said = [line for line in (done.stderr + done.stdout).splitlines() if "error" in line.lower()]
        raise RuntimeError(said[0] if said else done.stdout[-300:])
    return _rule(json.loads(found[1]))


def _rule(said: dict) -> LinearRule:
    rows, columns = said["shape"]
    shocks = [said["shocks"]] if isinstance(said["shocks"], str) else said["shocks"]
    states = [said["states"]] if isinstance(said["states"], str) else said["states"]
    on_states = np.reshape(np.atleast_1d(said["ghx"]), (rows, columns), order="F")
    on_shocks = np.reshape(np.atleast_1d(said["ghu"]), (rows, len(shocks)), order="F")
    return LinearRule(tuple(said["variables"]), tuple(states), tuple(shocks), on_states, on_shocks)


def our_rule(file: ModelFile, calibration: Calibration) -> LinearRule:
    """The first-order solution of the whole file by this package."""
    values = {**calibration.values(), **dict.fromkeys(file.shocks, 0.0)}
    return solve_linear(file.equations, tuple(file.endogenous), tuple(file.shocks), values)


def difference(ours: LinearRule, theirs: LinearRule) -> float:
    """Largest difference of coefficients that both have, relative to one where that is above one."""
    rows = [
        (ours.variables.index(each), theirs.variables.index(each))
        for each in theirs.variables
        if each in ours.variables
    ]
    mine, yours = np.array(rows).T
    worst = 0.0
    for kind, names in (("on_states", "states"), ("on_shocks", "shocks")):
        columns = [
            (getattr(ours, names).index(each), number) for number, each in enumerate(getattr(theirs, names))
        ]
        a, b = np.array(columns).T
        one, other = getattr(ours, kind)[np.ix_(mine, a)], getattr(theirs, kind)[np.ix_(yours, b)]
        worst = max(worst, float(np.max(np.abs(one - other) / np.maximum(1, np.abs(other)))))
    return worst


def outcome(path: Path) -> str:
    """One line on a file."""
    said = _imported(path)
    if not available():
        return said
    try:
        file = read_model_file(preprocess(path))
        ours = our_rule(file, calibrate(file))
        return f"{said}; linear solution {difference(ours, dynare_rule(path)):.0e} from Dynare's"
    except SurrogateError:
        return said
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return f"{said}; Dynare does not solve it: {error}"


def _imported(path: Path) -> str:
    """The size of the economy, or why there is none; shocks in percent are divided by 100."""
    try:
        return _size(import_economy(path))
    except SurrogateError as error:
        if "--percent" not in str(error):
            return f"refused: {error}"
    try:
        return f"{_size(import_economy(path, percent=True))} (percent)"
    except SurrogateError as error:
        return f"refused: {error}"


def _size(imported: Imported) -> str:
    reduced = imported.reduced
    sizes = f"{len(reduced.states)} states, {len(reduced.outputs)} for the network"
    return f"{len(imported.file.endogenous)} variables, {sizes}"


def outcomes(folder: Path) -> Iterator[str]:
    """One line for each file."""
    for path in sorted(folder.rglob("*.mod")):
        yield f"{path.stem}: {outcome(path)}"


if __name__ == "__main__":
    for line in outcomes(Path(sys.argv[1])):
        print(line, flush=True)
