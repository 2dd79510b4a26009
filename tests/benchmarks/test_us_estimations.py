"""Many Kalman filters at once against one at a time."""

import numpy as np
import pytest

from benchmarks.filters import measurement_sd, sample
from benchmarks.us_estimations import KalmanLikelihood
from surrogate.reference import kalman
from surrogate.reference.an_schorfheide_linear import THETA_L, THETA_M, state_space


def test_the_linear_likelihood_is_the_exact_one_of_every_vector() -> None:
    data = sample("herbst_schorfheide_us")
    sd = measurement_sd(data)
    indeterminate = THETA_M | {"psi1": 0.5, "psi2": 0.0}
    points = [THETA_M, indeterminate, THETA_L]
    found = KalmanLikelihood(data, sd).log_likelihood(np.array([list(p.values()) for p in points]))
    exact = [kalman.log_likelihood(state_space(p, sd), data) for p in (THETA_M, THETA_L)]
    assert found[[0, 2]] == pytest.approx(exact, abs=1e-9)
    assert found[1] == -np.inf
