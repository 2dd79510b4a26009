"""What a file says of its estimation becomes a configuration that `estimate` reads."""

import tomllib
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from estimation.priors import make_prior
from surrogate.dynare.calibration import calibrate
from surrogate.dynare.configuration import configuration_text
from surrogate.dynare.expressions import number
from surrogate.dynare.importing import import_economy
from surrogate.dynare.model_file import Estimated
from tests.surrogate.dynare.sources import kept, model_file


def test_a_configuration_says_what_the_file_says() -> None:
    text = import_economy(kept("growth")).configuration
    assert text is not None
    said = tomllib.loads(text)
    assert said["data"] == {"file": "growth_data.csv", "columns": {"dy": "dy", "n": "n"}}
    assert said["priors"]["gamma"] == {"density": "gamma_pdf", "mean": 2.0, "sd": 0.3, "truncate": [1.2, 3.0]}
    assert set(said["priors"]) == {"gamma", "rho_z", "sd_e_z"}
    assert make_prior(**said["priors"]["rho_z"]).upper == 0.95
    assert import_economy(kept("gap")).configuration is None


@pytest.mark.parametrize(
    ("prior", "mean", "sd", "third", "fourth"),
    [
        (1, 0.5, 0.2, nan, nan),
        (1, 0.2, 0.2, -1.0, 1.0),
        (2, 1.5, 0.3, nan, nan),
        (3, -0.5, 0.3, nan, nan),
        (4, 0.5, 0.2, nan, nan),
        (4, 0.5, inf, nan, nan),
        (5, nan, nan, -0.5, 1.5),
        (5, 0.5, 0.1, nan, nan),
        (6, 0.5, 0.2, nan, nan),
    ],
)
def test_priors_have_the_moments_of_the_file(prior, mean, sd, third, fourth) -> None:
    line = Estimated("gamma", False, prior, mean, sd, third, fourth, nan, -inf, inf)
    file = replace(model_file("growth"), estimated=(line,))
    text = configuration_text(file, calibrate(model_file("growth")), {"gamma": "gamma"}, {"dy": "dy"})
    assert text is not None
    law = make_prior(**tomllib.loads(text)["priors"]["gamma"]).distribution
    assert law.mean() == pytest.approx(0.5 if np.isnan(mean) else mean)
    if np.isfinite(sd):
        assert law.std() == pytest.approx(sd)
    if prior == 5 and np.isfinite(third):
        assert law.support() == (third, fourth)


def test_measurement_errors_are_those_of_the_file() -> None:
    file = replace(model_file("growth"), measurement={"dy": number(0.1), "n": number(0.2)})
    text = configuration_text(file, calibrate(file), {"gamma": "gamma"}, {"dy": "dy", "n": "n"})
    assert text is not None
    assert tomllib.loads(text)["measurement_error"] == {"sd": {"dy": 0.1, "n": 0.2}}
