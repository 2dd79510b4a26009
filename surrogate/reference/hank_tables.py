"""What the surrogate of Kase, Melosi and Rottner's economy with heterogeneous households is told beforehand.

    python -m surrogate.reference.hank_tables surrogate/models/hank_tables.npz

solves the economy at Chebyshev nodes of the households' risk and limit, in some minutes: prices, the worth of
saving M, expectation vectors and the histogram at rest, and the directions in which log M moves to first
order. At draws of the other parameters it keeps the first-order answer to the states that the network sees,
and the first-order law of the moments among these.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.stats.qmc import Sobol

from ..house.files import atomic_path
from ..house.listener import track
from .hank_jacobian import INPUTS, HouseholdResponses, expectation_vectors, household_responses
from .hank_linear import SHOCKS, LinearResponses, linear_responses
from .hank_steady_state import SteadyState, solve_steady_state

Array = NDArray[np.float64]

BOX = {
    "sigma_s": (0.025, 0.1),
    "borrowing_limit": (-0.65, -0.35),
    "phi": (70.0, 120.0),
    "theta_pi": (1.75, 2.75),
    "theta_y": (0.75, 1.25),
    "rho_z": (0.2, 0.6),
    "rho_m": (0.85, 0.95),
    "sigma_zeta": (0.01, 0.02),
    "sigma_z": (0.003, 0.006),
    "sigma_m": (0.0005, 0.002),
}
RISK_NODES, LIMIT_NODES = 7, 5
DRAWS = 64
"""Of the other parameters, at each node."""
PERIODS = 200
FOLLOWED, AHEAD = 40, 60
"""Periods of an impulse response that say how log M moves, and how far ahead prices matter for that."""
LEADS = (0, 8)
"""Periods ahead at which the consumption that is expected of all is a moment of their distribution."""
DIRECTIONS = 6
"""Of log M."""
LEAST_WEIGHT = 1e-4
"""Added to the mass of a node where directions are weighted."""
MOMENTS = tuple(f"expected_{lead}" for lead in LEADS)
LOGS = ("inflation", "wage", "tax", "output")


class Node(NamedTuple):
    """An economy at rest, its households' answers and its first-order responses at some parameters."""

    rest: SteadyState
    expectations: Array
    """[leads, states, nodes]."""
    households: HouseholdResponses
    parameters: Array
    """[draws, n_parameters]."""
    responses: list[LinearResponses]

    @property
    def weights(self) -> Array:
        """Roots of the masses, nearly, [states, nodes]."""
        return np.sqrt(np.abs(self.rest.mass) + LEAST_WEIGHT)


def main(path: str) -> None:
    """Write the tables; the file appears whole or not at all."""
    nodes = [_node(*each) for each in track(list(product(risks(), limits())), "economies at rest")]
    directions = _aligned(nodes)
    coefficients = [
        _coefficients(node, each, response)
        for node, each in zip(nodes, directions, strict=True)
        for response in node.responses
    ]
    laws = [_law(response) for node in nodes for response in node.responses]
    tables = {
        "rest": np.stack([_rest(node) for node in nodes]),
        "log_worth": np.stack([np.log(node.rest.worth) for node in nodes]),
        "expectations": np.stack([node.expectations for node in nodes]),
        "mass": np.stack([node.rest.mass for node in nodes]),
        "directions": np.stack(directions),
        "parameters": np.concatenate([node.parameters for node in nodes]),
        "first_order": np.stack(coefficients),
        "law": np.stack(laws),
    }
    with atomic_path(Path(path)) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **tables)


def risks() -> Array:
    """sigma_s at the nodes, Chebyshev's in logs."""
    low, high = np.log(BOX["sigma_s"])
    return np.exp(_chebyshev(low, high, RISK_NODES))


def limits() -> Array:
    """B at the nodes."""
    return _chebyshev(*BOX["borrowing_limit"], LIMIT_NODES)


def _chebyshev(low: float, high: float, count: int) -> Array:
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (2 * np.arange(count) + 1) / (2 * count))


