"""Dynare's nonlinear filters under Octave on the small New Keynesian model, solved to second order.

Debian's package `dynare` has what this needs. Dynare's conditional particle filter is left out: it sets the
same seed at every call, so that its variance cannot be measured.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.filter_cases import POINTS, Case, Row, kept_row

TEMPLATE = Path(__file__).with_name("an_schorfheide.mod")
MATLAB = Path("/usr/lib/dynare/matlab")
SERIES = ("dy", "infl", "int")
SETTINGS = (("sis", 400, 8), ("apf", 400, 8))
"""Bootstrap and auxiliary particle filter, with particles and replications."""


def available() -> bool:
    """Whether Octave and Dynare are installed."""
    return shutil.which("octave-cli") is not None and MATLAB.is_dir()


def dynare_rows(case: Case) -> Iterator[Row]:
    """Measure Dynare's filters at the point of a case."""
    for algorithm, particles, replications in SETTINGS:
        yield kept_row(
            case,
            f"Dynare, {algorithm}",
            particles,
            lambda a=algorithm, n=particles, r=replications: run_dynare(case, a, n, r),
        )


def run_dynare(case: Case, algorithm: str, particles: int, replications: int) -> dict:
    """Milliseconds of the fastest evaluation, and all log likelihoods."""
    with tempfile.TemporaryDirectory() as folder:
        text = model_file(case, algorithm, particles, replications)
        Path(folder, "economy.mod").write_text(text, encoding="utf-8")
        columns = zip(SERIES, case.data.T, strict=True)
        lines = [f"{name} = [{'; '.join(map(repr, column.tolist()))}];" for name, column in columns]
        Path(folder, "observations.m").write_text("\n".join(lines), encoding="utf-8")
        command = f"addpath {MATLAB}; dynare economy noclearall"
        done = subprocess.run(
            ["octave-cli", "--quiet", "--eval", command], cwd=folder, capture_output=True, text=True
        )
    found = re.findall(r"^RESULT (\S+) (\S+)$", done.stdout, re.MULTILINE)
    if len(found) < replications:
        raise RuntimeError(f"Dynare ended early:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    seconds, values = zip(*((float(time), float(value)) for time, value in found), strict=True)
    return {"milliseconds": 1e3 * min(seconds), "values": list(values)}


def model_file(case: Case, algorithm: str, particles: int, replications: int) -> str:
    """The template with parameters, measurement errors and filter filled in."""
    point = POINTS[case.point]
    sds = dict(zip(SERIES, case.sd.tolist(), strict=True))
    filled = {
        "parameters": "\n".join(f"{name} = {value!r};" for name, value in point.items()),
        **{f"sd_{name}": repr(sd) for name, sd in sds.items()},
        "tau": repr(point["tau"]),
        "algorithm": algorithm,
        "particles": str(particles),
        "replications": str(replications),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace(f"<{name}>", value)
    return text
