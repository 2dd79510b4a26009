"""Many countries at one calibration, by projection on polynomials that treat countries alike.

log k_j' is a polynomial of third degree in country j's capital and productivity (logs, apart from their
averages) and in power sums over countries: whatever is smooth and treats the others alike is one, up to the
fourth order (Fulton's fundamental theorem of symmetric functions, with one argument singled out). The number
of coefficients does not depend on the number of countries. They make the Euler equation of one country as
small as can be, in least squares, at points of a simulation of the solution of first degree (Judd, Maliar and
Maliar 2011, Quantitative Economics 2, work on a simulation as well). O(P N^2) polynomials for each
evaluation at P points. Written apart from the code that trains networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import chain, combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from ..errors import SurrogateError

Array = NDArray[np.float64]
Policy = Callable[[Array, Array], Array]
"""From logs of capital and productivity [..., N] to log capital of tomorrow [..., N]."""
BETA, DELTA, ALPHA = 0.99, 0.025, 0.36
SCALE = (1 - BETA * (1 - DELTA)) / (ALPHA * BETA)
"""Output where capital and productivity are one."""
DEGREE, POINTS, BURN_IN, EVERY, SEED = 3, 150, 200, 13, 0
UNIT = 0.1
"""Of logs in polynomials."""
FIRST = np.array([0.0, 0.8, 0.1, 0.95, 0.05])
"""Where the search begins: responses to own capital and productivity, and to their averages."""
NEGLIGIBLE = 1e-7
"""Singular values, relative to the largest, of columns that say the same at all points."""
SOLVED = 1e-3
"""Root mean square of Euler errors that a solution may have."""


@dataclass(frozen=True)
class Planner:
    """Parameters, and the points [2 N + 2, N] of a monomial rule for shocks to log productivity."""

    gamma: float
    phi: float
    rho: float
    sigma: float
    countries: int

    @property
    def shocks(self) -> Array:
        """Each equally likely."""
        own_and_world = np.hstack([np.eye(self.countries), np.ones((self.countries, 1))]).T
        points = np.sqrt(self.countries + 1) * own_and_world
        return self.sigma * np.concatenate([points, -points])

    def consumption(self, k: Array, z: Array, k_next: Array) -> Array:
        """Of each country [...], from logs of capital and productivity [..., N]."""
        capital, saved = np.exp(k), np.exp(k_next)
        cost = self.phi / 2 * (saved - capital) ** 2 / capital
        return (SCALE * np.exp(z + ALPHA * k) + (1 - DELTA) * capital - saved - cost).mean(-1)

    def errors(self, policy: Policy, k: Array, z: Array) -> Array:
        """Euler errors [n] of the first country, as shares of consumption, at logs [n, N]."""
        saved = policy(k, z)
        c = self.consumption(k, z, saved)
        k_then = np.broadcast_to(saved, (len(self.shocks), *saved.shape))
        z_then = self.rho * z + self.shocks[:, None]
        saved_then = policy(k_then, z_then)
        c_then = self.consumption(k_then, z_then, saved_then)
        first = k_then[..., 0]
        growth = np.exp(saved_then[..., 0] - first)
        rent = ALPHA * SCALE * np.exp(z_then[..., 0] + (ALPHA - 1) * first)
        worth = rent + 1 - DELTA + self.phi / 2 * (growth**2 - 1)
        expected = (BETA * (c_then / c) ** -self.gamma * worth).mean(0)
        cost = 1 + self.phi * (np.exp(saved[:, 0] - k[:, 0]) - 1)
        return 1 - (expected / cost) ** (-1 / self.gamma)

    def simulate(self, policy: Policy, generator: np.random.Generator, states: int) -> tuple[Array, Array]:
        """Logs of capital and productivity [states, N] along a path, some periods apart."""
        k, z = np.zeros((2, 1, self.countries))
        path = []
        for _ in range(self.periods(states)):
            shocks = generator.standard_normal(self.countries) + generator.standard_normal()
            k, z = policy(k, z), self.rho * z + self.sigma * shocks
            path.append((k[0], z[0]))
        chosen = np.array(path[BURN_IN::EVERY])
        return chosen[:, 0], chosen[:, 1]

    @staticmethod
    def periods(states: int) -> int:
        """How long a path with so many states is."""
        return BURN_IN + EVERY * states


@dataclass(frozen=True)
class Polynomial:
    """log k' [..., N] of all countries: `coefficients` [m] of the polynomials up to `degree`."""

    degree: int
    coefficients: Array

    def __call__(self, k: Array, z: Array) -> Array:
        """At logs [..., N]."""
        return terms(k, z, self.degree) @ self.coefficients


