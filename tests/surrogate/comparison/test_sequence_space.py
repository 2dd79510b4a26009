"""The surrogate of heterogeneous households beside its first-order solution."""

import numpy as np
import pytest

from surrogate import load
from surrogate.comparison import SequenceSpaceComparison, compare
from surrogate.comparison.report import FILES, OF_HOUSEHOLDS, write
from surrogate.comparison.sequence_space import PERIODS, at_rest, linear_observables, linear_path
from surrogate.reference.hank_jacobian import household_responses
from surrogate.reference.hank_linear import SHOCKS, linear_responses
from surrogate.reference.hank_steady_state import solve_steady_state


@pytest.fixture(scope="module")
def both() -> SequenceSpaceComparison:
    comparison = compare(load("hank"), {}, 300, 0)
    assert isinstance(comparison, SequenceSpaceComparison)
    return comparison


@pytest.mark.slow
def test_responses_are_those_of_the_first_order_solution(both) -> None:
    """Within two per cent of the peak, but that of inflation to growth, which is tiny: within five (measured
    over twenty calibrations: docs/hank-figures.md)."""
    for (shock, name), gap in both.gaps.items():
        assert gap < (0.05 if (shock, name) == ("growth", "inflation") else 0.02), (shock, name)


@pytest.mark.slow
def test_the_steady_state_is_that_of_a_fine_grid(both) -> None:
    found, exact = both.rest
    assert found["interest_rate"] == pytest.approx(exact["interest_rate"], abs=2e-3)
    assert found["gini"] == pytest.approx(exact["gini"], abs=0.02)
    assert found["share_at_limit"] == pytest.approx(exact["share_at_limit"], abs=0.02)


@pytest.mark.slow
def test_paths_move_together_and_a_folder_holds_it_all(both, tmp_path) -> None:
    found, exact = both.simulations
    for column in exact.columns:
        assert np.corrcoef(found[column], exact[column])[0, 1] > 0.99
    write(both, tmp_path / "hank")
    written = {path.name for path in (tmp_path / "hank").iterdir()}
    assert {"differences.csv", "responses.csv", "moments.csv", "comparison.md"} <= written
    assert written <= {*FILES, *OF_HOUSEHOLDS}
    text = (tmp_path / "hank" / "comparison.md").read_text()
    assert "exact to first order" in text


def test_a_path_with_one_shock_is_the_impulse_response() -> None:
    rest = solve_steady_state(0.05, -0.5)
    parameters = {"phi": 100.0, "theta_pi": 2.25, "theta_y": 1.0, "rho_z": 0.4, "rho_m": 0.9}
    sizes = {"sigma_zeta": 0.015, "sigma_z": 0.004, "sigma_m": 0.0006}
    linear = linear_responses(rest, household_responses(rest, PERIODS, {}), parameters | sizes)
    shocks = np.zeros((PERIODS + 12, len(SHOCKS)))
    shocks[PERIODS + 2, 0] = 2.0
    path = linear_path(rest, linear, shocks)["observable", "inflation"].to_numpy()
    response = linear_observables(linear, 10)["preference", "inflation"].to_numpy()
    still = 400 * np.log(1.00625)
    np.testing.assert_allclose(path[:2], still, atol=1e-12)
    np.testing.assert_allclose(path[2:], still + 2 * response, atol=1e-12)
    assert at_rest(rest)["share_of_debtors"] == pytest.approx(0.36, abs=0.02)
