import sys

import numpy as np
import pytest

from estimation.results import Results
from estimation.sampling.chains import Chains
from estimation.sampling.mode import Mode
from tests.estimation.economies import linear_posterior, linear_priors, simulated_data


@pytest.fixture(scope="module")
def results(linear, linear_economy):
    data = simulated_data(linear_economy)
    posterior = linear_posterior(linear, data)
    theta = posterior.draw_prior(2 * 30 * 8, np.random.default_rng(0)).reshape(2, 30, 8, 2)
    chains = Chains(posterior.names, theta, theta[..., 0], np.full(2, 0.3))
    mode = Mode(posterior.names, theta[0, 0, 0], -100.0, np.zeros(2), np.eye(2))
    return Results(posterior, mode, chains, 10, data, {})


@pytest.mark.parametrize("draw", [Results.trace, Results.prior_posterior])
def test_panels_are_named_after_the_parameters(results, draw):
    assert [axes.get_title(loc="left") for axes in draw(results).axes] == ["sigma", "rho"]


def test_trace_shades_the_burn_in(results):
    (shaded,) = results.trace().axes[0].patches
    assert shaded.get_extents().width == pytest.approx(trace_width(results) * 10 / results.all_chains.steps)


def trace_width(results):
    return results.trace().axes[0].get_window_extent().width


def test_prior_panel_stays_within_the_support(results):
    low, high = results.prior_posterior().axes[1].get_xlim()
    assert low > -0.1
    assert high < 1.05


def test_corner_has_a_panel_for_each_pair(results):
    assert len(results.corner().axes) == 4


def test_one_parameter_needs_no_corner(results, tmp_path):
    one = results.all_chains
    chains = Chains(("sigma",), one.theta[..., :1], one.log_prob, one.acceptance)
    posterior = linear_posterior(
        results.posterior.surrogate, results.data, {"sigma": linear_priors()["sigma"]}
    )
    mode = Mode(("sigma",), np.ones(1), -100.0, np.zeros(1), np.eye(1))
    Results(posterior, mode, chains, 10, results.data, {}).plot(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"trace.png", "prior_posterior.png"}


@pytest.mark.parametrize("package", ["corner", "matplotlib.figure"])
def test_a_missing_package_is_one_clear_message(results, package, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.warns(UserWarning, match=r"pip install 'dsge-surrogate\[plot\]'"):
        results.plot(tmp_path)
