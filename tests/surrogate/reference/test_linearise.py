"""Automatic first-order solutions against matrices written by hand and against closed forms."""

import numpy as np
import pytest
import torch

from surrogate.models import get
from surrogate.rational_expectations import Indeterminate
from surrogate.reference.an_schorfheide_linear import PARAMETER_NAMES, THETA_L, THETA_M, solve_economy
from surrogate.reference.linearise import Linearisation, linearise


def vector(values: dict[str, float]) -> torch.Tensor:
    return torch.tensor([values[name] for name in PARAMETER_NAMES], dtype=torch.float64)


def draws(name: str, count: int) -> torch.Tensor:
    lower, upper = get(name).parameter_box()
    uniform = torch.rand(count, len(lower), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return lower + (upper - lower) * uniform


def elasticities(found: Linearisation) -> np.ndarray:
    """Policy slopes of log controls."""
    return found.policy / found.controls[:, None]


AN_SCHORFHEIDE = [vector(THETA_M), vector(THETA_L), *draws("an_schorfheide", 8)]


@pytest.mark.parametrize("theta", AN_SCHORFHEIDE)
def test_an_schorfheide_has_the_matrices_of_the_linear_model(theta: torch.Tensor) -> None:
    found = linearise(get("an_schorfheide"), theta)
    by_hand = solve_economy(dict(zip(PARAMETER_NAMES, theta.tolist(), strict=True)))
    np.testing.assert_allclose(elasticities(found), by_hand.policy, atol=1e-12)
    np.testing.assert_allclose(found.transition, by_hand.transition, atol=1e-12)
    np.testing.assert_allclose(found.shock_impact, by_hand.shock_impact, atol=1e-14)


@pytest.mark.parametrize("theta", AN_SCHORFHEIDE)
def test_an_schorfheide_starts_training_from_its_linear_solution(theta: torch.Tensor) -> None:
    model = get("an_schorfheide")
    linear = model.name_parameters(theta).linear
    found = elasticities(linearise(model, theta))
    closed_form = [
        [linear.consumption_u, linear.consumption_z],
        [linear.inflation_u, linear.inflation_z],
    ]
    np.testing.assert_allclose(found[:, [3, 2]], closed_form, atol=1e-3)  # Newton's cubic: 1e-3 at worst
    np.testing.assert_allclose(
        found[:, 0], theta[4].item() * found[:, 3], atol=1e-12
    )  # lagged rate and shock are one


def test_a_bound_that_is_slack_at_the_steady_state_changes_nothing() -> None:
    theta = vector(THETA_M)
    free, bounded = (linearise(get(name), theta) for name in ("an_schorfheide", "an_schorfheide_zlb"))
    for matrix, same in zip(free, bounded, strict=True):
        np.testing.assert_array_equal(matrix, same)


@pytest.mark.parametrize("theta", draws("rbc", 8))
def test_rbc_has_the_elasticities_of_undetermined_coefficients(theta: torch.Tensor) -> None:
    model = get("rbc")
    found = linearise(model, theta)
    on_capital, on_productivity = model.name_parameters(theta).slopes
    expected = [on_capital / found.states[0], on_productivity]
    np.testing.assert_allclose(elasticities(found)[0], expected, rtol=1e-10)


def test_a_passive_rule_is_indeterminate() -> None:
    with pytest.raises(Indeterminate):
        linearise(get("an_schorfheide"), vector({**THETA_M, "psi1": 0.5, "psi2": 0.0}))
