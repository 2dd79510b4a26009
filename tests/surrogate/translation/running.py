"""Run translated code as its users do, and have it print paths in full precision."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from surrogate.catalogue import available

TRANSLATED = tuple(name for name in available() if name != "olg")
"""What ships, without the one that searches for its steady state with operators that no language has here."""
PROGRAMS = {"c": "gcc", "js": "node", "m": "octave-cli", "r": "Rscript", "julia": "julia"}
"""What runs each language."""

DRIVERS = {
    "c": """
#include <stdio.h>
#include "{name}.h"
static const double shocks[][{n_shocks}] = {{{shocks}}}, parameters[] = {{{parameters}}};
int main(void)
{{
    double row[2][{width}];
    if ({name}_steady_state(parameters, row[0], row[0] + {n_states})) return 1;
    for (int t = 0; t < {periods}; t++) {{
        double *now = row[t % 2], *next = row[(t + 1) % 2];
        if ({name}_step(now, now + {n_states}, shocks[t], parameters, next, next + {n_states},
                        next + {n_states} + {n_controls})) return 1;
        for (int i = 0; i < {width}; i++) printf("%.17g ", next[i]);
        printf("\\n");
    }}
    return 0;
}}
""",
    "js": """
const model = require("./{name}.js");
const parameters = [{parameters}];
let {{ states, controls }} = model.steady_state(parameters);
for (const shock of [{shocks}]) {{
  const next = model.step(states, controls, shock, parameters);
  [states, controls] = [next.next_states, next.next_controls];
  console.log([...states, ...controls, ...next.next_observables].join(" "));
}}
""",
    "m": """
model = {name}();
parameters = [{parameters}];
shocks = {{{shocks}}};
[states, controls] = model.steady_state(parameters);
for t = 1:numel(shocks)
    [states, controls, observables] = model.step(states, controls, shocks{{t}}, parameters);
    fprintf('%.17g ', [states; controls; observables]);
    fprintf('\\n');
end
""",
    "r": """
source("{name}.R")
parameters <- c({parameters})
now <- {name}$steady_state(parameters)
for (shock in list({shocks})) {{
  following <- {name}$step(now$states, now$controls, shock, parameters)
  now <- list(states = following$next_states, controls = following$next_controls)
  cat(sprintf("%.17g", unlist(following)), "\\n")
}}
""",
}
ROWS = {"c": "{{{}}}", "js": "[{}]", "m": "[{}]", "r": "c({})"}


def require(language: str) -> None:
    """Skip a test where the language is not installed."""
    if shutil.which(PROGRAMS[language]) is None:
        pytest.skip(f"{PROGRAMS[language]} is not installed")


def run_file(language: str, folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Run ``name`` in a folder of translated code, without its suffix: a self-test or a driver."""
    if language == "c":
        model = name.removesuffix("_self_test").removesuffix("_driver")
        command = ["gcc", "-O2", "-std=c99", "-Wall", "-Werror", f"{model}.c", f"{name}.c", "-lm", "-o", name]
        subprocess.run(command, cwd=folder, check=True)
    command = {
        "c": [f"./{name}"],
        "js": ["node", f"{name}.js"],
        "m": ["octave-cli", "--quiet", "--norc", f"{name}.m"],
        "r": ["Rscript", "--vanilla", f"{name}.R"],
    }[language]
    if language == "m" and name.endswith("_self_test"):
        command = ["octave-cli", "--quiet", "--norc", "--eval", name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def simulate(
    language: str, folder: Path, name: str, sizes: tuple[int, int, int], shocks: NDArray, theta: NDArray
) -> NDArray[np.float64]:
    """States, controls and observables after each shock, from the steady state: [periods, columns].

    `sizes` are the numbers of states, controls and observables.
    """
    rows = [ROWS[language].format(", ".join(map(repr, shock.tolist())) or "") for shock in shocks]
    text = DRIVERS[language].format(
        name=name,
        parameters=", ".join(map(repr, theta.tolist())),
        shocks=", ".join(rows),
        n_shocks=max(shocks.shape[1], 1),
        n_states=sizes[0],
        n_controls=sizes[1],
        width=sum(sizes),
        periods=len(shocks),
    )
    suffix = {"c": "c", "js": "js", "m": "m", "r": "R"}[language]
    (folder / f"{name}_driver.{suffix}").write_text(text, encoding="utf-8")
    result = run_file(language, folder, f"{name}_driver")
    assert result.returncode == 0, result.stderr
    words = {"NA": "nan", "NaN": "nan", "Inf": "inf", "Infinity": "inf", "-Infinity": "-inf", "-Inf": "-inf"}
    lines = result.stdout.strip().splitlines()
    return np.array([[float(words.get(word, word)) for word in line.split()] for line in lines])
