"""The parts of the estimations of heterogeneous households that take no minutes."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks import hank_estimation
from benchmarks.hank_estimation import (
    CASES,
    PERIODS,
    PUBLISHED,
    SAMPLER,
    _moments,
    particles_of,
    priors,
    write_sample,
)
from benchmarks.sample_configuration import configuration
from estimation import Estimation
from surrogate import load


@pytest.mark.parametrize("name", CASES)
def test_a_sample_is_estimated_with_the_priors_of_the_example_around_the_truth(name: str) -> None:
    case = CASES[name]
    example = tomllib.loads(case.example.read_text(encoding="utf-8"))
    assert example["priors"].keys() == PUBLISHED.keys()
    assert example["model"] == {"surrogate": case.reduced}
    names, sd = ("inflation", "rate"), np.array([0.1, 0.25])
    told = tomllib.loads(configuration(case.reduced, names, sd, 10, SAMPLER, priors(case)))
    economy = load(case.reduced)
    for parameter, value in zip(economy.parameter_names, economy.default.tolist(), strict=True):
        assert told["priors"][parameter] == {**example["priors"][parameter], "mean": value}
    del told["priors"]
    assert told == {
        "model": {"surrogate": case.reduced},
        "data": {"file": "data.csv", "columns": {"inflation": "inflation", "rate": "rate"}},
        "measurement_error": {"sd": {"inflation": 0.1, "rate": 0.25}},
        "likelihood": {"method": "twisted", "particles": 10},
        "sampler": SAMPLER,
    }


def test_only_where_the_surrogate_is_certified_are_there_moments_at_the_published_median() -> None:
    assert load("hank_reduced").inside(PUBLISHED).all()
    assert not load("hank_zlb_reduced").inside(PUBLISHED).any()


@pytest.mark.filterwarnings("ignore:The surrogate's box cuts priors off")
def test_a_sample_is_written_as_the_example_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column for each observable of the example, with its particles; the sample can be estimated."""
    monkeypatch.setattr(hank_estimation, "RESULTS", tmp_path)
    case = CASES["hank_zlb"]
    written = write_sample(case, 3)
    told = tomllib.loads(written.read_text(encoding="utf-8"))
    assert told["likelihood"] == {"method": "twisted", "particles": particles_of(case)}
    estimation = Estimation.from_toml(written)
    assert estimation.data.shape == (PERIODS, 3)
    assert set(estimation.data.columns) == {"output_growth", "inflation", "interest_rate"}


def test_moments_are_those_of_an_autoregression() -> None:
    """Of x = .8 x_-1 + e with sd(e) = .6, sd(x) = 1; 40,000 numbers, so to .03."""
    shocks = np.random.default_rng(0).standard_normal((400, 100, 1))
    path = [shocks[0]]
    for shock in shocks[1:]:
        path.append(0.8 * path[-1] + 0.6 * shock)
    sd, autocorrelation = map(float, _moments(np.stack(path)))
    assert abs(sd - 1) < 0.05
    assert abs(autocorrelation - 0.8) < 0.03
