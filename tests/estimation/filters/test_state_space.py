"""State spaces: observables by name, measurement error, burn-in."""

import numpy as np
import pytest

from estimation.filters.state_space import StateSpace
from surrogate.errors import BadConfiguration, UnknownName


def test_step_returns_the_measured_observables_in_their_order(linear):
    states, controls = linear.steady_state(linear.default)
    theta = linear.default[None].astype(np.float32)
    shocks = np.ones((1, 2), np.float32)
    everything = linear.step(states, controls, shocks, theta).next_observables
    swapped = StateSpace(linear, ("y1", "y0"), [1, 1]).step(states, controls, shocks, theta)
    np.testing.assert_array_equal(swapped.next_observables, everything[:, ::-1])


def test_unknown_observable_names_the_close_ones(linear):
    with pytest.raises(UnknownName, match="y0"):
        StateSpace(linear, ("y00",), [1.0])


@pytest.mark.parametrize("observables", [(), ("y0", "y0")])
def test_observables_are_named_once(linear, observables):
    with pytest.raises(BadConfiguration, match="once"):
        StateSpace(linear, observables)


def test_negative_burn_in_is_an_error(linear):
    with pytest.raises(BadConfiguration, match="burn_in"):
        StateSpace(linear, ("y0",), [1.0], burn_in=-1)


def test_measurement_sd_must_fit_the_observables(linear):
    with pytest.raises(BadConfiguration, match="y0, y1"):
        StateSpace(linear, ("y0", "y1"), [1.0])


def test_unknown_measurement_sd_is_asked_for(linear):
    with pytest.raises(BadConfiguration, match="Give measurement_sd"):
        StateSpace(linear, ("y0",)).sd_of_measurement(None, 3)


def test_measurement_sd_of_one_row_serves_all_vectors(linear):
    sd = StateSpace(linear, ("y0", "y1"), [1.0, 2.0]).sd_of_measurement(None, 3)
    np.testing.assert_array_equal(sd, [[1.0, 2.0]] * 3)
