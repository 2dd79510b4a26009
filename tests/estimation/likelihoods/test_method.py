"""A method in one file: what it says about itself is heard wherever it matters."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation
from estimation.analysis.marginal_likelihood import evidence, require_same_data
from estimation.finding import Finding
from estimation.likelihoods import METHODS, Method
from estimation.likelihoods.method import register
from estimation.report.document import chapters, warnings
from estimation.sampling.posterior import Likelihood, Posterior
from surrogate import Display, listening
from surrogate.errors import BadConfiguration, UnknownName
from tests.estimation.economies import linear_priors, simulated_data

SAMPLER = {"ensembles": 2, "walkers": 8, "steps": 12, "burn": 4}


class Flat(Likelihood):
    """The same everywhere."""

    is_density, presample, chapter = False, 3, "Flatness"

    def log_likelihood(self, parameters, generator=None, measurement_sd=None):
        return np.zeros(len(parameters))

    def warnings(self, sampled):
        return [f"Flat in {sampled.posterior.n_free} parameters."]

    def findings(self, sampled, seed, processes):
        table = pd.DataFrame({"slope": 0.0}, index=pd.Index(sampled.posterior.names, name="parameter"))
        return [Finding("flatness", "Flatness of the likelihood", table, f"Seed {seed}.")]


@pytest.fixture(scope="module")
def flat():
    """Settings of a method named flat, known as long as these tests run."""

    @register("flat")
    @dataclass(frozen=True)
    class FlatSettings(Method):
        method: str = "flat"
        files = ("flatness",)

        def posterior(self, given):
            return Posterior(given.surrogate, Flat(), given.priors, given.fixed)

    yield {"method": "flat"}
    del METHODS["flat"]


@pytest.fixture(scope="module")
def estimation(linear, linear_economy, flat):
    data = simulated_data(linear_economy, periods=8)
    return Estimation(linear, data, linear_priors(), likelihood=flat, sampler=SAMPLER)


@pytest.fixture(scope="module")
def results(estimation):
    return estimation.sample(processes=1)


def test_a_run_prints_and_saves_what_the_method_says(estimation, tmp_path, capsys):
    (tmp_path / "corrected.csv").write_text("of another method")
    with listening(Display()):
        estimation.run(tmp_path, processes=1, plots=False)
    printed = capsys.readouterr().out
    assert "Flat in 2 parameters." in printed
    assert "Flatness of the likelihood" in printed
    assert pd.read_csv(tmp_path / "flatness.csv")["slope"].tolist() == [0.0, 0.0]
    assert not (tmp_path / "corrected.csv").exists()


def test_the_report_has_its_chapter_first_and_its_warnings(results):
    assert "Flat in 2 parameters." in warnings(results)
    titles = list(chapters(results, 0, 1))
    assert titles.index("Flatness") == titles.index("Marginal likelihood") - 1
    assert chapters(results, 0, 1)["Flatness"](results).items


def test_its_presample_and_whether_it_is_a_density_count(results, linear, estimation):
    with pytest.raises(BadConfiguration, match="no marginal likelihood"):
        evidence(results)
    kalman = Estimation(linear, estimation.data, linear_priors(), likelihood={"method": "kalman"})
    with pytest.raises(BadConfiguration, match="after the same presample"):
        require_same_data({"flat": results, "kalman": replace(results, posterior=kalman.posterior)})


def test_it_has_no_states_and_no_point_estimate_unless_it_says_so(estimation):
    with pytest.raises(BadConfiguration, match="no states and shocks"):
        estimation.posterior.paths([1.2, 0.7], np.random.default_rng(0))
    with pytest.raises(BadConfiguration, match="moments"):
        estimation.point_estimate()


def test_settings_are_recorded_as_they_were_chosen(results):
    recorded = json.loads(results.attributes["settings"])
    assert recorded["likelihood"] == {"method": "flat"}
    assert {name: recorded["sampler"][name] for name in SAMPLER} == SAMPLER


def test_a_method_that_nobody_registered_is_unknown(linear, estimation):
    with pytest.raises(UnknownName, match="steep"):
        Estimation(linear, estimation.data, linear_priors(), likelihood={"method": "steep"})
