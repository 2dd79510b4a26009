"""The batched Kalman filter against the one written apart, against statsmodels and against closed forms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike
from statsmodels.tsa.statespace.mlemodel import MLEModel

from estimation.filters import KalmanFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration, BadData, StochasticSingularity, UnknownName
from surrogate.reference.an_schorfheide_linear import LinearStateSpace, log_likelihood
from tests import economies_in_closed_form
from tests.gaussian_economies import ExponentialEconomy, linear_state_space
from tests.linear_artifact import example_economy, write_artifact

SD = np.array([0.4, 0.5])
ECONOMY = example_economy("float64")


@pytest.fixture(scope="module")
def precise(tmp_path_factory) -> Surrogate:
    """The linear economy in double precision."""
    return Surrogate(write_artifact(ECONOMY, tmp_path_factory.mktemp("artifacts") / "precise"))


@pytest.fixture(scope="module")
def kalman(precise) -> KalmanFilter:
    return KalmanFilter(StateSpace(precise, precise.observable_names, SD))


@pytest.fixture(scope="module")
def vectors(precise) -> np.ndarray:
    """Six vectors over the box, [6, 3]."""
    return np.random.default_rng(2).uniform(precise.lower, precise.upper, (6, 3))


@pytest.fixture(scope="module")
def data(precise) -> np.ndarray:
    """Sixty periods; single observations and whole periods are missing."""
    _, sample = linear_state_space(ECONOMY, precise.default, SD).simulate(60, np.random.default_rng(5))
    sample[3, 1] = sample[20, 0] = np.nan
    sample[30:33] = np.nan
    return sample


def exact(vectors: np.ndarray, data: np.ndarray, sd: np.ndarray) -> list[float]:
    return [log_likelihood(linear_state_space(ECONOMY, vector, sd), data) for vector in vectors]


def test_agrees_with_the_filter_written_apart(kalman, vectors, data):
    assert kalman.log_likelihood(vectors, data) == pytest.approx(exact(vectors, data, SD), abs=1e-6)


def test_agrees_with_statsmodels(kalman, vectors, data):
    found = kalman.log_likelihood(vectors[:2], data)
    assert found == pytest.approx([statsmodels_value(vector, data) for vector in vectors[:2]], abs=1e-6)


def statsmodels_value(vector: np.ndarray, data: np.ndarray, sd: ArrayLike = SD) -> float:
    return statsmodels_log_likelihood(linear_state_space(ECONOMY, vector, np.asarray(sd, float)), data)


def statsmodels_log_likelihood(model: LinearStateSpace, data: np.ndarray) -> float:
    """In statsmodels' form the state is (s, s_lagged, e): observations then load on it alone."""
    n_states, n_shocks = model.shock_impact.shape
    zero = np.zeros((n_states, n_shocks))
    transition = np.block(
        [
            [model.transition, np.zeros((n_states, n_states)), zero],
            [np.eye(n_states), np.zeros((n_states, n_states)), zero],
            [np.zeros((n_shocks, 2 * n_states + n_shocks))],
        ]
    )
    selection = np.vstack([model.shock_impact, np.zeros((n_states, n_shocks)), np.eye(n_shocks)])
    peer = MLEModel(data, k_states=len(transition), k_posdef=n_shocks, initialization="stationary")
    peer["transition"], peer["selection"], peer["state_cov"] = transition, selection, np.eye(n_shocks)
    n_observables = len(model.observation_constant)
    loadings = [np.zeros((n_observables, n_states)), model.observation_state, model.observation_shock]
    peer["design"] = np.hstack(loadings)
    peer["obs_intercept"] = model.observation_constant[:, None]
    peer["obs_cov"] = model.measurement_covariance
    return peer.ssm.loglike()


@pytest.mark.parametrize("sd", [[0.4, 0.0], [0.0, 0.5]])
def test_an_error_on_one_of_two_series_agrees_with_statsmodels(precise, vectors, data, sd):
    found = KalmanFilter(StateSpace(precise, precise.observable_names, sd)).log_likelihood(vectors[:2], data)
    expected = [statsmodels_value(vector, data, sd) for vector in vectors[:2]]
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def one_shock(tmp_path_factory) -> tuple[KalmanFilter, LinearStateSpace, np.ndarray]:
    """Two series and one shock: the filter, the economy and a complete sample of forty quarters."""
    economy = replace(ECONOMY, shock_loading=ECONOMY.shock_loading[:, :, :1])
    surrogate = Surrogate(write_artifact(economy, tmp_path_factory.mktemp("artifacts") / "one_shock"))
    model = linear_state_space(economy, surrogate.default, np.zeros(2))
    _, complete = model.simulate(40, np.random.default_rng(8))
    return KalmanFilter(StateSpace(surrogate, surrogate.observable_names)), model, complete


