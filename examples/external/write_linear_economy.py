"""Write an artifact by hand, with the package onnx and NumPy alone: a linear economy in closed form.

    python write_linear_economy.py FOLDER

    x' = rho x + sigma e'            the output gap
    u' = sigma_u e_u'                what firms' costs add to inflation
    pi = .99 E pi' + kappa x + u     so that pi = kappa / (1 - .99 rho) x + u

Every program that honours docs/artifact.md can make such a folder; `dsge-surrogate inspect --check FOLDER`
says what one still lacks.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

BETA = 0.99
WIDTHS = {"states": 2, "controls": 1, "shocks": 2, "observables": 2, "parameters": 4}
CONSTANTS = {
    "one": np.array(1.0),
    "beta": np.array(BETA),
    "zero": np.array([[0.0]]),
    "start": np.array([0]),
    "end": np.array([1]),
    "blocks": np.array([-1]),
    "second": np.array([1]),
    "two": np.array([2]),
    "rows_of_1": np.array([-1, 1]),
    "rows_of_2": np.array([-1, 2]),
}


def blocks(name):
    """Row j of the parameters serves rows j n/w to (j+1) n/w - 1: [n, 2] becomes [w, n/w, 2]."""
    return [
        ("Concat", ["w", "blocks", "two"], [f"{name}_shape"], {"axis": 0}),
        ("Reshape", [name, f"{name}_shape"], [f"{name}_blocks"], {}),
    ]


def parameters():
    """Each parameter as [w, 1, 1], and how much of the gap goes into inflation."""
    return [
        ("Shape", ["parameters"], ["shape"], {}),
        ("Slice", ["shape", "start", "end"], ["w"], {}),
        ("Unsqueeze", ["parameters", "second"], ["theta"], {}),
        ("Split", ["theta"], ["rho", "sigma", "kappa", "sigma_u"], {"axis": 2, "num_outputs": 4}),
        ("Mul", ["beta", "rho"], ["discounted"], {}),
        ("Sub", ["one", "discounted"], ["denominator"], {}),
        ("Div", ["kappa", "denominator"], ["slope"], {}),
    ]


def inflation(gap, cost, output):
    """The policy at states in blocks, as rows."""
    return [
        ("Mul", ["slope", gap], ["demand"], {}),
        ("Add", ["demand", cost], ["inflation"], {}),
        ("Reshape", ["inflation", "rows_of_1"], [output], {}),
    ]


def policy():
    """Controls at given states."""
    halves = ("Split", ["states_blocks"], ["gap", "cost"], {"axis": 2, "num_outputs": 2})
    return [*parameters(), *blocks("states"), halves, *inflation("gap", "cost", "controls")]


def step():
    """One period of the economy."""
    return [
        *parameters(),
        *blocks("states"),
        *blocks("shocks"),
        ("Split", ["states_blocks"], ["gap", "cost"], {"axis": 2, "num_outputs": 2}),
        ("Split", ["shocks_blocks"], ["e", "e_u"], {"axis": 2, "num_outputs": 2}),
        ("Mul", ["rho", "gap"], ["kept"], {}),
        ("Mul", ["sigma", "e"], ["new"], {}),
        ("Add", ["kept", "new"], ["next_gap"], {}),
        ("Mul", ["sigma_u", "e_u"], ["next_cost"], {}),
        ("Concat", ["next_gap", "next_cost"], ["next_blocks"], {"axis": 2}),
        ("Reshape", ["next_blocks", "rows_of_2"], ["next_states"], {}),
        *inflation("next_gap", "next_cost", "next_controls"),
        ("Reshape", ["next_gap", "rows_of_1"], ["gap_rows"], {}),
        ("Concat", ["gap_rows", "next_controls"], ["next_observables"], {"axis": 1}),
    ]


def steady_state():
    """Zero everywhere."""
    return [
        ("Shape", ["parameters"], ["shape"], {}),
        ("Slice", ["shape", "start", "end"], ["w"], {}),
        ("Concat", ["w", "two"], ["states_shape"], {"axis": 0}),
        ("Concat", ["w", "second"], ["controls_shape"], {"axis": 0}),
        ("Expand", ["zero", "states_shape"], ["states"], {}),
        ("Expand", ["zero", "controls_shape"], ["controls"], {}),
    ]


FILES = {
    "policy": (policy(), ["states", "parameters"], ["controls"]),
    "step": (
        step(),
        ["states", "controls", "shocks", "parameters"],
        ["next_states", "next_controls", "next_observables"],
    ),
    "steady_state": (steady_state(), ["parameters"], ["states", "controls"]),
}


def model(nodes, inputs, outputs):
    """An ONNX model without metadata."""
    ends = [
        [
            helper.make_tensor_value_info(
                name, TensorProto.DOUBLE, [None, WIDTHS[name.removeprefix("next_")]]
            )
            for name in names
        ]
        for names in (inputs, outputs)
    ]
    used = {name for _, taken, _, _ in nodes for name in taken}
    constants = [numpy_helper.from_array(CONSTANTS[name], name) for name in CONSTANTS if name in used]
    made = [helper.make_node(operator, take, give, **more) for operator, take, give, more in nodes]
    graph = helper.make_graph(made, "linear", ends[0], ends[1], constants)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    checker.check_model(result, full_check=True)
    return result


def card(digests):
    """What the artifact says about itself; nothing is claimed that was not computed."""
    exact = {"mean": -16.0, "p50": -16.0, "p90": -16.0, "p99": -16.0, "max": -16.0}
    return {
        "format_version": 2,
        "oldest_reader": 1,
        "package_version": "by hand",
        "model": "phillips_curve",
        "model_version": 1,
        "description": "A Phillips curve and an output gap, in closed form",
        "states": [
            {"name": "gap", "description": "output gap", "unit": "percent"},
            {"name": "cost", "description": "shock to costs", "unit": "percent"},
        ],
        "controls": [{"name": "inflation", "description": "quarterly inflation", "unit": "percent"}],
        "shocks": [{"name": "demand"}, {"name": "costs"}],
        "observables": [{"name": "gap", "unit": "percent"}, {"name": "inflation", "unit": "percent"}],
        "parameters": [
            {"name": "rho", "lower": 0.0, "upper": 0.98, "default": 0.8},
            {"name": "sigma", "lower": 0.05, "upper": 3.0, "default": 0.5},
            {"name": "kappa", "lower": 0.001, "upper": 1.0, "default": 0.1},
            {"name": "sigma_u", "lower": 0.05, "upper": 3.0, "default": 0.3},
        ],
        "timing": "step maps dates t to t+1",
        "dtype": "float64",
        "training": {"method": "closed form", "seed": 0, "seconds": 0.0, "device": "cpu", "settings": {}},
        "accuracy": {"box": {"phillips_curve": exact}, "test_points": 1, "law": "closed form"},
        "parity": {"points": 0, "max_relative_difference": {}},
        "region": None,
        "digests": digests,
    }


def main(folder):
    """Write the three files with their card and digests."""
    models = {name: model(*parts) for name, parts in FILES.items()}
    graphs = {name: made.SerializeToString(deterministic=True) for name, made in models.items()}
    text = json.dumps(card({name: hashlib.sha256(graph).hexdigest() for name, graph in graphs.items()}))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, made in models.items():
        made.metadata_props.add(key="dsge_surrogate.card", value=text)
        digest = hashlib.sha256(made.SerializeToString(deterministic=True)).hexdigest()
        made.metadata_props.add(key="dsge_surrogate.sha256", value=digest)
        content = made.SerializeToString(deterministic=True)
        (Path(folder) / f"{name}.onnx").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
