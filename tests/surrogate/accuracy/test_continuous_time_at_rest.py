"""Where the shipped economy in continuous time rests, and how it moves with each parameter, by its files."""

import numpy as np
import pytest
import torch

from surrogate import load
from surrogate.accuracy.against_reference import central_differences
from surrogate.accuracy.errors import ArtifactPolicy
from surrogate.artifact.validation import objection, objection_at_rest
from surrogate.models import get
from surrogate.reference.continuous_time import solve_stationary
from surrogate.reference.continuous_time_linear import solve_linear_economy
from surrogate.training.at_rest import at_rest

NAME = "krusell_smith_continuous"


def test_the_card_says_where_it_rests() -> None:
    """Within .3 per cent of finite differences (the worst of twelve is .12), coming back from both sides."""
    accuracy = load(NAME).card.accuracy
    rows = accuracy["at_rest"]
    assert len(rows) == 12
    assert objection_at_rest(rows) == ""
    off = [row["capital"] / row["reference_capital"] - 1 for row in rows]
    assert np.abs(off).max() < 3e-3
    response = [row["response"] / row["reference_response"] - 1 for row in rows]
    assert np.abs(response).max() < 0.03
    assert all(row["drift_below"] > 0.005 and row["drift_above"] < -0.005 for row in rows)
    wrong = {**accuracy, "at_rest": [rows[0] | {"capital": 1.03 * rows[0]["capital"]}]}
    assert "small residuals do not make this an equilibrium" in objection(wrong)
    assert objection(accuracy) == ""


def test_where_it_rests_moves_with_each_parameter_as_it_should() -> None:
    """log K at rest by finite differences solved again, times the range of each parameter: within a tenth
    where risk aversion, impatience and income risk move it, and next to nothing where shocks do.
    """
    economy, model = load(NAME), get(NAME)
    policy = ArtifactPolicy(economy, model)
    width = economy.upper - economy.lower
    centre = (economy.lower + economy.upper) / 2

    def of_files(theta: np.ndarray) -> np.ndarray:
        rest = at_rest(policy, torch.from_numpy(theta)[None])  # pyright: ignore[reportArgumentType]
        return np.array([[np.log(float(rest.capital))]])

    def of_reference(theta: np.ndarray) -> np.ndarray:
        return np.array(
            [[np.log(solve_stationary(dict(zip(economy.parameter_names, theta, strict=True))).capital)]]
        )

    found, exact = (
        (central_differences(each, centre, 0.1 * width) * width)[0, 0] for each in (of_files, of_reference)
    )
    np.testing.assert_allclose(found[:4], exact[:4], rtol=0.1)
    np.testing.assert_allclose(exact[4:], 0.0, atol=1e-9)
    np.testing.assert_allclose(found[4:], 0.0, atol=6e-3)


@pytest.mark.slow
def test_responses_are_those_of_linear_expectations_all_over_the_box() -> None:
    economy, model = load(NAME), get(NAME)
    theta = np.random.default_rng(5).uniform(economy.lower, economy.upper, (20, economy.n_parameters))
    found = at_rest(ArtifactPolicy(economy, model), torch.from_numpy(theta))  # pyright: ignore[reportArgumentType]
    for row, values in enumerate(theta):
        linear = solve_linear_economy(dict(zip(economy.parameter_names, values, strict=True)))
        assert float(found.response[row]) == pytest.approx(
            linear.consumption_of_all_by_productivity, rel=0.05
        )
        assert float(found.capital[row]) == pytest.approx(linear.capital, rel=5e-3)
