import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray

from estimation import Estimation, load_data
from estimation.finding import as_markdown
from estimation.priors import PriorSet, make_prior
from estimation.results import convergence_warnings, edge_warnings
from estimation.sampling.chains import Chains
from estimation.sampling.mode import Mode
from estimation.sampling.sampler import Interrupted
from surrogate import Listener, Surrogate, listening
from surrogate.errors import BadConfiguration, Changed
from tests.estimation.economies import MEASUREMENT_SD, simulated_data
from tests.linear_artifact import example_economy, write_artifact

PRIORS = {
    "sigma": {"density": "inv_gamma_pdf", "mean": 1.0, "sd": 0.3, "truncate": [0.1, 3.0]},
    "rho": {"density": "beta_pdf", "mean": 0.6, "sd": 0.15, "truncate": [0.0, 0.95]},
}
SAMPLER = {"ensembles": 2, "walkers": 8, "steps": 12, "burn": 4, "seed": 4}


@pytest.fixture(scope="module")
def data(linear_economy):
    return simulated_data(linear_economy)


def estimation(linear, data, **changes):
    arguments = {
        "surrogate": linear,
        "data": data,
        "priors": PRIORS,
        "fixed": {"mean": 0.3},
        "measurement_error": {"sd": dict(zip(("y0", "y1"), MEASUREMENT_SD, strict=True))},
        "likelihood": {"method": "guided", "particles": 10},
        "sampler": SAMPLER,
    }
    return Estimation(**{**arguments, **changes})


