"""The first-order economy, loaded."""

from pathlib import Path

import pytest

from surrogate import Surrogate
from tests.estimation.moments.first_order import first_order_economy
from tests.linear_artifact import write_artifact


@pytest.fixture(scope="session")
def first_order(tmp_path_factory: pytest.TempPathFactory) -> Surrogate:
    folder: Path = tmp_path_factory.mktemp("artifacts") / "first_order"
    return Surrogate(write_artifact(first_order_economy(), folder))