def test_series_never_seen_in_the_same_quarter_need_one_shock_only(one_shock):
    kalman, model, data = one_shock
    alternating = data.copy()
    alternating[::2, 0] = alternating[1::2, 1] = np.nan
    default = kalman.state_space.surrogate.default
    kalman.require_regular(default, alternating)
    found = kalman.log_likelihood(default, alternating)
    assert found == pytest.approx([statsmodels_log_likelihood(model, alternating)], abs=1e-6)


def test_what_a_quarter_determines_has_no_likelihood_and_is_named(one_shock):
    kalman, _, data = one_shock
    default = kalman.state_space.surrogate.default
    assert kalman.log_likelihood(default, data).tolist() == [-np.inf]
    with pytest.raises(StochasticSingularity, match="measurement errors"):
        kalman.require_regular(default, data)


def test_vectors_without_likelihood_leave_the_others_theirs(one_shock):
    """No error at all, one that no normal has, and one that is no number, beside one that does."""
    kalman, model, data = one_shock
    default = kalman.state_space.surrogate.default
    sds = [[0.0, 0.0], [0.3, 0.0], [-0.1, 0.2], [0.2, np.nan]]
    found = kalman.log_likelihood(np.tile(default, (4, 1)), data, sds)
    alone = replace(model, measurement_covariance=np.diag(np.square(sds[1])))
    assert found[[0, 2, 3]].tolist() == [-np.inf] * 3
    assert found[1] == pytest.approx(statsmodels_log_likelihood(alone, data), abs=1e-6)
    paths = kalman.smoothed_paths(np.tile(default, (4, 1)), data, np.random.default_rng(0), 2, sds)
    assert np.isfinite(paths.states).all(axis=(0, 2, 3)).tolist() == [False, True, False, False]
    np.testing.assert_allclose(paths.observables[:, 1, :, 1], np.tile(data[:, 1:], 2), atol=1e-6)


def test_labels_decide_about_columns(kalman, precise, vectors, data):
    expected = kalman.log_likelihood(vectors, data)
    frame = pd.DataFrame(data, columns=["y0", "y1"])[["y1", "y0"]]
    theta = pd.DataFrame(vectors, columns=list(precise.parameter_names))[["mean", "rho", "sigma"]]
    sd = pd.Series({"y1": SD[1], "y0": SD[0]})
    assert kalman.log_likelihood(theta, frame, sd) == pytest.approx(expected, abs=1e-12)
    with pytest.raises(UnknownName, match="observable 'y2'"):
        kalman.log_likelihood(vectors, frame.set_axis(["y2", "y0"], axis=1))
    with pytest.raises(BadData, match="measurement sd y1"):
        kalman.log_likelihood(vectors, data, {"y0": 0.1})


def test_measurement_errors_may_differ_between_vectors_and_be_absent(precise, vectors, data):
    space = StateSpace(precise, precise.observable_names)
    none = KalmanFilter(space).log_likelihood(vectors, data)
    assert none == pytest.approx(exact(vectors, data, np.zeros(2)), abs=1e-6)
    sds = np.array([[0.1, 0.2], [0.0, 0.3]])
    found = KalmanFilter(space).log_likelihood(vectors[:2], data, sds)
    each = [exact(vectors[i : i + 1], data, sds[i])[0] for i in range(2)]
    assert found == pytest.approx(each, abs=1e-6)


def test_all_missing_period_adds_zero(kalman, vectors, data):
    empty = np.full((7, 2), np.nan)
    assert kalman.log_likelihood(vectors, empty).tolist() == [0.0] * len(vectors)
    with_gap = kalman.log_likelihood(vectors, np.concatenate([data, empty]))
    assert with_gap == pytest.approx(kalman.log_likelihood(vectors, data), abs=1e-12)


