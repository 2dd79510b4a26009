"""What one period of an economy costs in other languages, and in ONNX Runtime for a single row.

    python -m benchmarks.external_code

writes every surrogate that ships as source code, compiles and runs what the machine has a compiler or an
interpreter for, and writes docs/benchmark-external-code.md.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.progress import track

from benchmarks.filter_cases import ROOT
from surrogate import Surrogate, catalogue, load
from surrogate.artifact.graph import STEP, ModelFile
from surrogate.house.files import atomic_path
from surrogate.translation import LANGUAGES, export_code

PAGE = ROOT / "docs" / "benchmark-external-code.md"
REPEATS = 5
ROUNDS = {"c": 20_000, "js": 5_000, "m": 200, "r": 2_000}
"""Periods of one measurement; a hundredth in an economy of many households."""
MANY = 50
"""States from which on an economy counts as one of many households."""
CALLS = 100
BATCH = 1_000
LIMIT = 1.0
"""Seconds within which every repetition of ONNX Runtime ends."""
PROGRAMS = {"c": "gcc", "js": "node", "m": "octave-cli", "r": "Rscript"}
SUFFIXES = {"c": "c", "js": "js", "m": "m", "r": "R"}
DRIVERS = {
    "c": """
#include <stdio.h>
#include <time.h>
#include "{name}.h"
int main(void)
{{
    static double row[2][{width}];
    const double shocks[] = {{{zeros}}};
    double best = 1e9;
    int failed = 0;
    for (int repeat = 0; repeat < {repeats}; repeat++) {{
        {name}_steady_state({name}_default, row[0], row[0] + {n_states});
        const clock_t start = clock();
        for (int t = 0; t < {rounds}; t++) {{
            double *now = row[t % 2], *next = row[(t + 1) % 2];
            failed |= {name}_step(now, now + {n_states}, shocks, {name}_default, next, next + {n_states},
                                  next + {n_states} + {n_controls});
        }}
        const double taken = 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC / {rounds};
        if (taken < best) best = taken;
    }}
    printf("%g\\n", best);
    return failed;
}}
""",
    "js": """
const model = require("./{name}.js");
let best = Infinity;
for (let repeat = 0; repeat < {repeats}; repeat++) {{
  let {{ states, controls }} = model.steady_state(model.defaults);
  const start = process.cpuUsage();
  for (let t = 0; t < {rounds}; t++) {{
    const next = model.step(states, controls, [{zeros}], model.defaults);
    [states, controls] = [next.next_states, next.next_controls];
  }}
  best = Math.min(best, process.cpuUsage(start).user / {rounds});
}}
console.log(best);
""",
    "m": """
model = {name}();
best = Inf;
for j = 1:{repeats}
    [states, controls] = model.steady_state(model.default);
    start = cputime();
    for t = 1:{rounds}
        [states, controls, observables] = model.step(states, controls, [{zeros}], model.default);
    end
    best = min(best, 1e6 * (cputime() - start) / {rounds});
end
printf('%g\\n', best);
""",
    "r": """
source("{name}.R")
best <- Inf
for (j in 1:{repeats}) {{
  now <- {name}$steady_state({name}$defaults)
  start <- proc.time()[["user.self"]]
  for (t in 1:{rounds}) {{
    following <- {name}$step(now$states, now$controls, c({zeros}), {name}$defaults)
    now <- list(states = following$next_states, controls = following$next_controls)
  }}
  best <- min(best, 1e6 * (proc.time()[["user.self"]] - start) / {rounds})
}}
cat(best, "\\n")
""",
}
COMMANDS = {
    "js": ["node", "time_{}.js"],
    "m": ["octave-cli", "--quiet", "--norc", "time_{}.m"],
    "r": ["Rscript", "--vanilla", "time_{}.R"],
}


def by_code(surrogate: Surrogate, language: str, folder: Path) -> float:
    """Microseconds of processor time that one period takes, the least of several measurements."""
    code, name = folder / language, surrogate.card.model
    export_code(surrogate, language, code)
    many = surrogate.n_states > MANY
    text = DRIVERS[language].format(
        name=name,
        zeros=", ".join(["0.0"] * max(surrogate.n_shocks, 1 if language == "c" else 0)),
        n_states=surrogate.n_states,
        n_controls=surrogate.n_controls,
        width=surrogate.n_states + surrogate.n_controls + surrogate.n_observables,
        rounds=max(ROUNDS[language] // (100 if many else 1), 5),
        repeats=REPEATS,
    )
    (code / f"time_{name}.{SUFFIXES[language]}").write_text(text, encoding="utf-8")
    if language == "c":
        files = [f"{name}.c", f"time_{name}.c"]
        subprocess.run(["gcc", "-O2", *files, "-lm", "-o", "time"], cwd=code, check=True)
        command = ["./time"]
    else:
        command = [word.format(name) for word in COMMANDS[language]]
    result = subprocess.run(command, cwd=code, check=True, capture_output=True, text=True)
    return float(result.stdout)


def by_onnx_runtime(surrogate: Surrogate, rows: int) -> float:
    """The same for each of so many rows of one call of ONNX Runtime, by one thread; nothing is tested."""
    content = dict(surrogate.files)[STEP.file]
    session = ModelFile.parsed(surrogate.folder / STEP.file, content).open(threads=1)
    dtype = np.dtype(surrogate.card.dtype)
    rest = surrogate.steady_state(surrogate.default)
    row = [*rest, np.zeros((1, surrogate.n_shocks)), surrogate.default[np.newaxis]]
    feed = {name: array.astype(dtype) for name, array in zip(STEP.inputs, row, strict=True)}
    feed |= {name: np.repeat(feed[name], rows, axis=0) for name in STEP.inputs[:-1]}
    calls = max(CALLS // rows, 1)
    best, begun = np.inf, time.perf_counter()
    while time.perf_counter() - begun < LIMIT:
        start = time.process_time()
        for _ in range(calls):
            session.run(STEP.outputs, feed)
        best = min(best, 1e6 * (time.process_time() - start) / (calls * rows))
    return best


def page(found: dict[str, dict[str, float]]) -> str:
    """The report: microseconds by economy and by what computes."""
    columns = list(next(iter(found.values())))
    lines = [
        "# The cost of a period in other languages",
        "",
        "Microseconds of processor time that one period of `step` takes for one row, the least of several",
        "measurements: [source code](external-code.md) that `dsge-surrogate export-code` writes (C compiled",
        "with `gcc -O2`), which tests box and region at every call and computes in doubles, beside a call of",
        "ONNX Runtime with one row and one thread from Python, which tests nothing and computes in float32.",
        f"The last column is its cost for each row of {BATCH:,} in one call, with one parameter vector.",
        "",
        "Written by `python -m benchmarks.external_code`.",
        "",
        f"| economy | {' | '.join(columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
    ]
    for name, times in found.items():
        lines.append(f"| `{name}` | {' | '.join(f'{value:.3g}' for value in times.values())} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write."""
    there = [language for language, program in PROGRAMS.items() if shutil.which(program)]
    found = {}
    with TemporaryDirectory() as folder:
        for name in track(catalogue.available(), "economies"):
            surrogate = load(name)
            times = {
                LANGUAGES[language].name: by_code(surrogate, language, Path(folder) / name)
                for language in there
            }
            times["ONNX Runtime"] = by_onnx_runtime(surrogate, 1)
            times[f"row of {BATCH:,}"] = by_onnx_runtime(surrogate, BATCH)
            found[name] = times
    text = page(found).replace("MATLAB and Octave", "Octave")
    print(text)
    with atomic_path(PAGE) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