def terms(k: Array, z: Array, degree: int) -> Array:
    """All polynomials [..., N, m] up to `degree` that treat other countries alike, at logs [..., N]."""
    mean_k, mean_z = k.mean(-1, keepdims=True), z.mean(-1, keepdims=True)
    own = ((k - mean_k) / UNIT, (z - mean_z) / UNIT)
    factors = [(1, each) for each in (*own, mean_k / UNIT, mean_z / UNIT)]
    for power in range(2, degree + 1):
        products = [product_of(each) for each in combinations_with_replacement(own, power)]
        factors += [(power, each.mean(-1, keepdims=True)) for each in products]
    chosen = chain.from_iterable(combinations_with_replacement(factors, n) for n in range(degree + 1))
    columns = [
        product_of([np.ones_like(k), *(each for _, each in some)])
        for some in chosen
        if sum(order for order, _ in some) <= degree
    ]
    return np.stack(columns, -1)


def product_of(factors: Iterable[Array]) -> Array:
    """Element by element."""
    return reduce(np.multiply, factors)


@dataclass(frozen=True)
class IrbcSolution:
    """The policy at one calibration, and the root mean square of its Euler errors where it was solved."""

    policy: Polynomial
    error: float

    def controls(self, states: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Capital of tomorrow [..., N] at `capital` and `productivity` [..., N]."""
        capital, z = np.asarray(states["capital"], float), np.asarray(states["productivity"], float)
        return {"capital_next": np.exp(self.policy(np.log(capital), z))}


def solve_irbc(parameters: Mapping[str, float], countries: int = 10) -> IrbcSolution:
    """Solve at `parameters` (gamma, phi, rho, sigma), in seconds.

    Raises
    ------
    SurrogateError : the equations are not solved.
    """
    gamma, phi, rho, sigma = (float(parameters[name]) for name in ("gamma", "phi", "rho", "sigma"))
    planner = Planner(gamma, phi, rho, sigma, countries)
    generator = np.random.default_rng(SEED)
    spread = planner.sigma / (1 - planner.rho**2) ** 0.5
    own, together = (
        generator.standard_normal((2, POINTS, countries)),
        generator.standard_normal((2, POINTS, 1)),
    )
    k, z = spread * (own + together)
    linear = _solved(planner, Polynomial(1, UNIT * FIRST), 1, k, z)
    k, z = planner.simulate(linear, generator, POINTS)
    policy = _solved(planner, linear, DEGREE, k, z)
    error = float(np.sqrt(np.mean(planner.errors(policy, k, z) ** 2)))
    if not error < SOLVED:
        raise SurrogateError(
            f"no policy was found at {dict(parameters)}, Euler errors are {error:.1e}: are these values "
            "sensible?"
        )
    return IrbcSolution(policy, error)


def _solved(planner: Planner, start: Polynomial, degree: int, k: Array, z: Array) -> Polynomial:
    """The polynomial of this degree with the smallest errors at logs [n, N], from `start`."""
    _, sizes, rows = np.linalg.svd(terms(k, z, degree)[:, 0], full_matrices=False)
    columns = (rows / sizes[:, None])[sizes > NEGLIGIBLE * sizes[0]].T * np.sqrt(len(k))
    like_start = np.linalg.lstsq(terms(k, z, degree)[:, 0] @ columns, start(k, z)[:, 0])[0]

    def errors(x: Array) -> Array:
        return planner.errors(Polynomial(degree, columns @ x), k, z)

    found = least_squares(errors, like_start, method="lm", x_scale="jac")
    return Polynomial(degree, columns @ found.x)
