"""Evaluating artifacts: numbers against the closed form, names, batches, and what users get wrong."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

from surrogate import Surrogate, catalogue, load
from surrogate.artifact.card import Variable
from surrogate.artifact.region import Region
from surrogate.errors import BadData, BrokenArtifact, OutsideBox, UnknownName
from surrogate.house.records import columns
from tests.linear_artifact import LinearEconomy, example_economy, write_artifact


def draws(surrogate: Surrogate, n: int, w: int) -> tuple[np.ndarray, ...]:
    """Random states, controls, shocks [n, k] and parameters [w, p]."""
    generator = np.random.default_rng(0)
    sizes = (surrogate.n_states, surrogate.n_controls, surrogate.n_shocks)
    inputs = [generator.normal(size=(n, size)) for size in sizes]
    return *inputs, generator.uniform(surrogate.lower, surrogate.upper, size=(w, surrogate.n_parameters))


def exact_step(economy: LinearEconomy, states: np.ndarray, shocks: np.ndarray, theta: np.ndarray) -> tuple:
    """Next states, controls and observables of rows that share one parameter vector."""
    m = economy.at(theta)
    deviations = (states - m.state_mean) @ m.transition.T + shocks @ m.shock_loading.T
    following = m.state_mean + deviations
    observables = m.observable_mean + following @ m.observation.T + states @ m.lagged_observation.T
    return following, m.control_mean + deviations @ m.control_loading.T, observables


def test_names_and_box_follow_the_card(linear: Surrogate) -> None:
    assert linear.state_names == ("s0", "s1")
    assert linear.parameter_names == ("rho", "sigma", "mean")
    assert (linear.n_states, linear.n_controls, linear.n_shocks, linear.n_observables) == (2, 1, 2, 2)
    np.testing.assert_array_equal(linear.lower, [0.0, 0.1, -2.0])
    np.testing.assert_array_equal(linear.default, [0.8, 1.0, 0.5])


@pytest.mark.parametrize(("n", "w"), [(1, 1), (2, 1), (2, 2), (1000, 1), (1000, 8), (1000, 1000)])
def test_step_and_policy_are_exact_for_each_parameter_vector(
    linear: Surrogate, linear_economy: LinearEconomy, n: int, w: int
) -> None:
    states, controls, shocks, theta = draws(linear, n, w)
    transition = linear.step(states, controls, shocks, theta)
    chosen = linear.policy(transition.next_states, theta)
    for j in range(w):
        served = slice(j * n // w, (j + 1) * n // w)
        expected = exact_step(linear_economy, states[served], shocks[served], theta[j])
        for result, answer in zip(transition, expected, strict=True):
            np.testing.assert_allclose(result[served], answer, atol=1e-5)
        np.testing.assert_allclose(chosen[served], expected[1], atol=1e-5)


def test_results_have_the_dtype_of_the_card(linear: Surrogate, tmp_path) -> None:
    double = load(write_artifact(example_economy(dtype="float64"), tmp_path))
    states, _, _, theta = draws(linear, 3, 1)
    assert linear.policy(states, theta).dtype == np.float32
    assert double.policy(states, theta).dtype == np.float64
    m = example_economy().at(theta[0])
    exact = m.control_mean + (states - m.state_mean) @ m.control_loading.T
    np.testing.assert_allclose(double.policy(states, theta), exact, rtol=1e-14)


def test_names_and_arrays_agree(linear: Surrogate) -> None:
    by_name = linear.step({"s1": 0.1, "s0": [0.2, 0.3]}, {"x0": 2.0}, {"e1": 1.0, "e0": 0.5}, {"sigma": 2.0})
    by_position = linear.step([[0.2, 0.1], [0.3, 0.1]], [2.0], [0.5, 1.0], [0.8, 2.0, 0.5])
    np.testing.assert_array_equal(by_name.next_states, by_position.next_states)
    np.testing.assert_array_equal(by_name.next_observables, by_position.next_observables)


def test_one_state_serves_several_parameter_vectors(linear: Surrogate, linear_economy: LinearEconomy) -> None:
    theta = linear.parameter_array({"rho": [0.1, 0.5, 0.9]})
    result = linear.step([1.0, 0.0], [2.0], [0.0, 0.0], theta).next_states
    expected = [exact_step(linear_economy, np.array([1.0, 0.0]), np.zeros(2), row)[0] for row in theta]
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_missing_parameters_take_the_default(linear: Surrogate) -> None:
    np.testing.assert_array_equal(linear.parameter_array({"rho": [0.1, 0.2]})[:, 1:], [[1.0, 0.5]] * 2)


def test_unknown_parameter_names_the_close_match(linear: Surrogate) -> None:
    with pytest.raises(UnknownName, match=r"parameter 'sigm'.*Did you mean sigma"):
        linear.parameter_array({"sigm": 1.0})


def test_unknown_and_missing_states_are_named(linear: Surrogate) -> None:
    with pytest.raises(UnknownName, match=r"state 'capital'.*Known: s0, s1"):
        linear.policy({"s0": 0.0, "s1": 0.0, "capital": 1.0}, {})
    with pytest.raises(BadData, match="state s1"):
        linear.policy({"s0": 0.0}, {})


@pytest.mark.parametrize("value", [-2.01, 2.01])
def test_outside_the_box_names_parameter_value_and_range(linear: Surrogate, value: float) -> None:
    with pytest.raises(OutsideBox, match=rf"mean = {value} is outside \[-2, 2\]"):
        linear.policy([0.0, 0.0], {"mean": value})
    np.testing.assert_array_equal(linear.inside({"mean": [value, 0.0, 2.0]}), [False, True, True])


def test_outside_the_certified_region_is_refused(tmp_path) -> None:
    region = Region(
        description="Unstable beyond.",
        transforms=("identity",) * 3,
        center=(0.5, 1.0, 0.0),
        scale=(1.0,) * 3,
        constant=-0.1,
        linear=(1.0, 0.0, 0.0),
        quadratic=((0.0,) * 3,) * 3,
    )
    economy = load(write_artifact(example_economy(region=region.to_dict()), tmp_path))
    np.testing.assert_array_equal(economy.inside({"rho": [0.59, 0.61]}), [True, False])
    with pytest.raises(OutsideBox, match=r"rho = 0\.61.*certified region\. Unstable beyond\."):
        economy.policy([0.0, 0.0], {"rho": 0.61})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(linear: Surrogate, bad: float) -> None:
    with pytest.raises(BadData, match=r"parameters: rho in row 0"):
        linear.policy([0.0, 0.0], {"rho": bad})
    with pytest.raises(BadData, match="states: s1 in row 1"):
        linear.policy([[0.0, 0.0], [0.0, bad]], {})


@pytest.mark.parametrize(
    ("states", "parameters"),
    [
        ([[0.0, 0.0, 0.0]], {}),
        (np.zeros((0, 2)), {}),
        (np.zeros((2, 2, 2)), {}),
        (["a", "b"], {}),
        ([0.0, 0.0], [0.8, 1.0]),
        (np.zeros((3, 2)), {"rho": [0.1, 0.2]}),
        ([0.0, 0.0], {"rho": [0.1, 0.2], "sigma": [1.0, 1.0, 1.0]}),
    ],
)
def test_wrong_shapes_and_words_are_refused(linear: Surrogate, states, parameters) -> None:
    with pytest.raises(BadData):
        linear.policy(states, parameters)


def test_unequal_numbers_of_rows_are_refused(linear: Surrogate) -> None:
    with pytest.raises(BadData, match="4 rows and another 2"):
        linear.step(np.zeros((4, 2)), np.zeros((2, 1)), np.zeros((4, 2)), {})


def test_steady_state_rests(linear: Surrogate) -> None:
    theta = linear.parameter_array({"rho": [0.1, 0.9]})
    rest = linear.steady_state(theta)
    still = linear.step(*rest, np.zeros((2, 2)), theta)
    np.testing.assert_allclose(still.next_states, rest.states, atol=1e-6)
    np.testing.assert_allclose(still.next_controls, rest.controls, atol=1e-6)


def test_simulation_follows_step_from_the_steady_state(linear: Surrogate) -> None:
    shocks = np.random.default_rng(1).normal(size=(5, 4, 2))
    theta = linear.parameter_array({"rho": [0.1, 0.9]})
    path = linear.simulate(theta, shocks)
    assert path.observables.shape == (5, 4, 2)
    first = linear.step(np.repeat(linear.steady_state(theta).states, 2, axis=0), [2.0], shocks[0], theta)
    np.testing.assert_allclose(path.observables[0], first.next_observables, atol=1e-6)
    last = linear.step(path.states[3], path.controls[3], shocks[4], theta)
    np.testing.assert_array_equal(path.states[4], last.next_states)


def test_simulation_starts_where_told(linear: Surrogate) -> None:
    path = linear.simulate({}, np.zeros((1, 2)), initial={"s0": 1.3, "s1": 0.0})
    np.testing.assert_allclose(path.states[0, 0], [1.1, 0.0], atol=1e-6)


def test_simulation_without_steady_state_asks_for_initial_states(linear_economy, tmp_path) -> None:
    folder = write_artifact(linear_economy, tmp_path)
    (folder / "steady_state.onnx").unlink()
    economy = load(folder)
    with pytest.raises(BrokenArtifact, match="give the initial states"):
        economy.simulate({}, np.zeros((3, 2)))
    assert economy.simulate({}, np.zeros((3, 2)), initial=[0.3, 0.0]).states.shape == (3, 1, 2)


def test_simulation_refuses_shocks_of_the_wrong_shape(linear: Surrogate) -> None:
    with pytest.raises(BadData, match=r"shape \[T, n, 2\]"):
        linear.simulate({}, np.zeros((3, 4)))


def test_pickle_reloads_from_the_folder(linear: Surrogate) -> None:
    again = pickle.loads(pickle.dumps(linear))
    assert again.folder == linear.folder
    np.testing.assert_array_equal(again.policy([1.0, 2.0], {}), linear.policy([1.0, 2.0], {}))


def test_a_vector_group_goes_by_its_name() -> None:
    names = ("capital", "assets[0]", "assets[1]")
    by_group = columns({"capital": 1.0, "assets": [[2.0, 3.0], [4.0, 5.0]]}, names, "state")
    np.testing.assert_array_equal(by_group, [[1.0, 2.0, 3.0], [1.0, 4.0, 5.0]])
    np.testing.assert_array_equal(
        columns(dict(zip(names, range(3), strict=True)), names, "state"), [[0, 1, 2]]
    )
    with pytest.raises(BadData, match="assets is a vector of 2 entries"):
        columns({"capital": 1.0, "assets": [1.0, 2.0, 3.0]}, names, "state")
    assert Variable("assets", size=2).size == 2


def test_load_knows_files_folders_and_names(linear_folder) -> None:
    assert load(linear_folder / "step.onnx").folder == linear_folder
    with pytest.raises(UnknownName, match="surrogate 'nowhere'"):
        load("nowhere")
    with pytest.raises(BrokenArtifact, match="no folder"):
        load("no/where")


@pytest.mark.parametrize("name", catalogue.available())
def test_every_shipped_surrogate_rests_at_its_steady_state(name: str) -> None:
    """Without shocks; where each is either high or low, on average. The levels between which `olg` rests are
    no states of its chain, which goes to the nearest.
    """
    economy = load(name)
    rest = economy.steady_state({})
    outcomes = [0.0] if name != "olg_analytic" else [-1.0, 1.0]
    shocks = np.array(list(itertools.product(outcomes, repeat=economy.n_shocks)))
    still = economy.step(*rest, shocks, {})
    assert np.isfinite(still.next_observables).all()
    next_states = still.next_states.mean(axis=0, keepdims=True)
    # a distribution of about the right shape, and savers without what risk adds to their wealth
    near = {"krusell_smith_continuous": 2e-3, "olg": 2e-2}.get(name, 1e-3)
    still_there = slice(-2) if name == "olg" else slice(None)
    np.testing.assert_allclose(next_states[:, still_there], rest.states[:, still_there], rtol=1e-3, atol=near)


@pytest.mark.parametrize("shocks", [np.zeros((0, 2)), np.zeros((3, 0, 2)), [["a", "b"]], [[1.0, 2.0], [3.0]]])
def test_a_simulation_needs_periods_and_numbers(linear, shocks):
    with pytest.raises(BadData, match="shocks"):
        linear.simulate({}, shocks)


def test_labels_decide_in_tables_series_and_named_arrays(linear: Surrogate) -> None:
    states = pd.DataFrame({"s1": [0.1, 0.2], "s0": [0.3, 0.4]})
    theta = pd.Series({"mean": 0.1, "rho": 0.5})
    named = np.array([(0.1, 0.5)], dtype=[("mean", float), ("rho", float)])
    expected = linear.policy([[0.3, 0.1], [0.4, 0.2]], [0.5, 1.0, 0.1])
    for parameters in (theta, theta.to_frame().T, named):
        np.testing.assert_array_equal(linear.policy(states, parameters), expected)
    shocks = np.random.default_rng(0).standard_normal((5, 2))
    by_label = linear.simulate(theta, pd.DataFrame(shocks[:, ::-1], columns=["e1", "e0"]))
    np.testing.assert_array_equal(by_label.states, linear.simulate(theta, shocks).states)


def test_missing_extra_and_repeated_labels_are_refused_by_name(linear: Surrogate) -> None:
    with pytest.raises(UnknownName, match="Unknown parameter 'roh'"):
        linear.parameter_array(pd.Series({"roh": 0.5}))
    with pytest.raises(BadData, match="state s1"):
        linear.policy(pd.DataFrame({"s0": [0.1]}), linear.default)
    with pytest.raises(BadData, match="'s0' occurs more than once"):
        linear.policy(pd.DataFrame([[0.1, 0.2]], columns=["s0", "s0"]), linear.default)