@pytest.fixture(scope="module")
def finished(linear, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "run"
    return estimation(linear, data).run(folder, processes=2), folder


def test_run_leaves_draws_table_and_figures(finished):
    _, folder = finished
    names = {path.name for path in folder.iterdir()}
    tables = {"posterior.nc", "posterior.csv", "posterior.md", "posterior.tex", "mode.json", "chains"}
    assert names == tables | {"inputs", "trace.png", "corner.png", "prior_posterior.png"}
    assert all(path.stat().st_size > 10_000 for path in folder.glob("*.png"))


def test_a_later_run_leaves_nothing_of_an_earlier_one(finished, linear, data, tmp_path):
    _, folder = finished
    later = shutil.copytree(folder, tmp_path / "run")
    (later / "corrected.csv").write_text("of an earlier likelihood")
    (later / "notes.md").write_text("mine")
    estimation(linear, data, sampler={**SAMPLER, "burn": 2}).run(later, resume=True, processes=1, plots=False)
    tables = {"posterior.nc", "posterior.csv", "posterior.md", "posterior.tex"}
    assert {path.name for path in later.iterdir()} == tables | {"inputs", "mode.json", "chains", "notes.md"}
    assert (later / "posterior.csv").read_text() != (folder / "posterior.csv").read_text()


def test_table_has_prior_mode_and_posterior_columns(finished):
    results, folder = finished
    saved = pd.read_csv(folder / "posterior.csv", index_col="parameter")
    assert list(saved.index) == ["sigma", "rho"]
    assert saved.loc["rho", "prior"] == "beta_pdf"
    assert saved.loc["rho", "prior mean"] == pytest.approx(0.6)
    draws = results.chains.theta[..., 1]
    assert saved.loc["rho", "mean"] == pytest.approx(draws.mean())
    assert saved.loc["rho", "sd"] == pytest.approx(draws.std(ddof=1))
    assert saved.loc["rho", "HDI low"] < saved.loc["rho", "mean"] < saved.loc["rho", "HDI high"]
    inside = (draws >= saved.loc["rho", "HDI low"]) & (draws <= saved.loc["rho", "HDI high"])
    assert inside.mean() == pytest.approx(0.9, abs=0.05)
    assert as_markdown(results.table).count("\n") == 4


def test_netcdf_holds_draws_statistics_data_and_provenance(finished, data):
    results, folder = finished
    saved = xarray.open_datatree(folder / "posterior.nc")  # as arviz.from_netcdf does
    assert set(saved.children) == {"posterior", "prior", "sample_stats", "observed_data"}
    assert dict(saved["posterior"].sizes) == {"chain": 2, "draw": 8 * 8}
    stats = saved["sample_stats"]
    np.testing.assert_allclose(stats["lp"], stats["log_lik"] + stats["log_prior"])
    one_walker = stats["walker"].to_numpy()[0] == 3
    rho = saved["posterior"]["rho"].to_numpy()[0, one_walker]
    np.testing.assert_allclose(rho, results.chains.theta[0, :, 3, 1])
    assert stats["step"].min() == 4
    np.testing.assert_array_equal(saved["observed_data"]["y1"], data["y1"])
    assert saved["prior"]["rho"].size == 2000
    recorded = json.loads(saved.attrs["settings"])["sampler"]
    assert {name: recorded[name] for name in SAMPLER} == SAMPLER
    assert set(json.loads(saved.attrs["fingerprints"])) >= {"model", "data", "priors"}
    assert json.loads(saved.attrs["versions"])["emcee"]


def test_burn_in_changes_the_summary(finished, linear, data):
    results, folder = finished
    other = estimation(linear, data, sampler={**SAMPLER, "burn": 0}).sample(folder, resume=True, processes=1)
    assert other.all_chains.steps == results.all_chains.steps
    assert not np.isclose(other.table["mean"], results.table["mean"]).any()


def test_sampling_longer_continues_the_same_chains(finished, linear, data, tmp_path):
    results, folder = finished
    shutil.copy(folder / "mode.json", tmp_path)
    short = estimation(linear, data, sampler={**SAMPLER, "steps": 7, "burn": 2})
    short.sample(tmp_path, resume=True, processes=1)
    longer = estimation(linear, data).sample(tmp_path, resume=True, processes=1)
    assert np.array_equal(longer.all_chains.theta, results.all_chains.theta)


class Notes(Listener):
    """Writes down what it hears."""

    def __init__(self):
        self.results, self.messages, self.steps = [], [], []

    def result(self, text):
        self.results.append(text)

    def message(self, text):
        self.messages.append(text)

    def progress(self, title, done, total, text):
        self.steps.append((title, done, total))


def test_a_library_call_prints_nothing_and_a_listener_hears_all(linear, data, tmp_path, capfd):
    silent = estimation(linear, data).run(tmp_path / "silent", processes=1, plots=False)
    with listening(notes := Notes()):
        heard = estimation(linear, data).run(tmp_path / "heard", processes=1, plots=False)
    assert capfd.readouterr() == ("", "")
    assert np.array_equal(silent.all_chains.theta, heard.all_chains.theta)
    assert notes.results == [heard.summary(), f"Saved in {tmp_path / 'heard'}"]
    assert notes.messages[0] == "screening 256 prior draws"
    assert notes.messages[-1].startswith("log posterior at the mode")
    assert notes.steps[-1] == ("sampling", 24, 24)


def test_a_folder_with_chains_is_not_overwritten(finished, linear, data):
    with pytest.raises(BadConfiguration, match="already holds chains: resume"):
        estimation(linear, data).sample(finished[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"priors": {**PRIORS, "rho": {"density": "beta", "mean": 0.6, "sd": 0.1}}}, "The priors changed"),
        ({"fixed": {"mean": 0.4}}, "The fixed parameters changed"),
        ({"likelihood": {"method": "guided", "particles": 11}}, "The likelihood changed"),
        ({"measurement_error": {"sd": 0.4}}, "The likelihood changed"),
        ({"sampler": {**SAMPLER, "seed": 5}}, "The sampler settings changed"),
    ],
)
def test_resume_refuses_what_changed(finished, linear, data, change, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = estimation(linear, data, **change)
    with pytest.raises(Changed, match=message):
        changed.sample(finished[1], resume=True)


def test_resume_refuses_changed_data(finished, linear, data):
    revised = data.copy()
    revised.iloc[0, 0] += 1e-9
    with pytest.raises(Changed, match="The data changed"):
        estimation(linear, revised).sample(finished[1], resume=True)


def test_resume_refuses_a_changed_model(finished, data, tmp_path):
    economy = example_economy("float64")
    with pytest.raises(Changed, match="The model changed"):
        estimation(Surrogate(write_artifact(economy, tmp_path / "other")), data).sample(
            finished[1], resume=True
        )


def test_posterior_table_says_what_has_not_converged():
    columns = {
        "R-hat": [1.2, 1.0, np.nan, 1.0],
        "ESS bulk": [500.0, 30.0, 500.0, 500.0],
        "ESS tail": [500.0, 500.0, 500.0, 300.0],
    }
    mixed, scarce = convergence_warnings(pd.DataFrame(columns, index=list("abcd")))
    assert "a, c" in mixed
    assert "draws: b, d." in scarce
    assert not convergence_warnings(pd.DataFrame(columns, index=list("abcd")).loc[["d"]], target=300)


def test_a_changed_digit_of_the_mode_is_noticed(finished, linear, data, tmp_path):
    saved = (finished[1] / "mode.json").read_text()
    place = saved.index(".") + 5
    digit = str((int(saved[place]) + 1) % 10)
    (tmp_path / "mode.json").write_text(saved[:place] + digit + saved[place + 1 :])
    with pytest.raises(BadConfiguration, match=r"damaged.*; delete it"):
        estimation(linear, data).sample(tmp_path, resume=True)


def test_chains_of_an_earlier_version_are_refused(linear, data, tmp_path):
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains" / "ensemble_0.h5").write_bytes(b"")
    for resume in (False, True):
        with pytest.raises(BadConfiguration, match="chains of an earlier version"):
            estimation(linear, data).sample(tmp_path, resume=resume)
    with pytest.raises(BadConfiguration, match="chains of an earlier version"):
        estimation(linear, data).saved_results(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"mode": {"rho": 1}}', "\ud800"])
def test_damaged_mode_is_one_clear_error(linear, data, tmp_path, text):
    (tmp_path / "mode.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(BadConfiguration, match=r"damaged.*; delete it"):
        estimation(linear, data).sample(tmp_path, resume=True)


def test_draws_that_pile_up_at_the_end_of_the_box_are_named():
    generator = np.random.default_rng(0)
    priors = PriorSet(
        {
            "cut": make_prior("uniform", lower=0, upper=2, truncate=(0, 1)),
            "whole": make_prior("uniform", lower=0, upper=1),
            "away": make_prior("normal", 0, 1, truncate=(-1, 1)),
        }
    )
    draws = np.stack([1 - 0.05 * generator.random(600)] * 2 + [0.3 * generator.random(600)], axis=-1)
    theta = draws.reshape(2, 30, 10, 3)
    chains = Chains(priors.names, theta, theta[..., 0], np.ones(2))
    (warning,) = edge_warnings(chains, priors, mode_at(priors.names, [0.9, 0.9, 0.0]))
    assert "cuts the posterior off: cut at 1. Widen" in warning
    assert "whole" not in warning
    assert "away" not in warning
    inside = Chains(priors.names, theta * 0.5, theta[..., 0], np.ones(2))
    (warning,) = edge_warnings(inside, priors, mode_at(priors.names, [0.9999, 0.9999, -0.999]))
    assert "mode is on the edge of the box: cut at 1, away at -1. Widen" in warning
    assert edge_warnings(inside, priors, mode_at(priors.names, [0.999, 0.999, -0.98])) == [], (
        "by their spread"
    )


def test_a_warning_counts_numbers_as_the_table_shows_them():
    columns = {"R-hat": [1.01049, 1.01051], "ESS bulk": [399.6, 399.4], "ESS tail": [800.0, 800.0]}
    mixed, scarce = convergence_warnings(pd.DataFrame(columns, index=["shown_as_limit", "above"]))
    assert "shown_as_limit" not in mixed + scarce
    assert "above" in mixed
    assert "above" in scarce


def edge_of(prior, values):
    """What is said about draws [4000] of one parameter whose mode is far from the ends."""
    theta = np.reshape(values, (4, 100, 10, 1))
    priors = PriorSet({"x": prior})
    return edge_warnings(Chains(("x",), theta, theta[..., 0], np.ones(4)), priors, mode_at(("x",), [np.nan]))


def test_draws_that_pile_up_where_the_prior_is_thin_are_named():
    """Data in fractions push a parameter in percent to an end that the prior hardly reaches."""
    prior = make_prior("normal", 0.5, 0.05).truncated(0.0, 1.0)
    assert prior.distribution.sf(1.0) < 1e-20
    generator = np.random.default_rng(0)
    piled = 1 - generator.exponential(0.01, 4000)
    (warning,) = edge_of(prior, piled)
    assert "cuts the posterior off: x at 1." in warning
    (warning,) = edge_of(prior, np.where(generator.random(4000) < 0.55, piled, 0.5))
    assert "x at 1." in warning


@pytest.mark.parametrize("density", ["normal", "gamma", "inv_gamma"])
def test_a_prior_that_the_box_hardly_cuts_is_no_reason_to_warn(density):
    """Data that say nothing, and a box that holds 96 % of the prior: .2 to 1.1 % of the draws are near an
    end, with an sd of at most .17 % among 4,000, which is five of them from the 2 % that are named.
    """
    whole = make_prior(density, 1.0, 0.4)
    prior = whole.truncated(*whole.ppf(np.array([0.02, 0.98])))
    assert edge_of(prior, prior.draw(4000, np.random.default_rng(1))) == []


def test_a_narrow_posterior_near_an_end_that_it_does_not_touch_is_no_reason_to_warn():
    prior = make_prior("uniform", lower=-10, upper=20).truncated(0.0, 10.0)
    assert edge_of(prior, np.random.default_rng(2).normal(9.95, 0.01, 4000)) == []


def mode_at(names, theta):
    """A posterior mode without anything around it."""
    return Mode(names, np.array(theta), 0.0, np.zeros(len(names)), np.eye(len(names)))


def test_impossible_burn_in_is_found_before_sampling(linear, data):
    with pytest.raises(BadConfiguration, match="burn-in of 12 does not fit into 12 steps"):
        estimation(linear, data, sampler={**SAMPLER, "burn": 12})


def test_moments_take_the_same_path(linear, data, tmp_path):
    moments = {"method": "moments", "moments": ["sd(y0)", "autocorr(y0, 1)", "mean(y0)"], "replications": 3}
    changes = {"likelihood": moments, "measurement_error": None}
    smm = estimation(linear, data, **changes)
    results = smm.run(tmp_path, processes=1, plots=False)
    assert set(pd.read_csv(tmp_path / "moments.csv")["moment"]) == set(moments["moments"])
    assert set(pd.read_csv(tmp_path / "point_estimate.csv")["parameter"]) == {"sigma", "rho"}
    assert np.isfinite(results.table["mean"]).all()
    with pytest.raises(BadConfiguration, match="no measurement error"):
        estimation(linear, data, likelihood=moments)


def test_point_estimate_without_moments_is_an_error(linear, data):
    with pytest.raises(BadConfiguration, match="moments"):
        estimation(linear, data).point_estimate()


@pytest.mark.slow
def test_control_c_saves_and_resume_gives_the_uninterrupted_answer(linear, linear_folder, data, tmp_path):
    sampler = {**SAMPLER, "steps": 60}
    script = tmp_path / "script.py"
    data.to_csv(tmp_path / "data.csv", index_label="date")
    script.write_text(
        f"""
from estimation import Estimation, load_data
if __name__ == "__main__":
    data = load_data({str(tmp_path / "data.csv")!r}, {{"y0": "y0", "y1": "y1"}})
    Estimation({str(linear_folder)!r}, data, {PRIORS!r}, fixed={{"mean": 0.3}}, sampler={sampler!r},
        measurement_error={{"sd": {dict(zip(("y0", "y1"), MEASUREMENT_SD, strict=True))!r}}},
        likelihood={{"method": "guided", "particles": 10}}).sample({str(tmp_path / "run")!r}, processes=2)
"""
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},  # the same number of threads
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not any((tmp_path / "run" / "chains").glob("*_1.chain")):
        time.sleep(0.05)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert f"{Interrupted.__name__}: Stopped after" in errors
    saved = load_data(tmp_path / "data.csv", {"y0": "y0", "y1": "y1"})
    resumed = estimation(linear, saved, sampler=sampler).sample(tmp_path / "run", resume=True)
    at_once = estimation(linear, saved, sampler=sampler).sample(tmp_path / "other")
    assert np.array_equal(resumed.all_chains.theta, at_once.all_chains.theta)


def test_mode_does_not_depend_on_the_number_of_processes(finished, linear, data):
    alone = estimation(linear, data).find_mode()
    assert np.array_equal(alone.theta, finished[0].mode.theta)
    assert np.array_equal(alone.covariance, finished[0].mode.covariance)
