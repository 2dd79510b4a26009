"""Responses of linear economies are matrix products, wherever they start; at a bound they are not."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from estimation.analysis import simulation
from estimation.analysis.impulse_responses import generalised_responses, impulse_responses
from estimation.analysis.simulation import mirrored_normals, posterior_draws
from surrogate import load
from surrogate.errors import BadConfiguration, BadData, UnknownName
from surrogate.reference.new_keynesian import solve_nk_linear
from tests.estimation.analysis.economies import exact_responses

HORIZON = 8


@pytest.mark.parametrize("size", [1.0, -3.0])
def test_linear_responses_are_exact_from_every_state(linear, linear_economy, size) -> None:
    generator = np.random.default_rng(0)
    theta = np.array([[0.7, 1.2, 0.3], [0.9, 0.5, -1.0]])
    states = generator.normal(0, 3, (2, 6, 2))
    noise = mirrored_normals(generator, HORIZON, 1, 6, 2)
    found = generalised_responses(linear, theta, states, noise, [0, 1], [size])
    for vector, parameters in enumerate(theta):
        exact = size * exact_responses(linear_economy.at(parameters), HORIZON)
        np.testing.assert_allclose(found[:, 0, :, vector], exact.transpose(2, 0, 1), atol=5e-6)


def test_bands_are_quantiles_of_the_exact_responses_of_the_draws(results, linear_economy) -> None:
    found = impulse_responses(results, shocks=["e0"], sizes=[2.0], horizon=HORIZON, draws=40, replications=2)
    exact = np.array(
        [
            2.0 * exact_responses(linear_economy.at(parameters), HORIZON)[:, 1, 0]
            for parameters in results.posterior.parameters(posterior_draws(results, 40))
        ]
    )
    table = found[0].table.loc[("ergodic distribution", 2.0, "y1")]
    np.testing.assert_allclose(table.T, np.quantile(exact, [0.05, 0.5, 0.95], axis=0), atol=5e-6)


def test_nk_linear_follows_its_closed_form() -> None:
    economy = load("nk_linear")
    calibration = dict(zip(economy.parameter_names, economy.default, strict=True))
    noise = mirrored_normals(np.random.default_rng(0), HORIZON, 1, 4, 1)
    states = np.random.default_rng(1).normal(0, 0.02, (1, 4, 1))
    found = generalised_responses(economy, economy.default[None], states, noise, [0], [1.0])[0, 0, :, 0]
    # solve_nk_linear gives both per unit of the natural rate, inflation by the quarter
    ratio = solve_nk_linear(calibration)
    np.testing.assert_allclose(found[:, 1] / found[:, 0], 4 * ratio.inflation / ratio.output_gap, rtol=2e-3)
    np.testing.assert_allclose(found[1:, 0] / found[:-1, 0], calibration["rho_a"], rtol=2e-3)


def test_responses_at_the_bound_have_their_closed_form(bounded) -> None:
    surrogate, sigma, size = bounded.posterior.surrogate, 1.3, -1.0
    noise = mirrored_normals(np.random.default_rng(0), 2, 1, 40_000, 1)
    for state in (-0.5, 0.5):
        states = np.full((1, 40_000, 1), state)
        found = generalised_responses(surrogate, np.array([[sigma]]), states, noise, [0], [size])[
            0, 0, :, 0, 0
        ]
        moved = 0.8 * state + sigma * size
        expected = [
            max(0.0, moved) - mean_above_zero(0.8 * state, sigma),
            mean_above_zero(0.8 * moved, sigma) - mean_above_zero(0.64 * state, sigma * np.hypot(1, 0.8)),
        ]
        np.testing.assert_allclose(found, expected, atol=0.01)


def mean_above_zero(mean: float, sd: float) -> float:
    """Of max(0, x) with normal x."""
    return float(mean * norm.cdf(mean / sd) + sd * norm.pdf(mean / sd))


def test_an_economy_with_a_bound_is_shown_at_it_and_away_from_it(bounded) -> None:
    (finding,) = impulse_responses(bounded, sizes=[2.0, -2.0], horizon=3, draws=8)
    impact = finding.table["median"].xs(("y", 0), level=("observable", "quarter")).unstack("states")
    up, down = impact.loc[2.0], -impact.loc[-2.0]
    assert set(impact.columns) == {"at the bound", "away from the bound"}
    # at the bound a fall hardly shows, away from it more of it does
    assert float(up["at the bound"]) > 3 * float(down["at the bound"]) > 0
    assert float(down["away from the bound"]) > 3 * float(down["at the bound"])


def test_economies_without_a_bound_start_from_the_ergodic_distribution(results) -> None:
    finding = impulse_responses(results, horizon=1, draws=4)[0]
    assert set(finding.table.index.get_level_values("states")) == {"ergodic distribution"}


def test_the_answer_depends_on_the_seed_and_not_on_the_batches(bounded, monkeypatch) -> None:
    def median(seed: int) -> np.ndarray:
        return impulse_responses(bounded, horizon=2, draws=4, seed=seed)[0].table["median"].to_numpy()

    first = median(0)
    assert not np.array_equal(first, median(1))
    monkeypatch.setattr(simulation, "CELLS_PER_CALL", 1)
    np.testing.assert_array_equal(first, median(0))


def test_figure_has_a_row_for_each_size_and_a_column_for_each_observable(results) -> None:
    finding = impulse_responses(results, shocks=["e1"], sizes=[1.0, -1.0, 2.0], horizon=4, draws=4)[0]
    assert finding.name == "irf_e1"
    assert finding.draw is not None
    assert len(finding.draw().axes) == 6


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"shocks": ["monetry"]}, UnknownName, "Unknown shock 'monetry'"),
        ({"observables": ["y9"]}, UnknownName, "Unknown observable 'y9'"),
        ({"starts": ["boundary"]}, UnknownName, "Did you mean bound"),
        ({"starts": ["2020Q1"]}, BadData, "2020Q1 is not in the sample, 1990Q1 to 1999Q4"),
        ({"starts": ["bound"]}, BadConfiguration, "stays at a lower bound"),
        ({"sizes": [0.0]}, BadConfiguration, "other than zero"),
        ({"sizes": []}, BadConfiguration, "other than zero"),
        ({"horizon": 0}, BadConfiguration, "horizon must be a whole number from 1"),
        ({"draws": 0}, BadConfiguration, "draws must be a whole number from 1"),
        ({"replications": 0}, BadConfiguration, "replications must be a whole number from 1"),
    ],
)
def test_what_makes_no_sense_is_an_error(results, given, error, words) -> None:
    with pytest.raises(error, match=words):
        impulse_responses(results, **given)


def test_draws_are_taken_evenly_from_all_chains(results) -> None:
    kept = results.chains.by_walker().reshape(-1, 2)
    np.testing.assert_array_equal(posterior_draws(results, 4), kept[[5, 15, 25, 35]])
    np.testing.assert_array_equal(posterior_draws(results, 1000), kept)


def test_saved_files(results, tmp_path: Path) -> None:
    from estimation.analysis import save

    save(impulse_responses(results, shocks=["e0"], horizon=2, draws=4)[0], tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".md", ".png", ".tex"]
