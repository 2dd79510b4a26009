"""Fixtures every package's tests share."""

from pathlib import Path

import pytest

from surrogate import Surrogate
from tests.linear_artifact import LinearEconomy, example_economy, write_artifact


@pytest.fixture(scope="session")
def linear_economy() -> LinearEconomy:
    """The linear Gaussian economy behind `linear_folder`."""
    return example_economy()


@pytest.fixture(scope="session")
def linear_folder(linear_economy: LinearEconomy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete artifact of the linear economy; read only."""
    return write_artifact(linear_economy, tmp_path_factory.mktemp("artifacts") / "linear")


@pytest.fixture(scope="session")
def linear(linear_folder: Path) -> Surrogate:
    """The linear economy, loaded."""
    return Surrogate(linear_folder)
