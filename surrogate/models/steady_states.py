"""A steady state that is solved for numerically, for economies that have none in closed form.

At draws of the box a damped Newton method solves the equations at rest, from the author's values or step by
step from where the default economy rests, and a polynomial in the parameters keeps the answers. Inside the
graph the polynomial is where Newton's method starts again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..errors import NoEquilibrium
from .aid import Aid
from .box_polynomial import (
    EVEN,
    MOST_FAILURES,
    BoxPolynomial,
    draws_of_box,
    once_per_class,
    whereabouts,
)
from .free_coordinates import FreeCoordinates, positive_states
from .graph_algebra import newton
from .interface import Model
from .period import Parameters, Period
from .variables import Column, Variable

ITERATIONS, HALVINGS, ROUNDS, FAR = 50, 12, 4, 5.0
LEGS = 8
"""Of the way from the default parameters to others, where the author's values lead nowhere."""
SOLVED = 1e-10
"""Largest error of the equations at rest, and of the states' movement in free coordinates."""
NEWTON_STEPS, WIDTH = 6, 1e-3
"""Inside the graph, and of the differences there."""


class NumericalSteadyState(Aid):
    """`steady_state` from starting values: inherit from it before `Model` and write `initial_values`.

    What is done at the draws is done once, at the first use of the class, and takes some seconds, or a minute
    where the initial values lead nowhere. Equations
    may read `p.at_rest`, the period in the steady state; bounds of controls may not.
    """

    @abstractmethod
    def initial_values(self, p: Parameters) -> Mapping[str, float | Tensor]:
        """States and controls by name at which Newton's method starts, feasible: numbers, or tensors [...].

        A state that starts positive is taken to be positive, and seen in logs, unless its unit says log,
        deviation or percent.
        """

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """States and controls without shocks, each [...]; in float64 they solve the equations to `SOLVED` at
        nine draws in ten or more; elsewhere the last steps of Newton's method may not have settled.

        Raises
        ------
        NoEquilibrium : none is found on more than a tenth of the box; the message says where.
        """
        coordinates = _rest_of(cast(Model, self)).coordinates
        s, x = coordinates.split(p.rest_in_free_coordinates)
        states = coordinates.states(s)
        return states, coordinates.controls(Period(coordinates.model, p, states), x)

    def beforehand(self) -> tuple[Column, ...]:
        """The numbers at rest."""
        model = cast(Model, self)
        size = sum(each.size for each in (*model.states, *model.controls))
        return (*super().beforehand(), Variable("rest_in_free_coordinates", size=size))

    def rest_in_free_coordinates(self, p: Parameters) -> Tensor:
        """The polynomial, moved by Newton's method in float64: [..., n_states + n_controls]."""
        model = cast(Model, self)
        return _polished(_rest_of(model), model.name_parameters(p.vector.double())).to(p.vector.dtype)


class _Rest(NamedTuple):
    """What is known of a class: its coordinates, and a polynomial for their values at rest."""

    coordinates: FreeCoordinates
    polynomial: BoxPolynomial


@once_per_class
def _rest_of(model: Model) -> _Rest:
    """Solve at draws of the box and fit; raises NoEquilibrium."""
    economy = cast(NumericalSteadyState, model)
    defaults = economy.initial_values(model.name_parameters(model.default_parameters()))
    coordinates = FreeCoordinates(model, positive_states(model, defaults))
    theta = draws_of_box(model)
    rest, solved = _solve(coordinates, theta, _starting_values(economy, coordinates, theta))
    if not solved.all():
        rest[~solved], solved[~solved] = _from_the_default(economy, coordinates, theta[~solved])
    _require_mostly(
        model,
        theta,
        solved,
        "no steady state was found from the initial values, nor on the way from the default,",
    )
    together = solved
    for _ in range(ROUNDS):
        polynomial = BoxPolynomial(model.parameters, theta[together], rest[together])
        predicted = polynomial(model.name_parameters(theta))
        distance = (rest - predicted).norm(dim=-1).nan_to_num(torch.inf)
        apart = ~solved | (distance > FAR * distance[solved].median() + SOLVED)
        rest[apart], solved[apart] = _solve(coordinates, theta[apart], predicted[apart])
        distance = (rest - predicted).norm(dim=-1).nan_to_num(torch.inf)
        together = solved & (distance <= FAR * distance[solved].median() + SOLVED)
    found = _Rest(coordinates, BoxPolynomial(model.parameters, theta[together], rest[together]))
    p = model.name_parameters(theta)
    errors = coordinates.errors_at_rest(p, _polished(found, p)).abs().amax(-1)
    _require_mostly(
        model, theta, errors <= SOLVED, "steady states are found, but no polynomial follows them,"
    )
    return found


