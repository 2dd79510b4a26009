"""Each operator, with the numbers at which languages differ, against ONNX Runtime and in each language."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from surrogate import Surrogate, catalogue
from surrogate.artifact.graph import CONTRACTS
from surrogate.errors import CannotTranslate
from surrogate.translation import export_code
from surrogate.translation.builder import Constants
from surrogate.translation.evaluate import evaluate
from surrogate.translation.nodes import read_nodes
from surrogate.translation.operators import OPERATORS, translate
from tests.artifact_files import rewrite_graph
from tests.surrogate.translation.in_doubles import InDoubles
from tests.surrogate.translation.odd_artifact import SHOCKS, SIZE, write_odd_artifact
from tests.surrogate.translation.running import require, simulate
from tests.surrogate.translation.test_languages import RUN, gap

THETA = np.array([0.5])
PATHS = np.stack([SHOCKS, SHOCKS[::-1], np.roll(SHOCKS, 5)])


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Surrogate:
    """The artifact with every operator."""
    return Surrogate(write_odd_artifact(tmp_path_factory.mktemp("odd") / "odd"))


def test_it_has_every_operator_that_is_translated(odd: Surrogate) -> None:
    nodes = [node for _, content in odd.files for node in read_nodes(content).nodes]
    assert {node.operator for node in nodes} == set(OPERATORS)


def test_programs_say_what_onnx_runtime_says(odd: Surrogate) -> None:
    """In float32, NaN and infinities included."""
    shared = Constants()
    content = read_nodes(dict(odd.files)["step.onnx"])
    inputs = {"states": SIZE, "controls": 1, "shocks": SIZE, "parameters": 1}
    program = translate(content, inputs, ("next_observables",), shared)
    states, controls = np.arange(1.0, SIZE + 1) / 2, np.array([0.25])
    for shocks in PATHS:
        given = {"states": states, "controls": controls, "shocks": shocks, "parameters": THETA}
        found = evaluate(program, shared.arrays, given)["next_observables"]
        expected = odd.step(states, controls, shocks, THETA).next_observables[0].astype(float)
        assert np.isnan(expected).any()
        assert np.isinf(expected).any()
        assert np.array_equal(np.isinf(found), np.isinf(expected)) or np.abs(found).max() > 3e38
        finite = np.isfinite(expected)
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("language", RUN)
def test_languages_agree_about_every_operator(odd: Surrogate, language: str, tmp_path: Path) -> None:
    require(language)
    export_code(odd, language, tmp_path / "code")
    found = simulate(language, tmp_path / "code", "odd", (SIZE, 1, odd.n_observables), PATHS, THETA)
    with np.errstate(all="ignore"):
        expected = InDoubles(odd.folder).simulate(PATHS, THETA)
    infinite = np.isinf(expected)
    assert np.array_equal(found[infinite], expected[infinite])
    assert np.max(gap(found[~infinite], expected[~infinite])) < 1e-12


@pytest.mark.parametrize("name", catalogue.available())
def test_nodes_are_those_that_the_package_onnx_reads(name: str) -> None:
    for contract in CONTRACTS:
        path = catalogue.find(name) / contract.file
        graph, expected = read_nodes(path.read_bytes()), onnx.load(path).graph
        assert [node.operator for node in graph.nodes] == [node.op_type for node in expected.node]
        for found, node in zip(graph.nodes, expected.node, strict=True):
            assert (found.inputs, found.outputs) == (tuple(node.input), tuple(node.output))
            attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
            text = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
            assert found.attributes == text
        tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in expected.initializer}
        assert graph.constants.keys() == tensors.keys()
        assert all(np.array_equal(graph.constants[key], tensors[key]) for key in tensors)


def test_a_graph_that_does_not_fit_one_row_is_one_clear_error(odd: Surrogate, tmp_path: Path) -> None:
    folder = write_odd_artifact(tmp_path / "odd")

    def cut(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([5, -1]), "five_rows"))
        model.graph.node.append(onnx.helper.make_node("Reshape", ["parameters", "five_rows"], ["unused"]))

    rewrite_graph(folder / "step.onnx", cut)
    with pytest.raises(CannotTranslate, match=r"step\.onnx has no translation. A Reshape in it"):
        export_code(Surrogate(folder), "c", tmp_path / "code")


def test_another_operator_is_one_clear_error(odd: Surrogate, tmp_path: Path) -> None:
    folder = write_odd_artifact(tmp_path / "odd")

    def add(model: onnx.ModelProto) -> None:
        model.graph.node.append(onnx.helper.make_node("Sin", ["parameters"], ["unused"]))

    rewrite_graph(folder / "step.onnx", add)
    with pytest.raises(CannotTranslate, match=r"step\.onnx has no translation.*operator Sin"):
        export_code(Surrogate(folder), "c", tmp_path / "code")
    assert not (tmp_path / "code").exists()
