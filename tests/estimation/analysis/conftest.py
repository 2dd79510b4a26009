"""Results of economies whose answers are known."""

import pytest

from estimation.results import Results
from surrogate import Surrogate
from tests.estimation.analysis.economies import linear_results
from tests.linear_artifact import LinearEconomy


@pytest.fixture(scope="package")
def results(linear: Surrogate, linear_economy: LinearEconomy) -> Results:
    """Forty draws of the linear artifact."""
    return linear_results(linear, linear_economy)
