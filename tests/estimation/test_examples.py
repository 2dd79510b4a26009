"""Every example reads, fits the surrogate it names, and has a posterior."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation
from estimation.learnt.artifact import estimation_to_learn
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
LONG = ("olg_moments",)
"""Two minutes for the weights of the first step."""
MARKED = [pytest.param(path, marks=pytest.mark.slow if path.stem in LONG else ()) for path in EXAMPLES]


@pytest.mark.filterwarnings("ignore:The surrogate's box cuts priors off")
@pytest.mark.parametrize("path", MARKED, ids=lambda path: path.stem)
def test_example_has_a_posterior_at_the_default_parameters(path):
    estimation = estimation_to_learn(path)  # where a likelihood is still to be learnt, that of its filter
    posterior = estimation.posterior
    values = dict(zip(estimation.surrogate.parameter_names, estimation.surrogate.default, strict=True))
    theta = posterior.theta_array({name: values[name] for name in posterior.names})
    draws = posterior.draw_prior(3, np.random.default_rng(0))
    assert np.isfinite(posterior.log_prob(np.vstack([theta, draws]))).all()
    assert estimation.data.notna().all(axis=None)
    told = tomllib.loads(path.read_text(encoding="utf-8"))["data"]
    if "start" in told:
        quarters = pd.period_range(told["start"], told["end"], freq="Q")
        assert len(estimation.data) == len(quarters)


@pytest.mark.filterwarnings("ignore:The surrogate's box cuts priors off")
@pytest.mark.parametrize(("theta", "log_likelihood"), [(THETA_M, -306.2), (THETA_L, -313.9)])
def test_nonlinear_likelihood_is_near_that_of_the_linearised_economy(theta, log_likelihood):
    (example,) = (path for path in EXAMPLES if path.stem == "herbst_schorfheide")
    estimation = Estimation.from_toml(example)
    assert estimation.posterior.log_likelihood(theta)[0] == pytest.approx(log_likelihood, abs=4.0)
