"""The parts of the estimations of heterogeneous households that take no minutes."""

import tomllib

import numpy as np

from benchmarks.hank_estimation import EXAMPLE, PUBLISHED, SAMPLER, _moments, priors
from benchmarks.sample_configuration import configuration


def test_a_sample_is_estimated_with_the_priors_of_the_example() -> None:
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    text = configuration("hank_reduced", ("inflation", "rate"), np.array([0.1, 0.25]), 10, SAMPLER, priors())
    assert tomllib.loads(text) == {
        "model": {"surrogate": "hank_reduced"},
        "data": {"file": "data.csv", "columns": {"inflation": "inflation", "rate": "rate"}},
        "measurement_error": {"sd": {"inflation": 0.1, "rate": 0.25}},
        "likelihood": {"method": "twisted", "particles": 10},
        "sampler": SAMPLER,
        "priors": example["priors"],
    }
    assert example["priors"].keys() == PUBLISHED.keys()


def test_moments_are_those_of_an_autoregression() -> None:
    """Of x = .8 x_-1 + e with sd(e) = .6, sd(x) = 1; 40,000 numbers, so to .03."""
    shocks = np.random.default_rng(0).standard_normal((400, 100, 1))
    path = [shocks[0]]
    for shock in shocks[1:]:
        path.append(0.8 * path[-1] + 0.6 * shock)
    sd, autocorrelation = map(float, _moments(np.stack(path)))
    assert abs(sd - 1) < 0.05
    assert abs(autocorrelation - 0.8) < 0.03
