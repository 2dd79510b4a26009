import emcee
import numpy as np
import pytest

from estimation.sampling.chains import Chains, bulk_sample_size, tail_sample_size
from estimation.sampling.ensemble import build_moves, weights_of
from surrogate.errors import BadConfiguration, UnknownName

SIZE, WALKERS, STEPS, ENSEMBLES = 5, 20, 600, 4


def chains_of_a_normal(moves, size=SIZE, walkers=WALKERS, ensembles=ENSEMBLES, steps=STEPS):
    """Independent ensembles on a standard normal, started from it."""
    paths = []
    for seed in range(ensembles):
        start = np.random.default_rng(seed).standard_normal((walkers, size))
        state = emcee.State(start, random_state=np.random.RandomState(seed).get_state())
        sampler = emcee.EnsembleSampler(
            walkers, size, lambda x: -0.5 * np.sum(x**2, axis=1), moves=build_moves(moves), vectorize=True
        )
        sampler.run_mcmc(state, steps)
        paths.append(sampler.get_chain())
    theta = np.array(paths)
    return Chains(tuple("abcde")[:size], theta, theta[..., 0], np.ones(ensembles))


@pytest.mark.parametrize("moves", ["differential_evolution", "snooker", "stretch", "walk"])
def test_moves_leave_mean_and_variance_of_a_normal_alone(moves):
    chains = chains_of_a_normal(moves)
    squared = Chains(chains.names, chains.theta**2, chains.log_prob, chains.acceptance)
    for values, truth, variance in ((chains, 0.0, 1.0), (squared, 1.0, 2.0)):
        errors = values.theta.mean(axis=(0, 1, 2)) - truth
        scores = errors / np.sqrt(variance / bulk_sample_size(values))
        # chi-squared with 5 degrees of freedom: one in a million; over twelve seeds of each move at most 17,
        # and the mean at most 3.8, because effective sample sizes are estimates
        assert np.sum(scores**2) < 36
        assert np.abs(scores.mean()) * np.sqrt(SIZE) < 6


@pytest.mark.slow
@pytest.mark.parametrize("moves", ["differential_evolution", "stretch"])
def test_effective_sample_sizes_predict_the_error_of_repeated_runs(moves):
    chains = chains_of_a_normal(moves, size=2, walkers=8, ensembles=120, steps=300)
    runs = [
        Chains(chains.names, theta, theta[..., 0], np.ones(2))
        for theta in np.split(chains.theta, len(chains.theta) // 2)
    ]
    tails = np.array([np.mean(run.theta < -1.6449, axis=(0, 1, 2)) for run in runs])
    means = np.array([run.theta.mean(axis=(0, 1, 2)) for run in runs])
    bulk = 1.0 / np.mean(means**2)
    tail = 0.05 * 0.95 / np.mean((tails - 0.05) ** 2)
    # 120 squares know their mean within an eighth; the limit is three times that
    assert np.mean([bulk_sample_size(run) for run in runs]) == pytest.approx(bulk, rel=0.4)
    assert np.mean([tail_sample_size(run) for run in runs]) == pytest.approx(tail, rel=0.4)


def test_a_name_or_weights_choose_the_moves():
    assert weights_of("stretch") == {"stretch": 1.0}
    assert weights_of("differential_evolution") == {"differential_evolution": 0.8, "snooker": 0.2}
    assert weights_of({"walk": 3, "stretch": 1.0}) == {"walk": 0.75, "stretch": 0.25}


@pytest.mark.parametrize(
    ("moves", "error", "words"),
    [
        ("strech", UnknownName, "Did you mean stretch?"),
        ({"walks": 1.0}, UnknownName, "Did you mean walk?"),
        ({"walk": 0}, BadConfiguration, "positive number, not 0"),
        ({"walk": "1"}, BadConfiguration, "positive number, not '1'"),
        ({}, BadConfiguration, "must be a name"),
        (["walk"], BadConfiguration, "must be a name"),
    ],
)
def test_wrong_moves_are_one_clear_error(moves, error, words):
    with pytest.raises(error, match=words):
        weights_of(moves)
