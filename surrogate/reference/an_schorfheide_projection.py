"""The nonlinear economy of An and Schorfheide (2007) at one calibration, by collocation.

Judd (1992), "Projection methods for solving aggregate growth models", Journal of Economic Theory 58. Newton's
method with exact derivatives starts from the linear solution. Where it does not arrive, the problem is made
easier, by smaller shocks or a lower bound, and solutions are followed from there; where that path ends, no
equilibrium was found. Written apart from the code that trains networks, so that the two can disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import SurrogateError
from surrogate.reference.an_schorfheide_collocation import Collocation, Grid
from surrogate.reference.an_schorfheide_expectation import Shocks
from surrogate.reference.newton import NoConvergence, follow, newton

Array = NDArray[np.float64]

TOLERANCE = 1e-10
SHOCKS = ("sigma_r", "sigma_g", "sigma_z")
SMOOTH = (Grid(9, 4, 9, Shocks(9, 3, 9), width=4.5, growth_width=4.5),)
KINKED = (
    Grid(9, 3, 11, Shocks(14, 2, 9), width=5.0, growth_width=3.0),
    Grid(19, 3, 23, Shocks(20, 2, 25), width=5.0, growth_width=3.0),
)
"""Grids of the economies without and with the bound, each solved from the one before. With the bound, many
economies have an equilibrium only as long as growth stays within two or three standard deviations.
"""


@dataclass(frozen=True)
class AnSchorfheideSolution:
    """Consumption and inflation as functions of the states, on the grid of `collocation`.

    values [2, n_u, n_g, n_z] are logs over the steady state at its nodes, as in `Collocation`.
    """

    collocation: Collocation
    values: Array

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Consumption and gross inflation at interest_rate_lag, government, growth and monetary (all logs),
        arrays of any common shape.

        Raises
        ------
        BadData : a state outside the grid.
        """
        c = self.collocation.calibration
        names = ("interest_rate_lag", "government", "growth", "monetary")
        lag, government, growth, monetary = np.broadcast_arrays(
            *(np.asarray(states[name], float) for name in names)
        )
        inputs = (c.rho_r * (lag - c.log_rate) + monetary, government, growth)
        for name, axis, values in zip(("impulse", *names[1:3]), self.collocation.axes, inputs, strict=True):
            axis.require_inside(values, name)
        consumption, inflation = self.collocation.policy(self.values, *inputs, self.collocation.bound)
        return {
            "consumption": c.steady_consumption * np.exp(consumption),
            "inflation": c.target * np.exp(inflation),
        }


def solve_an_schorfheide(
    parameters: Mapping[str, float], grids: Sequence[Grid] = SMOOTH
) -> AnSchorfheideSolution:
    """Solve the economy without a bound at `parameters` (by name, natural units); takes under a second.

    `grids` are solved one from another; the last is that of the answer.

    Raises
    ------
    SurrogateError : no equilibrium is found; the message says how large shocks may be.
    Indeterminate, NoStableSolution : no unique stable equilibrium without shocks.
    """

    def with_shocks(share: float, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
        scaled = {name: parameters[name] * (share if name in SHOCKS else 1.0) for name in parameters}
        return _on_grid(Collocation(scaled, grids[0]), start)

    try:
        found = follow(with_shocks)
        for grid in grids[1:]:
            found = _on_grid(Collocation(parameters, grid), found)
    except NoConvergence as error:
        raise SurrogateError(
            f"no equilibrium was found at {dict(parameters)}: making shocks larger, {error}."
        ) from error
    return found


def solve_an_schorfheide_zlb(
    parameters: Mapping[str, float], grids: Sequence[Grid] = KINKED
) -> AnSchorfheideSolution:
    """Solve the economy whose rate is never below zero, the rule remembering the actual rate.

    Takes about ten seconds. Growth is kept within its grid. The bound is raised to zero from where it
    never binds, so that an error says how close to it solutions exist. Otherwise as `solve_an_schorfheide`.
    """
    free = solve_an_schorfheide(parameters, grids[:1])
    lowest = -free.collocation.calibration.log_rate

    def with_bound(share: float, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
        return _on_grid(Collocation(parameters, grids[0], lowest / share), start or free)

    try:
        found = follow(with_bound)
        for grid in grids[1:]:
            found = _on_grid(Collocation(parameters, grid, lowest), found)
    except NoConvergence as error:
        raise SurrogateError(
            f"no equilibrium with the bound was found at {dict(parameters)}: raising it to zero, {error}."
        ) from error
    return found


def _on_grid(collocation: Collocation, start: AnSchorfheideSolution | None) -> AnSchorfheideSolution:
    guess = collocation.start() if start is None else _transfer(start, collocation)
    values = newton(collocation.system, guess.ravel(), TOLERANCE)
    return AnSchorfheideSolution(collocation, values.reshape(collocation.shape))


def _transfer(start: AnSchorfheideSolution, to: Collocation) -> Array:
    """The values of a solution at the nodes of another grid."""
    impulse, government, growth = (axis.nodes for axis in to.axes)
    points = np.meshgrid(impulse, government, growth, indexing="ij")
    return start.collocation.policy(start.values, *points, bound=None)