def test_a_long_sample_that_settles_is_filtered_like_a_short_one(kalman, precise):
    _, data = linear_state_space(ECONOMY, precise.default, SD).simulate(400, np.random.default_rng(1))
    found = kalman.log_likelihood(precise.default, data)
    assert found == pytest.approx(exact(precise.default[None], data, SD), abs=1e-6)


def test_one_vector_gives_what_it_gives_among_others(kalman, vectors, data):
    alone = [kalman.log_likelihood(vector, data)[0] for vector in vectors]
    assert kalman.log_likelihood(vectors, data) == pytest.approx(alone, abs=1e-9)


def test_outside_the_box_is_minus_infinity(kalman, precise, data):
    values = kalman.log_likelihood(np.array([precise.default, precise.upper + 1]), data)
    assert np.isfinite(values[0])
    assert values[1] == -np.inf
    assert kalman.log_likelihood(precise.upper + 1, data).tolist() == [-np.inf]
    paths = kalman.smoothed_paths(precise.upper + 1, data, np.random.default_rng(0))
    assert np.isnan(paths.states).all()


def test_an_economy_without_long_run_is_minus_infinity(tmp_path, data):
    economy = example_economy("float64")
    economy.transition[0, 0, 0] = 0.5
    surrogate = Surrogate(write_artifact(economy, tmp_path / "explosive"))
    filter_ = KalmanFilter(StateSpace(surrogate, surrogate.observable_names, SD))
    values = filter_.log_likelihood([[0.4, 1.0, 0.5], [0.9, 1.0, 0.5]], data)
    assert np.isfinite(values[0])
    assert values[1] == -np.inf


def test_negligible_errors_do_not_make_up_for_missing_shocks():
    space = StateSpace(load("nk_linear"), ("output_gap", "inflation"))
    sample = np.random.default_rng(0).standard_normal((5, 2))
    with pytest.raises(StochasticSingularity, match="negligible"):
        KalmanFilter(space).require_regular(space.surrogate.default, sample, [1e-7, 1e-7])


def test_bad_input_is_an_error(kalman, precise):
    with pytest.raises(BadData, match="infinite"):
        kalman.log_likelihood(precise.default, [[np.inf, 0.0]])
    with pytest.raises(BadConfiguration, match="positive"):
        kalman.log_likelihood(precise.default, [[0.0, 0.0]], [-1.0, 1.0])
    with pytest.raises(BadConfiguration, match="one number"):
        kalman.log_likelihood(precise.default, [[0.0, 0.0]], [1.0, 1.0, 1.0])


def test_an_economy_linear_in_logs_is_exact_though_its_state_is_a_level(exponential):
    sigma, sd = 0.15, 0.1
    model = ExponentialEconomy().state_space(sigma, sd)
    _, data = model.simulate(80, np.random.default_rng(3))
    found = KalmanFilter(StateSpace(exponential, ("y",), [sd])).log_likelihood([sigma], data)
    assert found == pytest.approx([log_likelihood(model, data)], abs=2e-3)


@pytest.mark.parametrize(
    ("name", "observables"),
    [
        ("brock_mirman", ("log_output", "consumption_growth")),
        ("nk_linear", ("output_gap", "inflation", "interest_rate")),
    ],
)
def test_shipped_linear_economies_have_the_likelihood_of_their_closed_form(name, observables):
    """What is left is the error of the surrogate's own policy, 10^-5."""
    surrogate = load(name)
    make = getattr(economies_in_closed_form, name)
    generator = np.random.default_rng(0)
    spread = 0.1 * (surrogate.upper - surrogate.lower)
    for vector in surrogate.default + spread * generator.uniform(-1, 1, (5, surrogate.n_parameters)):
        vector = np.clip(vector, surrogate.lower, surrogate.upper)
        parameters = dict(zip(surrogate.parameter_names, vector, strict=True))
        _, data = make(parameters, observables, np.full(len(observables), 1e-9)).simulate(100, generator)
        sd = 0.1 * data.std(axis=0)
        data += sd * generator.standard_normal(data.shape)
        found = KalmanFilter(StateSpace(surrogate, observables, sd)).log_likelihood(vector, data)
        assert found == pytest.approx([log_likelihood(make(parameters, observables, sd), data)], abs=0.01)
