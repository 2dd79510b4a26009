"""Files with groups of states, without shocks and with empty batches, as any ONNX Runtime sees them."""

import numpy as np
import onnxruntime
import pytest

from surrogate import Surrogate, load
from surrogate.catalogue import find

FILES = [
    *(
        (name, file)
        for name in ("ramsey", "brock_mirman", "nk_linear")
        for file in ("policy.onnx", "step.onnx")
    ),
    ("olg_analytic", "policy.onnx"),
]
"""The step of olg_analytic adds up assets, and ONNX Runtime's ReduceSum over axis -1 does not reduce an empty
tensor.
"""


def session(name: str, file: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(find(name) / file, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def ramsey() -> Surrogate:
    return load("ramsey")


@pytest.fixture(scope="module")
def generations() -> Surrogate:
    return load("olg_analytic")


@pytest.mark.parametrize(("name", "file"), FILES)
def test_an_empty_batch_gives_an_empty_answer(name: str, file: str) -> None:
    run = session(name, file)
    feed = {each.name: np.zeros((0, each.shape[1]), np.float32) for each in run.get_inputs()}
    feed["parameters"] = load(name).default[None].astype(np.float32)
    for output, values in zip(run.get_outputs(), run.run(None, feed), strict=True):
        assert np.asarray(values).shape == (0, output.shape[1])


def test_no_rows_may_come_with_no_parameters() -> None:
    feed = {"states": np.zeros((0, 2), np.float32), "parameters": np.zeros((0, 4), np.float32)}
    assert np.asarray(session("brock_mirman", "policy.onnx").run(None, feed)[0]).shape == (0, 1)


def test_vectors_that_do_not_divide_the_rows_are_refused(ramsey: Surrogate) -> None:
    run = session("ramsey", "policy.onnx")
    theta = np.repeat(ramsey.default[None].astype(np.float32), 3, axis=0)
    with pytest.raises(Exception, match="Reshape"):
        run.run(None, {"states": np.full((4, 1), 30.0, np.float32), "parameters": theta})


def test_an_economy_without_shocks_takes_a_column_less_array(ramsey: Surrogate) -> None:
    """The contract stays: `shocks` is [n, 0]."""
    assert ramsey.n_shocks == 0
    shape = next(each.shape for each in session("ramsey", "step.onnx").get_inputs() if each.name == "shocks")
    assert shape[1] == 0
    rest = ramsey.steady_state(ramsey.default)
    after = ramsey.step(rest.states, rest.controls, np.zeros((1, 0)), ramsey.default)
    np.testing.assert_allclose(after.next_states, rest.states, rtol=1e-4)


def test_without_shocks_the_economy_moves_to_its_steady_state(ramsey: Surrogate) -> None:
    rest = ramsey.steady_state(ramsey.default).states
    starts = rest * np.array([[0.7], [1.4]])
    path = ramsey.simulate(ramsey.default, np.zeros((400, 2, 0)), starts).states[:, :, 0]
    assert np.all(np.diff(path[:100, 0]) > 0)
    assert np.all(np.diff(path[:100, 1]) < 0)
    np.testing.assert_allclose(path[-1], rest[0, 0], rtol=1e-3)


def test_groups_of_states_go_by_name(generations: Surrogate) -> None:
    assert generations.state_names[:2] == ("assets[0]", "assets[1]")
    rest = generations.steady_state(generations.default).states
    named = {"assets": rest[:, :5], "productivity": rest[:, 5], "depreciation": rest[:, 6]}
    np.testing.assert_array_equal(
        generations.policy(named, generations.default), generations.policy(rest, generations.default)
    )


def test_the_generations_that_ship_have_their_ergodic_capital(generations: Surrogate) -> None:
    """Standard normal shocks, of which the economy takes the signs."""
    shocks = np.random.default_rng(0).standard_normal((120, 2_000, generations.n_shocks))
    path = generations.simulate(generations.default, shocks)
    capital = path.states[40:, :, :5].sum(-1).astype(float)
    assert capital.mean() == pytest.approx(0.7075, abs=0.002)
    assert capital.std() == pytest.approx(0.0990, abs=0.002)
    assert set(np.unique(path.states[:, :, 5])) == {np.float32(0.95), np.float32(1.05)}
    assert set(np.unique(path.states[:, :, 6].round(6))) == {np.float32(0.5), np.float32(0.9)}
