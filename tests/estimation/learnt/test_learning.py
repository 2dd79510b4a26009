"""Learning against the exact Kalman filter, and what happens when it is interrupted."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from estimation.filters import BootstrapFilter
from estimation.learnt import LearntGraph, LearntLikelihood
from estimation.learnt import learning as learning_module
from estimation.learnt.artifact import NOISY, learn, warn_of
from estimation.results import Results
from estimation.sampling.chains import Chains
from estimation.sampling.mode import Mode
from estimation.sampling.posterior import Posterior
from surrogate.errors import BadConfiguration, BrokenArtifact, Changed
from tests.estimation.economies import linear_posterior, simulated_data
from tests.estimation.learnt.conftest import CALLS, IDENTITY, PARTICLES


def test_learnt_likelihood_is_the_exact_one_near_the_peak_and_a_call_of_the_filter_is_not(learnt, near):
    """Over twelve seeds the mean error is -.02 (sd .08) and its sd .23 (sd .05): bounds are five standard
    deviations away, and far below the -.85 and 1.36 of a call.
    """
    theta, exact = near
    call = learnt.posterior.log_likelihood(theta, np.random.default_rng(1))
    error = LearntGraph(learnt.folder).log_likelihood(theta) - exact
    assert len(theta) > 100
    assert abs(error.mean()) < 0.4
    assert error.std() < 0.5
    assert np.std(call - exact) > 1.0
    assert np.mean(call - exact) < -0.5


def test_card_says_how_noisy_the_filter_is_and_how_large_the_error(learnt, near):
    """Over twelve seeds the card's noise is 1.12 times (sd .04) what repeated calls show, and the sd of the
    error without noise .16 (sd .18).
    """
    theta, _ = near
    calls = [learnt.posterior.log_likelihood(theta[::5], np.random.default_rng(seed)) for seed in range(16)]
    noise = np.median(np.std(calls, axis=0, ddof=1))
    assert learnt.card.noise_sd["p50"] == pytest.approx(noise, rel=0.35)
    found = learnt.card.held_out["within_10"]
    assert found["points"] > 200
    assert abs(found["mean"]) < 3 * found["sd"] / np.sqrt(found["points"]) + 0.05
    assert found["sd_without_noise"] < 0.7
    assert found["sd"] > 0.8
    assert learnt.card.calls <= CALLS
    assert json.loads((learnt.folder / "card.json").read_text()) == json.loads(learnt.card.to_json())


def test_a_filter_that_is_too_noisy_to_learn_from_is_warned_of(linear, linear_economy, tmp_path):
    data = simulated_data(linear_economy)
    poor = linear_posterior(linear, data, particles=12, filter_class=BootstrapFilter, fixed={"mean": 0.3})
    with pytest.warns(UserWarning, match="use more particles or the twisted filter"):
        card = learn(poor, {"method": "bootstrap"}, IDENTITY, tmp_path / "likelihood", calls=600)
    assert card.noise_sd["p50"] > NOISY


def test_walkers_set_out_from_the_likeliest_points_however_few_and_poor_they_are():
    spread = learning_module._spread(np.array([-9000.0, -np.inf, -400.0, -3000.0]), walkers=130)
    np.testing.assert_allclose(spread, [1 / 3, 0, 1 / 3, 1 / 3])
    spread = learning_module._spread(np.array([-9000.0, -10.0, -12.0, -10.5]), walkers=2)
    np.testing.assert_allclose(spread[[0, 1, 3]], [0, *2 * [1 / (2 + np.exp(-1.5))]])
    with pytest.raises(BadConfiguration, match="more calls are needed"):
        learning_module._spread(np.array([-np.inf, np.nan]), walkers=2)


def test_too_few_points_near_the_peak_are_warned_of(learnt):
    few = {**learnt.card.held_out, "within_10": {**learnt.card.held_out["within_10"], "points": 19}}
    with pytest.warns(UserWarning, match="Only 19 of .* points .* 2 parameters: use more calls"):
        warn_of(replace(learnt.card, held_out=few))


def test_where_nothing_was_learnt_the_likelihood_is_next_to_zero(learnt):
    graph = LearntGraph(learnt.folder)
    lower, upper = (np.array([item[end] for item in learnt.card.parameters]) for end in ("lower", "upper"))
    assert graph.log_likelihood((upper + 0.1)[None])[0] == -np.inf
    assert graph.log_likelihood((lower - 0.1)[None])[0] == -np.inf
    worst = lower[None]
    assert learnt.exact(worst)[0] < learnt.card.peak - learnt.card.region["depth"]
    assert graph.log_likelihood(worst)[0] <= learnt.card.peak - learnt.card.region["depth"]


class Interruption(Exception):
    """Stands for Ctrl-C in the middle of a run."""


def interrupted_after(calls):
    """A map that breaks off after so many calls of the filter."""
    left = [calls]

    def run(function, items):
        if function is learning_module.filter_block:
            left[0] -= 1
            if left[0] < 0:
                raise Interruption
        return [function(item) for item in items]

    return run


def test_an_interrupted_run_that_goes_on_gives_the_same_file(learnt, tmp_path):
    folder = tmp_path / "again"
    with pytest.raises(Interruption):
        learn(
            learnt.posterior,
            {"method": "guided"},
            IDENTITY,
            folder,
            calls=CALLS,
            parallel_map=interrupted_after(4),
        )
    done = int(
        np.sum(np.isfinite(pd.read_csv(folder / "design.csv", comment="#")["log_likelihood_1"].to_numpy()))
    )
    assert 0 < done < learnt.card.points
    assert not (folder / "likelihood.onnx").exists()
    with pytest.raises(BadConfiguration, match="--resume"):
        learn(learnt.posterior, {"method": "guided"}, IDENTITY, folder, calls=CALLS)
    learn(learnt.posterior, {"method": "guided"}, IDENTITY, folder, calls=CALLS, resume=True)
    for name in ("likelihood.onnx", "design.csv", "card.json"):
        assert (folder / name).read_bytes() == (learnt.folder / name).read_bytes()


def test_resuming_refuses_other_data_and_other_calls(learnt):
    for identity, calls in (({**IDENTITY, "data": "other"}, CALLS), (IDENTITY, CALLS + 100)):
        with pytest.raises(Changed, match=r"data|calls"):
            learn(learnt.posterior, {}, identity, learnt.folder, calls=calls, resume=True)


def test_damaged_design_points_are_an_error(learnt, tmp_path):
    (tmp_path / "design.csv").write_text("round,calls\n0,one\n")
    with pytest.raises(BrokenArtifact, match="delete it"):
        learn(learnt.posterior, {}, IDENTITY, tmp_path, calls=CALLS, resume=True)


def test_a_changed_digit_of_a_design_point_is_an_error(learnt, tmp_path):
    lines = (learnt.folder / "design.csv").read_text().split("\n")
    place = lines[5].rindex(".") + 3
    lines[5] = lines[5][:place] + str((int(lines[5][place]) + 1) % 10) + lines[5][place + 1 :]
    (tmp_path / "design.csv").write_text("\n".join(lines))
    with pytest.raises(BrokenArtifact, match=r"damaged.* delete it"):
        learn(learnt.posterior, {}, IDENTITY, tmp_path, calls=CALLS, resume=True)


def test_too_few_calls_are_an_error(learnt, tmp_path):
    with pytest.raises(BadConfiguration, match="whole number from 400"):
        learn(learnt.posterior, {}, IDENTITY, tmp_path / "few", calls=PARTICLES)


def results_around(learnt, centre, spread):
    """Results whose draws lie around ``centre``."""
    given, theta = learnt.posterior, np.tile(centre, (2, 50, 8, 1))
    theta += spread * np.random.default_rng(0).normal(size=theta.shape)
    names = given.surrogate.parameter_names
    likelihood = LearntLikelihood(LearntGraph(learnt.folder), names, ("y0", "y1"), given.likelihood)
    posterior = Posterior(given.surrogate, likelihood, given.priors, {"mean": 0.3}, given.measurement)
    chains = Chains(posterior.names, theta, np.zeros(theta.shape[:3]), np.ones(2))
    mode = Mode(posterior.names, centre, 0.0, centre, np.eye(2))
    return Results(posterior, mode, chains, 0, learnt.data, {})


def test_a_posterior_at_the_edge_of_what_was_learnt_is_named(learnt, near):
    theta, exact = near
    peak = theta[exact.argmax()]
    inside = results_around(learnt, peak, 0.01)
    assert inside.posterior.likelihood.warnings(inside) == []
    outside = results_around(learnt, peak * np.array([0.3, 1.0]), 0.01)
    (warning,) = outside.posterior.likelihood.warnings(outside)
    assert "Learn again" in warning
