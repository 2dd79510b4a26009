"""What depends on parameters alone is computed once, and the numbers are those of the whole graph."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from surrogate import load
from surrogate.artifact.once import ELEMENTS, PARAMETERS, WORTH, Cut, Parts

ROOT = Path(__file__).parents[3]


def whole(content: bytes, operators: int = 0) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class Counted:
    """A session that counts its calls."""

    def __init__(self, session: Any) -> None:
        self.session, self.calls = session, 0

    def run(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.session.run(*arguments)


@pytest.mark.parametrize("name", ["an_schorfheide", "hank_reduced", "irbc"])
def test_in_two_parts_the_numbers_are_the_same_whatever_was_asked_before(name: str) -> None:
    economy, content = load(name), (ROOT / "artifacts" / name / "step.onnx").read_bytes()
    parts, together = Parts.of(content), whole(content)
    in_parts = parts.open(whole)
    assert isinstance(in_parts, Cut)
    outputs = [each.name for each in together.get_outputs()]
    assert [each.name for each in in_parts.get_outputs()] == outputs
    assert {each.name for each in in_parts.get_inputs()} == {each.name for each in together.get_inputs()}
    generator = np.random.default_rng(0)
    for w, k in ((1, 1), (3, 5), (3, 2), (1, 4)):
        theta = generator.uniform(economy.lower, economy.upper, (w, economy.n_parameters))
        rest = economy.steady_state(economy.default)
        feed = {
            "states": rest.states.repeat(w * k, 0),
            "controls": rest.controls.repeat(w * k, 0),
            "shocks": generator.standard_normal((w * k, economy.n_shocks)),
            PARAMETERS: theta,
        }
        feed = {key: np.asarray(value, np.float32) for key, value in feed.items()}
        for _ in range(2):
            for found, expected in zip(in_parts.run(outputs, feed), together.run(outputs, feed), strict=True):
                np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-6)


def test_the_first_part_runs_when_parameters_change() -> None:
    economy = load("an_schorfheide")
    cut = economy._step.session
    assert isinstance(cut, Cut)
    cut.first = counted = Counted(cut.first)  # pyright: ignore[reportAttributeAccessIssue]
    other = 0.9 * economy.default + 0.1 * economy.upper
    for theta in (economy.default, other):
        economy.simulate(theta, np.zeros((20, economy.n_shocks)))
    assert counted.calls == 2


def test_where_little_or_all_depends_on_parameters_nothing_is_cut() -> None:
    for name, file in (("rbc", "step.onnx"), ("an_schorfheide", "steady_state.onnx")):
        assert not Parts.of((ROOT / "artifacts" / name / file).read_bytes()).worth_it


def older(content: bytes) -> bytes:
    """As files of IR 3 are: constants stand among the inputs, too."""
    model = onnx.load_from_string(content)
    constant = next(node for node in model.graph.node if node.op_type == "Constant")
    model.graph.initializer.append(constant.attribute[0].t)
    model.graph.initializer[0].name = "two"
    model.graph.input.append(helper.make_tensor_value_info("two", TensorProto.FLOAT, [1]))
    model.graph.node.remove(constant)
    model.ir_version = 3
    return model.SerializeToString()


def test_constants_that_an_older_file_lists_among_its_inputs_stay_constants() -> None:
    content = older(chain(TensorProto.DOUBLE))
    cut = Parts.of(content).open(whole)
    assert isinstance(cut, Cut)
    feed = {"x": np.ones((2, 1), np.float32), PARAMETERS: np.ones((2, 1), np.float32)}
    np.testing.assert_array_equal(cut.run(["y"], feed)[0], whole(content).run(["y"], feed)[0])


def test_what_does_not_run_in_parts_runs_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the parts of this one goes a type that is not known."""
    monkeypatch.delitem(ELEMENTS, "int64")
    content = chain(TensorProto.INT64)
    assert Parts.of(content).worth_it
    session = Parts.of(content).open(whole)
    assert not isinstance(session, Cut)
    feed = {"x": np.full((2, 1), 9.0, np.float32), PARAMETERS: np.ones((2, 1), np.float32)}
    np.testing.assert_array_equal(session.run(["y"], feed)[0], [[18.0], [18.0]])


def test_large_answers_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = Parts.of(chain(TensorProto.DOUBLE)).open(whole)
    assert isinstance(cut, Cut)
    feed = {"x": np.ones((2, 1), np.float32), PARAMETERS: np.ones((2, 1), np.float32)}
    cut.run(["y"], feed)
    assert cut.last is not None
    monkeypatch.setattr("surrogate.artifact.once.LARGEST_KEPT", 8)
    feed[PARAMETERS] = 2 * feed[PARAMETERS]
    cut.run(["y"], feed)
    assert cut.last is None


def chain(kind: int) -> bytes:
    """2 x where x is above f(parameters), and that elsewhere: f is a long chain that is rounded to another
    type of number.
    """
    nodes = [
        helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.array([2.0], np.float32)))
    ]
    name = PARAMETERS
    for number in range(WORTH):
        nodes.append(helper.make_node("Mul" if number % 2 else "Div", [name, "two"], [f"n{number}"]))
        name = f"n{number}"
    nodes.append(helper.make_node("Cast", [name], ["cast"], to=kind))
    nodes.append(helper.make_node("Cast", ["cast"], ["back"], to=TensorProto.FLOAT))
    shapes = [helper.make_tensor_value_info(each, TensorProto.FLOAT, ["n", 1]) for each in ("x", PARAMETERS)]
    nodes.append(helper.make_node("Mul", ["x", "two"], ["twice"]))
    nodes.append(helper.make_node("Cast", ["x"], ["here"], to=kind))
    nodes.append(helper.make_node("Where", ["cond", "twice", "back"], ["y"]))
    nodes.insert(-1, helper.make_node("Greater", ["here", "cast"], ["cond"]))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])
    model = helper.make_model(
        helper.make_graph(nodes, "chain", shapes, [out]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.INT64])
def test_constants_may_be_operators_and_any_type_of_number_goes_through(kind: int) -> None:
    content = chain(kind)
    parts = Parts.of(content)
    assert parts.worth_it
    cut = parts.open(whole)
    assert isinstance(cut, Cut)
    values = {"x": [[1.0], [9.0]], PARAMETERS: [[3.0], [4.0]]}
    feed = {name: np.array(rows, np.float32) for name, rows in values.items()}
    np.testing.assert_array_equal(cut.run(["y"], feed)[0], whole(content).run(["y"], feed)[0])
    np.testing.assert_array_equal(cut.run(["y"], feed)[0], [[3.0], [18.0]])
