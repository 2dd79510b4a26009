"""The batched Kalman filter against the one written apart, against statsmodels and against closed forms."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from estimation.filters import KalmanFilter
from estimation.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration, BadData, StochasticSingularity
from surrogate.reference.kalman import log_likelihood
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


def statsmodels_value(vector: np.ndarray, data: np.ndarray) -> float:
    """In statsmodels' form the state is (s, s_lagged, e): observations then load on it alone."""
    model = linear_state_space(ECONOMY, vector, SD)
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
    peer["design"] = np.hstack([np.zeros((2, n_states)), model.observation_state, model.observation_shock])
    peer["obs_intercept"] = model.observation_constant[:, None]
    peer["obs_cov"] = model.measurement_covariance
    return peer.ssm.loglike()


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


def test_stochastic_singularity_raises():
    space = StateSpace(load("nk_linear"), ("output_gap", "inflation"))
    sample = np.random.default_rng(0).standard_normal((5, 2))
    with pytest.raises(StochasticSingularity, match="measurement errors"):
        KalmanFilter(space).log_likelihood(space.surrogate.default, sample)
    with pytest.raises(StochasticSingularity, match="negligible"):
        KalmanFilter(space).log_likelihood(space.surrogate.default, sample, [1e-7, 1e-7])


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
