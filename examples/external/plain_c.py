"""Make C that needs no library of an economy's ONNX files, with the package emx-onnx-cgen from PyPI.

    pip install emx-onnx-cgen onnxruntime
    python plain_c.py FOLDER OUTPUT
    cc -O2 -I OUTPUT simulate_plain.c OUTPUT/step.c OUTPUT/steady_state.c -lm -o simulate && ./simulate 1000

writes the period and the steady state as C functions of one row, and `economy.h` with their prototypes,
numbers of columns and default parameters. C tests neither box nor region: parameters of one's own need the
test that simulate.py has.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import onnxruntime

GROUPS = ("states", "controls", "shocks", "parameters", "observables")


def prepare(source, target):
    """The same graph for one row, with all that is known beforehand computed; returns the card."""
    options = onnxruntime.SessionOptions()
    for dimension in {
        shape for each in onnxruntime.InferenceSession(source).get_inputs() for shape in each.shape
    }:
        if isinstance(dimension, str):  # numbers of rows and of parameter vectors have names
            options.add_free_dimension_override_by_name(dimension, 1)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    session = onnxruntime.InferenceSession(source, options)
    return json.loads(session.get_modelmeta().custom_metadata_map["dsge_surrogate.card"])


def main(folder, output):
    output.mkdir(parents=True, exist_ok=True)
    prototypes = []
    for name in ("step", "steady_state"):
        card = prepare(folder / f"{name}.onnx", output / f"{name}.onnx")
        files = [str(output / f"{name}.onnx"), str(output / f"{name}.c")]
        program = [sys.executable, "-m", "emx_onnx_cgen", "compile", "--model-name", name]
        subprocess.run(
            [*program, "--large-temp-threshold", "0", "--large-weight-threshold", "0", *files], check=True
        )
        code = re.sub(
            r"\bweight(?=\d)", f"{name}_weight", (output / f"{name}.c").read_text()
        )  # else names clash
        (output / f"{name}.c").write_text(code)
        prototypes += re.findall(rf"^void {name}\(.*\)", code, re.MULTILINE)
    counts = {group.upper(): sum(each.get("size", 1) for each in card[group]) for group in GROUPS}
    defaults = ", ".join(str(parameter["default"]) for parameter in card["parameters"])
    lines = [
        f"enum {{ {', '.join(f'{group} = {count}' for group, count in counts.items())} }};",
        f"static const float parameters[1][PARAMETERS] = {{{{ {defaults} }}}};",
        *(f"{prototype};" for prototype in prototypes),
    ]
    (output / "economy.h").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
