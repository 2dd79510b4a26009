import re
from dataclasses import fields
from pathlib import Path

import pytest

from estimation import Estimation, inputs
from estimation.filters import Bound
from estimation.inputs import read_toml
from estimation.likelihoods import METHODS, FilterSettings, MomentSettings, likelihood_settings
from estimation.sampling.sampler import SamplerSettings
from estimation.settings import MEASUREMENT_ERROR, PRIOR, read_measurement_error, read_numbers, read_priors
from surrogate.errors import BadConfiguration, BadData, SurrogateError, UnknownName
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


ODD = ["-1", "1000000000000", "1e12", "1" + "0" * 300, "1" + "0" * 400, "1" + "0" * 5000, "inf", "nan", '""']
ODD += [
    '"text"',
    "[]",
    "[1]",
    "[[[1]]]",
    "{}",
    "{ a = 1 }",
    "true",
    "1983-01-01",
    f'"{"x" * 5000}"',
    "[nan, 1]",
]
ODD += ["1e308", "5e-324", r'"\u0000"', r'"a\nb"']
SETTINGS = {
    "model": {"surrogate": '"{folder}"'},
    "data": {"file": '"data.csv"', "columns": '{ y0 = "y0" }', "start": '"1990Q1"', "date_column": '"date"'},
    "measurement_error": {"sd": "0.4", "share_of_sd": "0.4", "share_of_variance": "{ y0 = 0.4 }"},
    "likelihood": {"method": '"guided"', "particles": "10", "random_numbers": '"fresh"'},
    "sampler": {
        "walkers": "8",
        "steps": "12",
        "burn": "2",
        "seed": "1",
        "moves": '"walk"',
        "target_ess": "9",
    },
    "fixed": {"mean": "0.3"},
    "priors.rho": {
        "density": '"beta_pdf"',
        "mean": "0.6",
        "sd": "0.1",
        "lower": "0",
        "truncate": "[0.1, 0.9]",
    },
}


@pytest.fixture(scope="module")
def project(linear_economy, linear_folder, tmp_path_factory):
    """A folder with data, and settings that make an estimation."""
    folder = tmp_path_factory.mktemp("project")
    simulated_data(linear_economy).to_csv(folder / "data.csv", index_label="date")
    settings = {section: dict(values) for section, values in SETTINGS.items()}
    settings["model"]["surrogate"] = f'"{linear_folder}"'
    settings["measurement_error"] = {"sd": "0.4"}
    return folder, settings


def as_toml(settings):
    return "\n".join(
        line for each, values in settings.items() for line in (f"[{each}]", *map(" = ".join, values.items()))
    )


@pytest.mark.parametrize(
    ("section", "name"), [(section, name) for section, values in SETTINGS.items() for name in values]
)
def test_an_odd_value_of_any_setting_is_taken_or_refused_in_one_line(project, section, name):
    folder, settings = project
    accepted, refusals = Estimation.from_toml(write(folder, as_toml(settings))), []
    assert accepted.posterior.names == ("rho",)
    for value in ODD:
        changed = {each: dict(values) for each, values in settings.items()}
        if section == "measurement_error":
            changed[section] = {}
        changed[section][name] = value
        try:
            Estimation.from_toml(write(folder, as_toml(changed)))
        except SurrogateError as error:
            refusals.append(str(error))
    assert len(refusals) > len(ODD) / 2
    assert [text for text in refusals if "\n" in text or len(text) > 600] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 5000, "not valid TOML"),
        ("a = 1" + "0" * 5000, "not valid TOML: Exceeds the limit"),
        ("\x00", "not valid TOML"),
        ("priors = 3", "priors must be a section"),
    ],
)
def test_files_that_are_no_configuration_are_refused(tmp_path, text, words):
    with pytest.raises(BadConfiguration, match=words):
        read_toml(write(tmp_path, text))


def test_byte_order_mark_and_line_ends_of_windows_do_not_matter(tmp_path):
    path = tmp_path / "estimation.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read_toml(path)["fixed"] == {"mean": 0.3}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"sampler": {"walkers": 10**300}},
            r"walkers in \[sampler\] must be at most 100,000, not 1000+\.\.\.",
        ),
        ({"sampler": 5}, r"\[sampler\] must have a name for each of its settings, not 5"),
        ({"likelihood": {"particles": 10**12}}, "particles in .* must be at most 1,000,000"),
        ({"likelihood": "twisted"}, r"\[likelihood\] must have a name"),
        ({"likelihood": {"method": ["twisted"]}}, "Unknown likelihood method"),
        ({"fixed": {"mean": 10**400}}, r"mean in \[fixed\] must be a number"),
        ({"measurement_error": {"sd": float("nan")}}, r"sd in \[measurement_error\] must be a number"),
        (
            {"priors": {"rho": {"density": "beta", "mean": 0.5, "sd": 0.1, "upper": float("inf")}}},
            "upper must be",
        ),
        ({"priors": {"rho": {"density": "beta", "mean": 0.5, "sd": 0.1, "truncate": 3}}}, "truncate must be"),
        ({"priors": {"rho": {"density": "beta", "mean": 0.5, "sd": 0.1, "truncate": [2, 3]}}}, "has no mass"),
        ({"priors": {"rho": 3}}, r"\[priors.rho\] must have a name"),
    ],
)
def test_settings_in_python_are_held_to_the_same(linear, linear_economy, settings, words):
    usual = {"priors": {"rho": {"density": "beta", "mean": 0.6, "sd": 0.1}}, "measurement_error": {"sd": 0.4}}
    with pytest.raises(SurrogateError, match=words):
        Estimation(linear, simulated_data(linear_economy), **{**usual, **settings})


@pytest.mark.parametrize("place", ["docs", "module"])
def test_the_reference_lists_every_setting_that_is_read(place):
    manual = Path(__file__).parents[2] / "docs" / "commands.md"
    text = manual.read_text(encoding="utf-8") if place == "docs" else inputs.__doc__ or ""
    blocks = re.findall(r"^ {4}\[(\w+)(?:\.\w+)?\] (.*?)(?=^ {4}\[|^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    listed = {section: set(re.findall(r"\w+", block)) for section, block in blocks}
    likelihoods = {item.name for kind in (*METHODS.values(), Bound) for item in fields(kind)}  # type: ignore[arg-type]
    read = {
        "model": {"surrogate"},
        "data": {*inputs.REQUIRED["data"], *inputs.OPTIONAL["data"]},
        "measurement_error": set(MEASUREMENT_ERROR),
        "likelihood": likelihoods | set(METHODS),
        "priors": set(PRIOR),
        "sampler": {item.name for item in fields(SamplerSettings)},
    }
    assert {name for section, names in read.items() for name in names - listed[section]} == set()
