"""Output alone, in the economy in continuous time: its shocks, and what it says of parameters."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from estimation.filters import InversionFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load

QUARTERS, BURN_IN = 220, 100


@pytest.fixture(scope="module")
def economy() -> Surrogate:
    return load("krusell_smith_continuous")


@pytest.fixture(scope="module")
def sample(economy: Surrogate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shocks and log output [QUARTERS] at the default."""
    shocks = np.random.default_rng(3).standard_normal((BURN_IN + QUARTERS, 1))
    return shocks[BURN_IN:, 0], economy.simulate({}, shocks).observables[BURN_IN:, 0, 0].astype(float)


def relative_to_rest(
    economy: Surrogate, output: NDArray[np.float64]
) -> Callable[[dict[str, float]], NDArray[np.float64]]:
    """The same cycle around wherever output rests at other parameters, [QUARTERS, 1]."""

    def rest(parameters: dict[str, float]) -> float:
        return float(economy.simulate(parameters, np.zeros((800, 1))).observables[-1, 0, 0])

    usual = rest({})
    return lambda parameters: (output - usual + rest(parameters))[:, None]


def test_shocks_are_found_from_output(economy: Surrogate, sample: tuple) -> None:
    """Capital forgets where the filter begins: after 50 quarters they are right within .03 of a sd."""
    shocks, output = sample
    inversion = InversionFilter(StateSpace(economy, ("log_output",))).invert(
        economy.parameter_array({}), output[:, None]
    )
    assert inversion.found.all()
    np.testing.assert_allclose(inversion.shocks[50:, 0, 0], shocks[50:], atol=0.03)


def test_the_cycle_says_nothing_of_risk_aversion_and_much_of_volatility(
    economy: Surrogate, sample: tuple
) -> None:
    """log p falls by less than one over nearly all of gamma's range, in two samples, and by eight or more
    where sig is a fifth off. What gamma moves is the level of output.
    """
    _, output = sample
    around = relative_to_rest(economy, output)
    inversion = InversionFilter(StateSpace(economy, ("log_output",)))

    def loss(parameters: dict[str, float], data: NDArray[np.float64]) -> float:
        best = inversion.log_likelihood(economy.parameter_array({}), output[:, None])
        return float((best - inversion.log_likelihood(economy.parameter_array(parameters), data))[0])

    for gamma in (1.6, 2.9):
        assert abs(loss({"gamma": gamma}, around({"gamma": gamma}))) < 1.5
        assert loss({"gamma": gamma}, output[:, None]) > 20
    for sig in (0.008, 0.012):
        assert loss({"sig": sig}, around({"sig": sig})) > 5