def _polished(found: _Rest, p: Parameters) -> Tensor:
    """The polynomial, moved by Newton's method: [..., n_states + n_controls]."""
    rows = found.coordinates.model.name_parameters(p.vector.unsqueeze(-2))
    return newton(
        lambda rest: found.coordinates.errors_at_rest(rows, rest), found.polynomial(p), NEWTON_STEPS, WIDTH
    )


def _from_the_default(
    economy: NumericalSteadyState, coordinates: FreeCoordinates, theta: Tensor
) -> tuple[Tensor, Tensor]:
    """Follow the economy at rest on the straight way from the default parameters to `theta`
    [n, n_parameters]: what `_solve` returns, at the end of the way.
    """
    default = coordinates.model.default_parameters()[None]
    start, solved = _solve(coordinates, default, _starting_values(economy, coordinates, default))
    rest, solved = (each.repeat(len(theta), *[1] * (each.dim() - 1)) for each in (start, solved))
    before = rest.clone()
    for leg in range(1, LEGS + 1):
        at = default + leg / LEGS * (theta[solved] - default)
        here, there = rest[solved], 2 * rest[solved] - before[solved]
        ahead, reached = _solve(coordinates, at, there)
        ahead[~reached], reached[~reached] = _solve(coordinates, at[~reached], here[~reached])
        before[solved], rest[solved] = here, ahead
        solved[solved.clone()] = reached
    return rest, solved


def _starting_values(economy: NumericalSteadyState, coordinates: FreeCoordinates, theta: Tensor) -> Tensor:
    """Free coordinates [n, n_states + n_controls] of the author's initial values at `theta`."""
    model = coordinates.model
    p = model.name_parameters(theta)
    values = {
        name: torch.as_tensor(value, dtype=theta.dtype) + torch.zeros_like(theta[:, 0])
        for name, value in economy.initial_values(p).items()
    }
    states = {state.name: values.pop(state.name) for state in model.states}
    now = Period(model, p, states)
    return torch.cat([coordinates.of_states(states), coordinates.of_controls(now, values)], -1)


def _solve(coordinates: FreeCoordinates, theta: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
    """Newton's method with the best of `HALVINGS` step lengths: coordinates [n, k] and whether they solve the
    equations at rest, bool [n].
    """

    def errors(z: Tensor, at: Tensor) -> Tensor:
        return coordinates.errors_at_rest(coordinates.model.name_parameters(at), z)

    lengths = torch.cat([0.5 ** torch.arange(HALVINGS), torch.zeros(1)]).to(theta)[:, None, None]
    rest = rest.clone()
    for _ in range(ITERATIONS):
        value = errors(rest, theta)
        todo = ~(value.abs().amax(-1) <= SOLVED / 100)
        if not todo.any():
            break
        z, at = rest[todo], theta[todo]
        direction, _ = torch.linalg.solve_ex(vmap(jacrev(errors))(z, at), value[todo])
        candidates = z - lengths * direction
        sizes = errors(candidates, at).norm(dim=-1).nan_to_num(torch.inf)
        best = sizes.argmin(0)
        if bool((best == HALVINGS).all()):
            break
        moved = candidates[best, torch.arange(len(z))]
        rest[todo] = torch.where((best == HALVINGS)[:, None], z, moved)
    return rest, errors(rest, theta).abs().amax(-1) <= SOLVED


def _require_mostly(model: Model, theta: Tensor, solved: Tensor, complaint: str) -> None:
    """Raise NoEquilibrium where more than a tenth of the box is not `solved`, bool [n]."""
    failed = ~solved
    if float(failed[:EVEN].double().mean()) > MOST_FAILURES:
        raise NoEquilibrium(
            f"{model.name!r}: {complaint} {whereabouts(model, theta[:EVEN], failed[:EVEN])}. Start nearer, "
            "or narrow the box."
        )