def _node(sigma: float, limit: float) -> Node:
    rest = solve_steady_state(sigma, limit)
    vectors = expectation_vectors(rest, rest.choices.consumption, max(LEADS) + 1)
    expectations = np.stack([vectors[lead] for lead in LEADS])
    households = household_responses(rest, PERIODS, dict(zip(MOMENTS, expectations, strict=True)))
    low, high = np.array(list(BOX.values())).T
    seed = int(1e6 * sigma) + int(-1e9 * limit) % 1000
    parameters = low + (high - low) * Sobol(len(BOX), rng=seed).random(DRAWS)
    parameters[:, :2] = sigma, limit
    names = list(BOX)
    responses = [
        linear_responses(rest, households, dict(zip(names, row.tolist(), strict=True))) for row in parameters
    ]
    return Node(rest, expectations, households, parameters, responses)


def _rest(node: Node) -> Array:
    """log R, log Y, log tau and the moments at rest."""
    moments = (node.expectations * node.rest.mass).sum((-1, -2))
    return np.array(
        [np.log(node.rest.gross_rate), np.log(node.rest.output), np.log(node.rest.prices.tax), *moments]
    )


def _worth_of(node: Node, responses: LinearResponses) -> Array:
    """log M along the impulse responses, [shocks FOLLOWED, states, nodes]."""
    rows = []
    for shock in SHOCKS:
        for start in range(FOLLOWED):
            ahead = (
                np.tensordot(
                    responses.inputs[shock][each][start : start + AHEAD],
                    node.households.worth[each][:AHEAD],
                    1,
                )
                for each in INPUTS
            )
            rows.append(sum(ahead))
    return np.array(rows)


def _own_directions(node: Node) -> Array:
    """The largest principal components of log M, [DIRECTIONS, states, nodes]: each draw counts alike."""
    moved = [_worth_of(node, each) * node.weights for each in node.responses[:: DRAWS // 8]]
    rows = np.concatenate([each.reshape(len(each), -1) / np.linalg.norm(each) for each in moved])
    _, _, components = np.linalg.svd(rows, full_matrices=False)
    return components[:DIRECTIONS].reshape(DIRECTIONS, *node.weights.shape)


def _aligned(nodes: list[Node]) -> list[Array]:
    """Directions of each node, turned so that they are close to those in the middle of the box."""
    own = [_own_directions(node) for node in nodes]
    middle = own[len(own) // 2]
    size = np.abs(middle / nodes[len(own) // 2].weights)[:, :, :-10].max((1, 2))[:, None, None]
    turned = []
    for node, each in zip(nodes, own, strict=True):
        turn, _ = orthogonal_procrustes(each.reshape(DIRECTIONS, -1).T, middle.reshape(DIRECTIONS, -1).T)
        turned.append(np.tensordot(turn.T, each, 1) / node.weights / size)
    return turned


def _coefficients(node: Node, directions: Array, responses: LinearResponses) -> Array:
    """First-order answers of log Pi, log W, log tau, log Y and the size of each direction of log M to the
    states that the network sees, [4 + DIRECTIONS, 6].
    """
    weighted = (directions * node.weights).reshape(DIRECTIONS, -1)
    worth = (_worth_of(node, responses) * node.weights).reshape(len(SHOCKS) * FOLLOWED, -1)
    sizes = np.linalg.lstsq(weighted.T, worth.T, rcond=None)[0].T
    tax = node.rest.prices.tax
    answers = [
        np.stack([path[name][:FOLLOWED] / (tax if name == "tax" else 1.0) for name in LOGS], 1)
        for path in responses.paths.values()
    ]
    return _fitted(responses, np.hstack([np.concatenate(answers), sizes]))


def _law(responses: LinearResponses) -> Array:
    """First-order answers of tomorrow's moments to the same, [moments, 6]."""
    tomorrow = [
        np.stack([path[name][1 : FOLLOWED + 1] for name in MOMENTS], 1) for path in responses.paths.values()
    ]
    return _fitted(responses, np.concatenate(tomorrow))


def _fitted(responses: LinearResponses, outcomes: NDArray[np.floating]) -> Array:
    """Least squares coefficients [k, 6] of `outcomes` [shocks FOLLOWED, k] in the lagged rate, zeta, z, mp
    and the moments, along the impulse responses.
    """
    states = []
    for path in responses.paths.values():
        lagged = np.concatenate([[0.0], path["interest_rate"][: FOLLOWED - 1]])
        states.append(np.stack([lagged, *(path[name][:FOLLOWED] for name in (*SHOCKS, *MOMENTS))], 1))
    regressors = np.concatenate(states)
    scale = np.linalg.norm(regressors, axis=0)
    return (np.linalg.lstsq(regressors / scale, outcomes, rcond=None)[0] / scale[:, None]).T


if __name__ == "__main__":
    main(sys.argv[1])
