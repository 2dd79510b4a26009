"""Three ways to hold the distribution of households in continuous time.

The residual is the same: the aggregate drift is a sum over points and weights, which are the nodes of a
histogram, agents, or nodes on a line through the distribution at rest. A histogram is trained over the whole
box; the other two at the default calibration.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import BadConfiguration
from ..models.interface import Model
from ..models.krusell_smith_continuous import GRID, KrusellSmithContinuous
from ..models.krusell_smith_continuous_agents import KrusellSmithFiniteAgents
from ..models.krusell_smith_continuous_projection import KrusellSmithProjection
from ..reference.continuous_time import Economy, Stationary, solve_stationary, stationary_on
from ..reference.continuous_time_linear import slowest_direction

NARROW = 1e-3
"""Share by which parameters of one calibration differ: networks standardise what they see."""
NODES = 160
"""Of the finite differences from which the slowest direction is known."""


def with_distribution(economy: Model, kind: str) -> Model:
    """The economy with its distribution held as `kind` says: histogram, finite_agents or projection.

    Raises
    ------
    BadConfiguration : the economy's distribution is held in one way only.
    """
    if kind == "histogram":
        return economy
    if not isinstance(economy, KrusellSmithContinuous):
        raise BadConfiguration(
            f"distribution={kind} is for krusell_smith_continuous, which {economy.name} is not: leave it out."
        )
    if kind == "finite_agents":
        return at_default(KrusellSmithFiniteAgents())
    projected = at_default(KrusellSmithProjection())
    assert isinstance(projected, KrusellSmithProjection)
    calibration = {each.name: each.default for each in economy.parameters}
    exact, coarse = solve_stationary(calibration), stationary_on(Economy.of(calibration), NODES)
    fine, half = (on_nodes(each, each.masses) for each in (exact.fine, exact.coarse))
    projected.rest = 2 * fine - half
    slowest = on_nodes(coarse, slowest_direction(coarse))
    projected.slowest = slowest / (slowest @ torch.cat([GRID.points, GRID.points]))
    return projected


def at_default(economy: KrusellSmithContinuous) -> KrusellSmithContinuous:
    """The same economy with a box that is hardly larger than the default."""
    ranges = tuple(
        replace(each, lower=each.default * (1 - NARROW), upper=each.default * (1 + NARROW))
        for each in economy.parameters
    )
    household = type(economy.household)
    there: dict[str, Any] = {"parameters": ranges, "written": household.written}
    same = {"parameters": ranges, "written": KrusellSmithContinuous}
    same["household"] = type(household.__name__, (household,), there)()
    return type(type(economy).__name__, (type(economy),), same)()


def on_nodes(rest: Stationary, masses: np.ndarray) -> Tensor:
    """`masses` [n, 2] of a finite-difference grid on the histogram's nodes [2 nodes], capital unchanged."""
    unit = rest.economy.representative_capital
    first, weights = GRID.lottery(torch.from_numpy(rest.grid.nodes / unit))
    moved = torch.zeros(2, GRID.count, dtype=torch.float64)
    for step, weight in enumerate(weights):
        for income in range(2):
            moved[income].scatter_add_(0, first + step, weight * torch.from_numpy(masses[:, income].copy()))
    return moved.flatten()
