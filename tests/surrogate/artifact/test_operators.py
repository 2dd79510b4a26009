"""What is in an ONNX file is looked through before anything runs, here as whoever forges a digest would."""

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from surrogate import Surrogate, catalogue
from surrogate.artifact.graph import LARGEST_FILE, ModelFile
from surrogate.artifact.onnx_bytes import MOST_FIELDS, OPERATORS, Malformed, field, fields, varints
from surrogate.errors import BrokenArtifact
from tests.artifact_files import bare, rewrite_graph
from tests.linear_artifact import LinearEconomy, write_artifact

Change = Callable[[onnx.ModelProto], object]


@pytest.fixture
def folder(linear_economy: LinearEconomy, tmp_path: Path) -> Path:
    """A fresh artifact that a test may damage."""
    return write_artifact(linear_economy, tmp_path / "linear")


def add(operator: str, inputs: list[str], **attributes: object) -> Change:
    """A further operator whose output nobody takes."""
    return lambda model: model.graph.node.append(
        helper.make_node(operator, inputs, ["unused"], **attributes)  # pyright: ignore[reportArgumentType]
    )


def add_loop(model: onnx.ModelProto) -> None:
    """Ten billion rounds."""
    condition = helper.make_tensor_value_info("more", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["more"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
        ],
        [condition],
    )
    model.graph.node.append(helper.make_node("Loop", ["rounds", "yes"], [], body=body))


def hide_loop(model: onnx.ModelProto) -> None:
    """The same as an attribute of an operator that is allowed."""
    add_loop(model)
    model.graph.node[-1].op_type = "Identity"


def add_constant(values: np.ndarray, operator: str) -> Change:
    """A constant that another operator takes."""

    def change(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(values, "huge"))
        add(operator, ["parameters", "huge"])(model)

    return change


def add_constant_node(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["huge"], value_ints=[1 << 40]))
    add("ConstantOfShape", ["huge"])(model)


def move_outside(model: onnx.ModelProto) -> None:
    """Weights in another file of the folder."""
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="step.onnx")


def promise_much(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[1 << 40], name="promised")
    model.graph.initializer.append(tensor)


def add_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    function = helper.make_function("", "F", ["x"], ["y"], [node], [helper.make_opsetid("", 17)])
    model.functions.append(function)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (add("RandomNormal", [], shape=[2]), "the operator 'RandomNormal'"),
        (add("Dropout", ["parameters"]), "the operator 'Dropout'"),
        (add("NoSuchOperator", ["parameters"]), "the operator 'NoSuchOperator'"),
        (add("Add", ["parameters", "parameters"], domain="com.microsoft"), "domain 'com.microsoft'"),
        (lambda model: model.opset_import.append(helper.make_opsetid("evil", 1)), "domain 'evil'"),
        (add_loop, "the operator 'Loop'"),
        (hide_loop, "such as a graph"),
        (add_function, "functions"),
        (add_constant(np.array([1 << 40]), "Expand"), "Expand takes an integer beyond"),
        (add_constant(np.array([[1 << 30]], dtype=np.int32), "Reshape"), "Reshape takes an integer beyond"),
        (add_constant_node, "ConstantOfShape takes an integer beyond"),
        (add("Split", ["parameters"], num_outputs=1 << 40), "Split has an integer beyond"),
        (move_outside, "outside the file"),
        (promise_much, "a constant of more than"),
        (lambda model: model.graph.sparse_initializer.add(), "sparse"),
    ],
)
def test_what_a_surrogate_has_no_use_for_is_refused(folder: Path, change: Change, reason: str) -> None:
    rewrite_graph(folder / "step.onnx", change)
    with pytest.raises(BrokenArtifact, match=rf"step\.onnx cannot be read.*{reason}"):
        Surrogate(folder)


def test_the_contract_lists_the_operators() -> None:
    page = (Path(__file__).parents[3] / "docs" / "artifact.md").read_text(encoding="utf-8")
    listed = " ".join(line[2:] for line in page.splitlines() if line.startswith("> "))
    assert set(listed.removesuffix(".").split(", ")) == OPERATORS


def test_ends_of_slices_may_be_as_far_as_they_like(folder: Path) -> None:
    def cut(model: onnx.ModelProto) -> None:
        for name, value in (("from", 0), ("to", np.iinfo(np.int64).max)):
            model.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
        add("Slice", ["parameters", "from", "to"])(model)

    rewrite_graph(folder / "step.onnx", cut)
    Surrogate(folder)


def test_a_file_that_is_too_large_is_refused_unread(folder: Path) -> None:
    os.truncate(folder / "policy.onnx", 1 << 40)  # of which nothing is on the disk
    with pytest.raises(BrokenArtifact, match=f"more than {LARGEST_FILE >> 20} MiB"):
        Surrogate(folder)


def test_a_pipe_is_no_file(folder: Path) -> None:
    (folder / "policy.onnx").unlink()
    os.mkfifo(folder / "policy.onnx")
    with pytest.raises(BrokenArtifact, match=r"There is no policy\.onnx"):
        Surrogate(folder)


@pytest.mark.parametrize("name", catalogue.available())
def test_what_ships_is_sealed(name: str) -> None:
    for file in catalogue.find(name).glob("*.onnx"):
        assert ModelFile.parsed(file, file.read_bytes()).is_sealed


def test_fields_cover_the_message(linear_folder: Path) -> None:
    content = memoryview((linear_folder / "policy.onnx").read_bytes())
    found = list(fields(content))
    assert found[0].start == 0
    assert found[-1].end == len(content)
    assert all(one.end == other.start for one, other in pairwise(found))
    (graph,) = [part.value for part in found if part.number == 7]
    assert isinstance(graph, memoryview)
    operators = [
        bytes(each.value).decode()
        for part in fields(graph)
        if part.number == 1 and isinstance(part.value, memoryview)
        for each in fields(part.value)
        if each.number == 4 and isinstance(each.value, memoryview)
    ]
    model, _ = bare(linear_folder / "policy.onnx")
    assert operators == [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(
    "message",
    [
        b"\x08",
        b"\x08" + b"\xff" * 11,
        b"\x0a\x05abc",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0b",
        b"\x00\x00",
        b"\x09abc",
    ],
)
def test_bytes_that_are_no_message_are_malformed(message: bytes) -> None:
    with pytest.raises(Malformed):
        list(fields(memoryview(message)))


def test_a_flood_of_fields_is_stopped() -> None:
    with pytest.raises(Malformed):
        list(fields(memoryview(b"\x08\x00" * (MOST_FIELDS + 1))))


def test_a_field_and_its_numbers_come_back() -> None:
    ((number, value, _, _),) = fields(memoryview(field(300, b"x" * 200)))
    assert (number, value) == (300, b"x" * 200)
    assert list(varints(memoryview(b"\xac\x02\x01"))) == [300, 1]
