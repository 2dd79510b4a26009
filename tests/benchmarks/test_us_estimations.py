"""What the benchmark changes in a configuration, and what it takes from a finding."""

import tomllib

import pandas as pd
import pytest

from benchmarks.filter_cases import ROOT
from benchmarks.us_estimations import EXAMPLES, linear_text, title_and_note
from estimation.analysis import Finding


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("share", [None, 0.01])
def test_the_linear_twin_differs_by_its_likelihood_and_how_long_it_is_sampled(
    name: str, share: float | None
) -> None:
    text = (ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8")
    expected = tomllib.loads(text)
    expected["likelihood"] = {"method": "kalman"}
    expected["sampler"] |= {"steps": 3000, "target_ess": 500}
    if share is not None:
        expected["measurement_error"]["share_of_sd"] = share
    assert tomllib.loads(linear_text(text, share)) == expected


def test_title_and_note_are_those_of_the_finding() -> None:
    table = pd.DataFrame({"value": [1.0]}, index=pd.Index(["x"], name="name"))
    assert title_and_note(Finding("f", "A title", table, "A note.").markdown()) == ("A title", "A note.")
