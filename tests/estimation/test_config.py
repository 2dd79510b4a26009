import re

import pytest

from estimation.config import read_toml
from estimation.likelihoods import FilterSettings, MomentSettings, likelihood_settings
from estimation.settings import read_measurement_error, read_numbers, read_priors
from surrogate.errors import BadConfiguration, BadData, UnknownName
from tests.estimation.economies import simulated_data

TEXT = """
[model]
surrogate = "linear"
[data]
file = "herbst_schorfheide_us"
columns = { y0 = "YGR", y1 = "INT" }
start = "1990Q1"
[likelihood]
particles = 50
[priors.rho]
density = "beta_pdf"
mean = 0.6
sd = 0.15
[fixed]
mean = 0.3
[sampler]
steps = 20
burn = 5
"""


def write(folder, text):
    path = folder / "estimation.toml"
    path.write_text(text)
    return path


def test_sections_become_the_arguments_of_an_estimation(tmp_path):
    arguments = read_toml(write(tmp_path, TEXT))
    assert arguments["surrogate"] == "linear"
    assert list(arguments["data"].columns) == ["y0", "y1"]
    assert str(arguments["data"].index[0]) == "1990Q1"
    assert arguments["priors"] == {"rho": {"density": "beta_pdf", "mean": 0.6, "sd": 0.15}}
    assert arguments["fixed"] == {"mean": 0.3}
    assert arguments["sampler"] == {"steps": 20, "burn": 5}


def test_paths_are_relative_to_the_file(tmp_path):
    (tmp_path / "linear").mkdir()
    (tmp_path / "mine.csv").write_text("date,YGR,INT\n1990Q1,1,2\n1990Q2,2,3\n")
    arguments = read_toml(write(tmp_path, TEXT.replace("herbst_schorfheide_us", "mine.csv")))
    assert arguments["surrogate"] == str(tmp_path / "linear")
    assert len(arguments["data"]) == 2


@pytest.mark.parametrize(
    ("before", "after", "error", "message"),
    [
        ("[likelihood]", "[likelyhood]", UnknownName, "section 'likelyhood'. Did you mean likelihood"),
        ("surrogate =", "surogate =", UnknownName, "Did you mean surrogate"),
        ("start =", "begin =", UnknownName, r"setting in \[data\] 'begin'"),
        ('surrogate = "linear"', "", BadConfiguration, r"\[model\] needs surrogate"),
        ('start = "1990Q1"', "start = 1990", BadConfiguration, "start in .* must be text"),
        ('{ y0 = "YGR", y1 = "INT" }', '"YGR"', BadConfiguration, "columns in"),
        ('density = "beta_pdf"', "density = beta", BadConfiguration, "not valid TOML"),
        ("[fixed]\nmean = 0.3", "", None, ""),
        ("[model]", "fixed = 3\n[model]", BadConfiguration, "not valid TOML"),
        ("YGR", "GROWTH", UnknownName, "GROWTH"),
        ("1990Q1", "1990", BadData, "Cannot read the date"),
    ],
)
def test_every_mistake_is_one_clear_error(tmp_path, before, after, error, message):
    path = write(tmp_path, TEXT.replace(before, after))
    if error is None:
        assert read_toml(path)["fixed"] is None
        return
    with pytest.raises(error, match=message):
        read_toml(path)


def test_missing_file_and_missing_priors(tmp_path):
    with pytest.raises(BadConfiguration, match="There is no file"):
        read_toml(tmp_path / "none.toml")
    without = re.sub(r"\[priors.*?\[fixed\]", "[fixed]", TEXT, flags=re.S)
    with pytest.raises(BadConfiguration, match="no priors"):
        read_toml(write(tmp_path, without))
    with pytest.raises(BadConfiguration, match=r"\[priors.rho\]"):
        read_toml(write(tmp_path, without.replace("[fixed]", "[priors]\nrho = 3\n[fixed]")))


def test_method_decides_which_settings_make_sense():
    assert likelihood_settings({"particles": 10}) == FilterSettings(particles=10, method="twisted")
    assert likelihood_settings({"method": "guided"}) == FilterSettings(particles=400, method="guided")
    moments = likelihood_settings({"method": "moments", "moments": ["sd(y0)"]})
    assert moments == MomentSettings(["sd(y0)"])
    with pytest.raises(UnknownName, match=r"setting in \[likelihood\] 'particles'"):
        likelihood_settings({"method": "moments", "moments": ["sd(y0)"], "particles": 3})
    with pytest.raises(UnknownName, match="guided"):
        likelihood_settings({"method": "guidd"})
    with pytest.raises(BadConfiguration, match="needs moments"):
        likelihood_settings({"method": "moments"})


@pytest.mark.parametrize("value", ["many", 10.5, True])
def test_wrong_types_are_one_clear_error(value):
    with pytest.raises(BadConfiguration, match=r"particles in .* must be a whole number"):
        likelihood_settings({"particles": value})


def test_priors_from_mappings():
    prior = read_priors({"rho": {"density": "beta", "mean": 0.5, "sd": 0.1, "truncate": [0, 0.9]}})["rho"]
    assert (prior.density, prior.upper) == ("beta_pdf", 0.9)
    with pytest.raises(UnknownName, match=r"setting in \[priors.rho\] 'std'. Did you mean sd"):
        read_priors({"rho": {"density": "beta", "mean": 0.5, "std": 0.1}})
    with pytest.raises(BadConfiguration, match=r"\[priors.rho\] needs a density"):
        read_priors({"rho": {"mean": 0.5, "sd": 0.1}})
    with pytest.raises(BadConfiguration, match=r"\[priors.rho\] beta_pdf needs a mean between"):
        read_priors({"rho": {"density": "beta", "mean": 1.5, "sd": 0.1}})
    with pytest.raises(BadConfiguration, match=r"mean in \[priors.rho\] must be a number"):
        read_priors({"rho": {"density": "beta", "mean": "0.5", "sd": 0.1}})


def test_measurement_errors_and_fixed_values_from_mappings(linear_economy):
    data = simulated_data(linear_economy)
    error = read_measurement_error(data, {"share_of_sd": 0.2}, ["measurement_sd_y1"])
    assert error.free_names == ("measurement_sd_y1",)
    with pytest.raises(UnknownName, match="share_of_sd"):
        read_measurement_error(data, {"share": 0.2}, [])
    with pytest.raises(BadConfiguration, match="must be a number"):
        read_measurement_error(data, {"share_of_sd": "20 %"}, [])
    with pytest.raises(BadConfiguration, match=r"mean in \[fixed\] must be a number"):
        read_numbers({"mean": "low"}, "fixed")
