"""The law of capital as a policy: goods add up, and it leads along the law's own forecast."""

import numpy as np
import pytest

from surrogate.errors import BadData
from surrogate.reference.krusell_smith_aggregate import AggregatePolicy
from surrogate.reference.krusell_smith_economy import DEFAULT, Economy
from surrogate.reference.krusell_smith_law import Law

LAW = Law((0.12481, 0.13767), (0.96530, 0.96326))


@pytest.fixture
def policy() -> AggregatePolicy:
    return AggregatePolicy(Economy(DEFAULT), LAW, (3.3, 4.1))


def test_what_is_not_consumed_is_the_law_s_capital(policy: AggregatePolicy) -> None:
    """By the production function instead of factor prices."""
    log_capital, productivity = np.meshgrid(np.linspace(3.4, 4.0, 5), [0.99, 1.01])
    good = productivity > 1
    labour = np.where(good, 0.96, 0.90) / 0.9
    output = productivity * np.exp(0.36 * log_capital) * labour**0.64
    states = {"log_capital": log_capital, "productivity": productivity}
    kept = output + 0.975 * np.exp(log_capital) - policy.controls(states)["consumption"]
    a, b = (np.where(good, values[1], values[0]) for values in (LAW.intercept, LAW.slope))
    np.testing.assert_allclose(np.log(kept), a + b * log_capital, rtol=1e-12)


def test_capital_beyond_the_grid_is_refused(policy: AggregatePolicy) -> None:
    with pytest.raises(BadData, match=r"log_capital leaves the range from 3\.3 to 4\.1"):
        policy.controls({"log_capital": [3.5, 4.2], "productivity": 1.01})
