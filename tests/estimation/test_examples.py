"""Every example reads, and what it names exists."""

from pathlib import Path

import pytest

from estimation.config import read_toml
from estimation.settings import likelihood_settings, read_priors

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_has_data_priors_and_a_likelihood(path):
    arguments = read_toml(path)
    assert len(arguments["data"]) >= 80
    assert arguments["data"].notna().all(axis=None)
    assert len(read_priors(arguments["priors"])) >= 3
    assert likelihood_settings(arguments["likelihood"]).method in ("twisted", "moments")
    assert arguments["sampler"]["ensembles"] >= 2
