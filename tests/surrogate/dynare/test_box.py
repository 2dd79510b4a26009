"""Ranges of parameters: the user's, the file's, or around its values."""

from dataclasses import replace
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from surrogate.dynare.box import Box, choose_box
from surrogate.dynare.calibration import calibrate
from surrogate.dynare.expressions import from_text
from surrogate.dynare.importing import import_economy
from surrogate.dynare.model_file import Estimated
from surrogate.errors import BadConfiguration, UnknownName
from tests.surrogate.dynare.sources import kept, model_file


def box_of(name: str, path: Path | None = None, **changes: object) -> Box:
    """The box of a file in which something may be changed, where every name is used."""
    file = replace(model_file(name), **changes)  # pyright: ignore[reportArgumentType]
    return choose_box(file, calibrate(file), path, {*file.parameters, *file.shocks})


def line(name: str, prior: int, mean: float, sd: float, **more: float) -> Estimated:
    numbers = {"third": nan, "fourth": nan, "start": nan, "lower": -inf, "upper": inf} | more
    return Estimated(name, name.startswith("e_"), prior, mean, sd, **numbers)


def test_what_is_estimated_has_the_bounds_of_the_file() -> None:
    box = box_of("growth")
    assert box.source.startswith("estimated_params")
    assert {name: tuple(each) for name, each in box.ranges.items()} == {
        "gamma": (1.2, 3, 2),
        "rho_z": (0.85, 0.95, 0.9),
        "e_z": (0.005, 0.02, 0.01),
    }


@pytest.mark.parametrize(
    ("prior", "mean", "sd", "more", "law"),
    [
        (1, 0.7, 0.1, {}, stats.beta(0.7 * 20, 0.3 * 20)),
        (2, 2.0, 0.5, {}, stats.gamma(16, scale=1 / 8)),
        (3, 1.5, 0.25, {}, stats.norm(1.5, 0.25)),
        (5, nan, nan, {"third": 0.2, "fourth": 0.6}, None),
        (4, 0.5, inf, {}, None),
        (1, 0.4, 0.2, {"third": -1.0, "fourth": 1.0}, stats.beta(0.7 * 20, 0.3 * 20, loc=-1, scale=2)),
    ],
)
def test_without_bounds_quantiles_of_the_prior_are_the_range(prior, mean, sd, more, law) -> None:
    given = line("h", prior, mean, sd, **more)
    ((name, each),) = box_of("growth", estimated=(replace(given, name="gamma"),)).ranges.items()
    assert name == "gamma"
    ends = {5: (0.2, 0.6), 4: (0.5 / 3, 1.5)}.get(prior) or law.ppf([0.01, 0.99])
    np.testing.assert_allclose(each[:2], ends, rtol=1e-9)
    if law is not None and more == {}:
        assert law.mean() == pytest.approx(mean)
        assert law.std() == pytest.approx(sd)


def test_one_bound_and_a_quantile() -> None:
    given = replace(line("gamma", 3, 2.0, 0.1), lower=1.9)
    assert box_of("growth", estimated=(given,)).ranges["gamma"].lower == 1.9


def test_around_values_neither_zero_nor_one_is_crossed() -> None:
    box = box_of("prices")
    for name, value in calibrate(model_file("prices")).parameters.items():
        lower, upper, default = box.ranges[name]
        assert lower < default == value < upper
        assert (lower > 1) == (upper > 1)
        assert lower > 0
    assert tuple(box.ranges["beta"]) == pytest.approx((0.988, 0.992, 0.99))
    assert tuple(box.ranges["phi"]) == pytest.approx((48.2, 71.8, 60))


def test_ranges_of_the_users(tmp_path: Path) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text("gamma = [1, 4]\nbeta = [0.98, 0.995, 0.985]\ne_z = [0.02, 0.04]\n", encoding="utf-8")
    box = box_of("growth", path)
    assert box.source == "the ranges in ranges.toml"
    assert {name: tuple(each) for name, each in box.ranges.items()} == {
        "gamma": (1, 4, 2),
        "beta": (0.98, 0.995, 0.985),
        "e_z": (0.02, 0.04, 0.03),
    }
    text = import_economy(kept("growth"), box=path).text
    assert "p.beta" in text
    assert 'ParameterRange("sd_e_z", 0.02, 0.04, 0.03' in text


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("gama = [1, 2]", UnknownName, "gamma"),
        ("gamma = 2", BadConfiguration, "lower, upper"),
        ("gamma = [2, 1]", BadConfiguration, "no range"),
        ("gamma = [1, 2, 3]", BadConfiguration, "no range"),
        ("gamma = [1, nan]", BadConfiguration, "lower, upper"),
        ("chi = [1, 2]", BadConfiguration, "set by steady_state_model"),
        ("", BadConfiguration, "has no ranges"),
        ("gamma =", BadConfiguration, "no TOML"),
    ],
)
def test_wrong_ranges_are_refused(tmp_path: Path, content: str, error: type, words: str) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=words):
        box_of("growth", path)
    with pytest.raises(BadConfiguration, match="There is no file"):
        box_of("growth", tmp_path / "absent.toml")


def test_what_nobody_reads_has_no_range(tmp_path: Path) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text("rho_g = [0.7, 0.9]\n", encoding="utf-8")
    with pytest.raises(BadConfiguration, match="no equation that is solved reads rho_g"):
        import_economy(kept("growth"), box=path)


def test_formulas_that_hold_for_one_value_only_hold_it(tmp_path: Path) -> None:
    """Where the file says y = 1.4976..., theta cannot vary, and others cannot that it depends on."""
    file = model_file("prices")
    value = calibrate(file).rest["y"]
    typed = tuple((name, from_text(repr(value)) if name == "y" else each) for name, each in file.assignments)
    box = box_of("prices", assignments=typed)
    assert set(box.held) == {"theta", "epsilon", "h"}
    assert "beta" in box.ranges
    path = tmp_path / "ranges.toml"
    path.write_text("theta = [1, 2]\n", encoding="utf-8")
    with pytest.raises(BadConfiguration, match="no other theta"):
        box_of("prices", path, assignments=typed)


def test_ranges_of_shocks_in_percent_are_divided_too() -> None:
    whole, hundredth = (import_economy(kept("growth"), percent=percent) for percent in (False, True))
    assert whole.box.ranges["e_z"] == (0.005, 0.02, 0.01)
    assert hundredth.box.ranges["e_z"] == pytest.approx((0.00005, 0.0002, 0.0001))
    assert hundredth.box.ranges["gamma"] == whole.box.ranges["gamma"]
