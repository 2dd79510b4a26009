"""The Python on pages of how-tos runs, in the order of each page, on a short sample and few draws."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from estimation import Estimation, load_data
from estimation.analysis import marginal_likelihood
from estimation.likelihoods import InversionSettings
from surrogate import load
from tests.website.running_pages import DOCS, ROOT, blocks

ECONOMY = load("an_schorfheide")
SERIES = {"output_growth": "YGR", "inflation": "INFL", "interest_rate": "INT"}


def test_every_page_with_code_has_a_test() -> None:
    """One that reads the page: a test of a new page's code belongs here, or beside what it is about."""
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    pages = [
        path.name for path in DOCS.glob("*.md") if blocks(path.name, "python") + blocks(path.name, "toml")
    ]
    assert len(pages) > 10
    assert [page for page in pages if not any(f'"{page}"' in text for text in tests)] == []


def run(text: str, names: dict[str, Any], cuts: dict[str, str] | None = None) -> dict[str, Any]:
    """A block in the names that the blocks before it left, made shorter by `cuts`."""
    for before, after in (cuts or {}).items():
        assert before in text
        text = text.replace(before, after)
    exec(text, names)
    return names


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    """Two years [8, 3] of the sample of Herbst and Schorfheide."""
    return load_data("herbst_schorfheide_us", SERIES, start="1983Q1", end="1984Q4").to_numpy()


@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_filters(data: np.ndarray) -> None:
    names: dict[str, Any] = {"data": data, "parameters": ECONOMY.default[np.newaxis]}
    particles, paths, hamilton, inversion = blocks("filters.md", "python")
    assert np.isfinite(run(particles, names)["log_p"]).all()
    run(paths, names)
    smoothed, filtered = names["smoothed"], names["filtered"]
    assert smoothed.states.shape == (9, 1, 100, 4)
    assert smoothed.shocks.shape == filtered.shocks.shape == (8, 1, 100, 3)
    assert smoothed.observables.shape == (8, 1, 100, 3)
    assert np.isfinite(run(hamilton, {})["log_p"]).all()
    run(inversion, names)
    assert names["shocks"].shape == (8, 1, 3)
    assert np.isfinite(names["log_p"]).all()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_likelihood_at_a_bound_is_read(tmp_path: Path) -> None:
    """In the place of the tutorial's likelihood, and without measurement error."""
    (configuration,), (bound,) = blocks("tutorial.md", "toml"), blocks("filters.md", "toml")
    text = re.sub(r"\[likelihood\].*?(?=\n\[)", bound, configuration, flags=re.DOTALL)
    text = re.sub(r"\[measurement_error\].*?(?=\n\[)", "", text, flags=re.DOTALL)
    (tmp_path / "fed.toml").write_text(
        text.replace('"an_schorfheide"', '"an_schorfheide_zlb"'), encoding="utf-8"
    )
    likelihood = Estimation.from_toml(tmp_path / "fed.toml").likelihood
    assert isinstance(likelihood, InversionSettings)
    assert likelihood.presample == 8
    assert likelihood.bound == {"observable": "interest_rate", "shock": "monetary", "floor": 0.25}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the examples are, with a short sample, few priors, few steps and the quickest likelihood."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    for name in ("herbst_schorfheide.toml", "calibration.toml"):
        text = (ROOT / "examples" / name).read_text(encoding="utf-8")
        text = re.sub(
            r"\[likelihood\].*?(?=\n\[)", '[likelihood]\nmethod = "kalman"\n', text, flags=re.DOTALL
        )
        text = re.sub(r"walkers = \d+", "walkers = 8", text.split("[priors.psi1]")[0])
        text = re.sub(r"steps = \d+", "steps = 12", re.sub(r'end = "\d+Q\d"', 'end = "1986Q4"', text))
        (tmp_path / "examples" / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_estimation_and_model_comparison(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = blocks("estimation.md", "python")
    names = run(first, {}, {", ...}": "}"})
    assert list(names["results"].table.index) == ["tau", "kappa"]
    assert capsys.readouterr().out == ""
    run(second, names, {'"results/hs"': '"results/again"'})
    printed, progress = capsys.readouterr()
    assert "tau " in printed
    assert "sampling: step 24 of 24" in progress
    (comparison,) = blocks("model-comparison.md", "python")
    run(comparison, names | {"other": marginal_likelihood.evidence(names["results"], draws=50)})


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_calibration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = blocks("calibration.md", "python")
    run(text, {"__name__": "__main__"}, {"replications=200": "replications=9, draws=8, steps=12"})
    assert "theta_pi" in capsys.readouterr().out
