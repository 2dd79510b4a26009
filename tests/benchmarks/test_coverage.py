"""The particle filter's posterior is the exact one, and what the coverage report says about shares."""

import numpy as np
import pytest

from benchmarks import coverage
from estimation import Estimation, make_prior
from estimation.calibration import Shares
from tests.estimation.economies import simulated_data
from tests.linear_artifact import example_economy


@pytest.mark.slow
@pytest.mark.parametrize("name", coverage.DESIGNS)
def test_posterior_by_particle_filter_is_the_exact_one(name):
    for parameter, found in coverage.comparison(name).items():
        assert found["ESS"] > 4000, parameter
        assert abs(found["difference"]) < 0.05, parameter
        assert abs(found["ratio"] - 1) < 0.05, parameter


def test_quadrature_gives_the_moments_of_a_posterior_known_in_closed_form(linear):
    """Mean of a linear economy with a normal prior, given data that say nothing about it: the prior."""
    priors = {"mean": make_prior("normal_pdf", 0.3, 0.2)}
    nothing = simulated_data(example_economy(), 8)
    drowned = {"y0": 1e4, "y1": 0.4}  # the mean is that of y0 alone
    options = {"likelihood": {"method": "kalman"}, "measurement_error": {"sd": drowned}}
    mean, sd = coverage.quadrature(Estimation(linear, nothing, priors, **options).posterior)
    assert mean == pytest.approx([0.3], abs=1e-4)
    assert sd == pytest.approx([0.2], rel=1e-3)


def test_the_report_names_a_mistake_by_its_p_value():
    generator = np.random.default_rng(0)
    right = Shares(("theta",), generator.uniform(size=(100, 1)))
    wrong = Shares(("theta",), generator.uniform(0.3, 0.7, size=(100, 1)))
    text = coverage.summary({("nk_linear", "kalman"): right, ("nk_linear", "mistaken"): wrong})
    p = [float(line.split("|")[4]) for line in text.splitlines()[2:]]
    assert p[0] > 0.05
    assert p[1] < 1e-6
    assert "theta 1.00" in text.splitlines()[3]
