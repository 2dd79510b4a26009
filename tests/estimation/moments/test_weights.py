import numpy as np
import pandas as pd
import pytest

from estimation.moments import SimulatedMoments
from estimation.moments.weights import covariance_matrix, weighting_matrix
from surrogate.errors import BadConfiguration, BadData, UnknownName
from tests.estimation.moments.first_order import MOMENTS, exact_long_run_covariance, simulated

NAMES = ("a", "b", "c")


def test_optimal_smm_weights_are_not_the_identity(first_order):
    target = SimulatedMoments(first_order, simulated(20_000), MOMENTS, weights="optimal")
    exact = np.linalg.inv(exact_long_run_covariance())
    scale = np.sqrt(np.diag(exact))
    found = target.weights / target.periods
    np.testing.assert_allclose(found / np.outer(scale, scale), exact / np.outer(scale, scale), atol=0.25)
    assert abs(target.weights[1, 2]) > 0.3 * np.sqrt(target.weights[1, 1] * target.weights[2, 2])


def test_kinds_of_weights():
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.testing.assert_array_equal(weighting_matrix("identity", covariance, "ab", 50), 50 * np.eye(2))
    np.testing.assert_allclose(weighting_matrix("diagonal", covariance, "ab", 50), np.diag([1 / 4, 1 / 9]))
    optimal = weighting_matrix("optimal", covariance, "ab", 50)
    np.testing.assert_allclose(optimal @ covariance, np.eye(2), atol=1e-12)


def test_units_of_the_moments_make_no_matrix_singular():
    covariance = np.diag([1e-12, 1.0, 1e12])
    np.testing.assert_allclose(weighting_matrix("optimal", covariance, NAMES, 50) @ covariance, np.eye(3))


def test_a_frame_of_weights_goes_by_name():
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    frame = pd.DataFrame(matrix[::-1, ::-1], index=["b", "a"], columns=["b", "a"])
    np.testing.assert_array_equal(weighting_matrix(frame, np.eye(2), ["a", "b"], 50), matrix)


def test_collinear_moments_are_named():
    root = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    with pytest.raises(BadData, match="The moments a, c are collinear"):
        weighting_matrix("optimal", root @ root.T, NAMES, 50)


def test_a_moment_that_follows_from_another_is_named_in_an_estimation(first_order):
    def twice_sd(frame):
        return 2 * frame["y"].std()

    with pytest.raises(BadData, match=r"sd\(y\), twice_sd are collinear"):
        SimulatedMoments(
            first_order, simulated(400), [*MOMENTS, twice_sd], "optimal", moments_cov=_collinear_covariance()
        )


def _collinear_covariance():
    root = np.vstack([np.linalg.cholesky(exact_long_run_covariance()), np.zeros(3)])
    root[3] = 2 * root[1]
    return root @ root.T


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ("best", UnknownName, "kind of weights"),
        (np.eye(2), BadConfiguration, r"shape \(2, 2\)"),
        (np.array([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]]), BadConfiguration, "symmetric"),
        (np.diag([1.0, 0.0, 1.0]), BadConfiguration, "positive weight"),
        (np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]), BadConfiguration, "singular.*a, b apart"),
        (pd.DataFrame(np.eye(3), index=list("abd"), columns=list("abd")), UnknownName, "d"),
        (pd.DataFrame(np.eye(2), index=list("ab"), columns=list("ab")), BadConfiguration, "3 moments"),
    ],
)
def test_impossible_weights_are_one_clear_error(weights, error, message):
    with pytest.raises(error, match=message):
        weighting_matrix(weights, np.eye(3), NAMES, 50)


def test_a_moment_that_does_not_vary_is_named():
    with pytest.raises(BadData, match="moment b has no sampling variance"):
        weighting_matrix("diagonal", np.diag([1.0, 0.0, 1.0]), NAMES, 50)


def test_moments_cov_goes_by_its_labels():
    covariance = np.array([[1.0, 0.2, 0.1], [0.2, 2.0, 0.3], [0.1, 0.3, 3.0]])
    table = pd.DataFrame(covariance, index=list(NAMES), columns=list(NAMES))
    shuffled = table.loc[list("cab"), list("bca")]
    np.testing.assert_array_equal(covariance_matrix(shuffled, NAMES), covariance)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (pd.DataFrame(np.eye(3), index=list("abd"), columns=list("abc")), UnknownName, "moments_cov 'd'"),
        (pd.DataFrame(np.eye(2), index=list("ab"), columns=list("ab")), BadConfiguration, "lacks c"),
        (pd.DataFrame(np.eye(3), index=list("aab"), columns=list("aab")), BadConfiguration, "lacks c"),
        (np.array([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]]), BadConfiguration, "symmetric"),
        (np.array([[1.0, 2.0, 0], [2, 1, 0], [0, 0, 1]]), BadConfiguration, "negative variance"),
        (np.diag([1.0, -1.0, 1.0]), BadConfiguration, "negative variance"),
        (np.diag([1.0, np.nan, 1.0]), BadConfiguration, "finite"),
    ],
)
def test_what_is_no_covariance_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        covariance_matrix(given, NAMES)
