"""Simulate an economy from its ONNX files, with ONNX Runtime and NumPy alone.

    python simulate.py FOLDER PERIODS

prints, as JSON, the last states, controls and observables of a path from the steady state at the default
parameters, and the mean of each observable over it. The shock j of period t is sqrt(2) sin(t + 2 j): as large
as a standard normal, and the same in every language.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def open_files(folder):
    """Sessions by file, and the card, which must be the same in all of them."""
    sessions, cards = {}, set()
    for name in ("policy", "step", "steady_state"):
        sessions[name] = onnxruntime.InferenceSession(Path(folder) / f"{name}.onnx")
        cards.add(sessions[name].get_modelmeta().custom_metadata_map["dsge_surrogate.card"])
    (text,) = cards
    return sessions, json.loads(text)


def require_inside(card, theta):
    """Outside the box or the certified region the network returns numbers that mean nothing."""
    for parameter, value in zip(card["parameters"], theta, strict=True):
        if not parameter["lower"] <= value <= parameter["upper"]:
            sys.exit(f"{parameter['name']} = {value} is outside the box")
    if region := card["region"]:
        transforms = {"identity": lambda x: x, "log": np.log, "log_one_minus": lambda x: np.log(1 - x)}
        moved = [transforms[name](value) for name, value in zip(region["transforms"], theta, strict=True)]
        u = (np.array(moved) - region["center"]) / region["scale"]
        if region["constant"] + region["linear"] @ u + u @ region["quadratic"] @ u > 0:
            sys.exit("the parameters are outside the certified region")


def main(folder, periods):
    sessions, card = open_files(folder)
    theta = np.array([parameter["default"] for parameter in card["parameters"]])
    require_inside(card, theta)
    parameters = theta[np.newaxis].astype(card["dtype"])
    states, controls = sessions["steady_state"].run(["states", "controls"], {"parameters": parameters})
    columns = sum(shock["size"] for shock in card["shocks"])
    path = []
    for t in range(1, periods + 1):
        shocks = np.sqrt(2) * np.sin(t + 2 * np.arange(columns))[np.newaxis]
        shocks = shocks.astype(card["dtype"])
        given = {"states": states, "controls": controls, "shocks": shocks, "parameters": parameters}
        outputs = ["next_states", "next_controls", "next_observables"]
        states, controls, observables = sessions["step"].run(outputs, given)
        path.append(observables[0])
    found = {
        "states": states[0].tolist(),
        "controls": controls[0].tolist(),
        "observables": path[-1].tolist(),
        "means": np.mean(path, axis=0, dtype=float).tolist(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
