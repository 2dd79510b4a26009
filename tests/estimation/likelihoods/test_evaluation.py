"""Blocks of vectors in which a single one cannot be evaluated."""

import numpy as np
import pytest

from estimation.likelihoods.method import in_blocks


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_singular_matrix_takes_the_likelihood_from_its_own_vector_only(size):
    matrices = np.arange(1.0, 12.0)[:, None, None] * np.eye(2)
    matrices[[3, 10], 1] = 0.0

    def log_determinant_of_the_inverse(rows: slice) -> np.ndarray:
        return np.linalg.slogdet(np.linalg.inv(matrices[rows]))[1]

    found = in_blocks(log_determinant_of_the_inverse, len(matrices), size)
    regular = np.delete(np.arange(11), [3, 10])
    np.testing.assert_allclose(found[regular], -2 * np.log(regular + 1.0))
    assert found[[3, 10]].tolist() == [-np.inf, -np.inf]
