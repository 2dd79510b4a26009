"""Responses of a nonlinear economy at its bound are those of time iteration."""

import numpy as np
import pytest

from benchmarks.responses import SIZES, both
from estimation.analysis.impulse_responses import AWAY, BOUND
from surrogate import load


@pytest.fixture(scope="module")
def responses() -> dict:
    """By start: surrogate and time iteration."""
    return {start: both(load("nk_zlb"), start, SIZES) for start in (BOUND, AWAY)}


@pytest.mark.parametrize("start", [BOUND, AWAY])
def test_the_surrogate_responds_like_the_classical_solution(responses, start: str) -> None:
    found, exact = responses[start]
    scale = np.abs(exact).max(axis=(0, 1))
    np.testing.assert_allclose(found / scale, exact / scale, atol=0.01)


def test_at_the_bound_a_fall_in_demand_costs_more(responses) -> None:
    (fall, rise), (fall_away, _) = (responses[start][0][:, 0, 0] for start in (BOUND, AWAY))
    assert fall < 1.1 * fall_away < 0
    assert -fall > 1.1 * rise > 0
