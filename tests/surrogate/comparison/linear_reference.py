"""The linear economy's exact policy in the form of a classical solution."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadData
from tests.linear_artifact import example_economy


class LinearSolution:
    """Exact but for a `bias`, on |s| <= `reach`."""

    def __init__(self, bias: float = 0.0, reach: float = np.inf) -> None:
        self.bias, self.reach = bias, reach
        self.economy = example_economy().at([0.0, 0.0, 0.0])

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
        """x0 at s0 and s1."""
        s = np.stack(np.broadcast_arrays(states["s0"], states["s1"]), axis=-1)
        if np.abs(s).max() > self.reach:
            raise BadData("s leaves the grid.")
        deviations = s - self.economy.state_mean
        return {"x0": self.economy.control_mean[0] + self.bias + deviations @ self.economy.control_loading[0]}


def exact(parameters: Mapping[str, float]) -> LinearSolution:
    """The truth."""
    return LinearSolution()


def biased(parameters: Mapping[str, float]) -> LinearSolution:
    """A hundredth too high everywhere."""
    return LinearSolution(bias=0.01)


def wide(parameters: Mapping[str, float]) -> LinearSolution:
    """The truth but for where the economy seldom goes."""
    return LinearSolution(reach=3.0)


def narrow(parameters: Mapping[str, float]) -> LinearSolution:
    """The truth where the economy seldom is."""
    return LinearSolution(reach=0.5)


def of_another(parameters: Mapping[str, float]) -> LinearSolution:
    """A solution of an economy with other parameters."""
    return LinearSolution(parameters["alpha"])
