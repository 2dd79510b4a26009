import emcee
import numpy as np
import pytest

from estimation.chains import Chains, effective_sample_size
from estimation.moves import build_moves, weights_of
from surrogate.errors import BadConfiguration, UnknownName

SIZE, WALKERS, STEPS, ENSEMBLES = 5, 20, 600, 4


def chains_of_a_normal(moves, ensembles=ENSEMBLES, steps=STEPS):
    """Independent ensembles [ensembles, steps, walkers, n] on a standard normal, started from it."""
    paths = []
    for seed in range(ensembles):
        start = np.random.default_rng(seed).standard_normal((WALKERS, SIZE))
        state = emcee.State(start, random_state=np.random.RandomState(seed).get_state())
        sampler = emcee.EnsembleSampler(
            WALKERS, SIZE, lambda x: -0.5 * np.sum(x**2, axis=1), moves=build_moves(moves), vectorize=True
        )
        sampler.run_mcmc(state, steps)
        paths.append(sampler.get_chain())
    theta = np.array(paths)
    return Chains(tuple("abcde"), theta, theta[..., 0], np.ones(ensembles))


@pytest.mark.parametrize("moves", ["differential_evolution", "snooker", "stretch", "walk"])
def test_moves_leave_mean_and_variance_of_a_normal_alone(moves):
    chains = chains_of_a_normal(moves)
    squared = Chains(chains.names, chains.theta**2, chains.log_prob, chains.acceptance)
    for values, truth, variance in ((chains, 0.0, 1.0), (squared, 1.0, 2.0)):
        errors = values.theta.mean(axis=(0, 1, 2)) - truth
        scores = errors / np.sqrt(variance / effective_sample_size(values))
        assert np.sum(scores**2) < 20.5  # chi-squared with 5 degrees of freedom: one in a thousand
        assert np.abs(scores.mean()) * np.sqrt(SIZE) < 3.3


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
