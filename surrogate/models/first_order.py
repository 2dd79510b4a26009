"""Help from the first-order solution: where the network starts, what it sees, where it is trained.

At draws of the box the economy is linearised around its steady state, from its own equations by automatic
differentiation, in coordinates without bounds (`free_coordinates`), and solved by the generalised Schur form:

    x = rest + policy (s - rest),      s' - rest = transition (s - rest) + impact e'.

Polynomials in the parameters keep the policy and the ergodic moments. That would be a floor under the
accuracy of the network, so inside the graph the policy is polished: Newton's method solves the quadratic
matrix equation of undetermined coefficients.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..errors import NoEquilibrium, SurrogateError
from ..rational_expectations import LinearSolution, solve_rational_expectations
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
from .graph_algebra import SIXTH_ORDER, differences, newton
from .interface import Model
from .period import Parameters, Period
from .variables import Named, columns_of

NEWTON_STEPS = 4
MOST_COEFFICIENTS = 24
"""Of the policy; where there are more, they are not polished."""
SMALL, LEAST_SCALE = 0.2, 1e-3
"""Coefficients below this quantile over the box, or this number, are small: see `_Known.scale`."""
STEP, LONGEST_STEP = 0.2, 0.01
"""Of the differences inside the graph: in ergodic standard deviations (their median over the box), so that
equations are not asked about places where nobody goes, and at most so much.
"""
RADIUS = 3.0
"""Ergodic standard deviations from rest to the ends of the states' box."""
STILL = 1e-9
STILL_SD = 0.01
"""What counts as the ergodic standard deviation of a state that no shock moves at first order."""
DOUBLINGS = 16


class FirstOrder(NamedTuple):
    """The first-order solution at parameters [...], in free coordinates.

    rest [..., n_states] and rest_controls [..., n_controls], policy [..., n_controls, n_states]; ergodic
    standard deviations sd [..., n_states], and `factor` [..., n_states, n_states], the Cholesky factor of
    the ergodic covariance.
    """

    rest: Tensor
    rest_controls: Tensor
    policy: Tensor
    sd: Tensor
    factor: Tensor


class FirstOrderAid(Aid):
    """Anchor, coordinates, bounds of the states and further characteristics from the first-order solution:
    inherit from it before `Model`.

    States that are positive at rest are seen in logs, unless their unit says log, deviation or percent;
    shocks that are `Markov` count as none. What is done at the draws is done once, at the first use of the
    class, and takes a few seconds.
    """

    def first_order(self, p: Parameters) -> FirstOrder:
        """Read it as `p.first_order`.

        Raises
        ------
        NoEquilibrium : Blanchard and Kahn's conditions fail on more than a tenth of the box; the message says
            where.
        """
        return _at(_known_of(cast(Model, self)), p)

    def deviations(self, now: Period, p: Parameters) -> Tensor:
        """States relative to rest, in free coordinates [..., n_states]."""
        coordinates = _known_of(cast(Model, self)).coordinates
        states = {state.name: getattr(now, state.name) for state in coordinates.model.states}
        return coordinates.of_states(states) - p.first_order.rest

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The first-order solution, linear in free coordinates and so within the bounds of each control."""
        linear = p.first_order
        moves = (linear.policy * self.deviations(now, p).unsqueeze(-2)).sum(-1)
        return _known_of(cast(Model, self)).coordinates.controls(now, linear.rest_controls + moves)

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Each state relative to rest, in `RADIUS` ergodic standard deviations."""
        scaled = self.deviations(now, p) / (RADIUS * p.first_order.sd)
        return columns_of(scaled, cast(Model, self).states)

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the logs of the ergodic standard deviations."""
        sds = torch.log(p.first_order.sd).unbind(-1)
        return {**super().characteristics(p), **{f"log_sd_{number}": sd for number, sd in enumerate(sds)}}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """`RADIUS` ergodic standard deviations either side of rest, in logs where a state is positive."""
        states, linear = _known_of(cast(Model, self)).coordinates.states, p.first_order
        lower, upper = (states(linear.rest + side * RADIUS * linear.sd) for side in (-1, 1))
        return {name: (lower[name], upper[name]) for name in lower}


class ErgodicEllipse(FirstOrderAid):
    """Training looks at the ergodic ellipse instead of a box, most of which is empty where states move
    together.
    """

    def place(self, u: Named, p: Parameters) -> dict[str, Tensor]:
        """States uniform in the ellipse of the ergodic covariance V, out to `ellipse_radius` standard
        deviations r: their covariance is V r^2 / (n_states + 2).

        The direction of a normal vector, and its length by the distribution function.
        """
        numbers = torch.cat([_as_columns(getattr(u, s.name), s.size) for s in cast(Model, self).states], -1)
        n = numbers.shape[-1]
        normal = torch.special.ndtri(numbers.clamp(1e-15, 1 - 1e-15))
        squared = (normal**2).sum(-1, keepdim=True)
        half = torch.tensor(n / 2, dtype=numbers.dtype, device=numbers.device)
        share = torch.special.gammainc(half, squared / 2) ** (1 / n)
        ball = ellipse_radius(n) * share * normal / squared**0.5
        linear = p.first_order
        moved = linear.rest + (linear.factor * ball.unsqueeze(-2)).sum(-1)
        return _known_of(cast(Model, self)).coordinates.states(moved)


def ellipse_radius(n_states: int) -> float:
    """`RADIUS`, or more where so many states would leave the draws closer to rest than the economy is."""
    return max(RADIUS, (n_states + 2) ** 0.5)


class _Blocks(NamedTuple):
    """Derivatives at rest: of tomorrow's states by states and controls, [..., n_states, .], and of the errors
    of the equations by today's and by tomorrow's, [..., n_controls, .].
    """

    m_s: Tensor
    m_x: Tensor
    f_s: Tensor
    f_x: Tensor
    f_next_s: Tensor
    f_next_x: Tensor


class _Known(NamedTuple):
    """What is known of a class: its coordinates; polynomials of the policy, of the logs of the ergodic
    standard deviations and of the Cholesky factor of the ergodic correlations, side by side.

    Coefficients of the policy differ by orders of magnitude over a box and may have either sign: the
    polynomial is that of asinh(policy / scale), scale [n_controls * n_states], which is linear in small ones
    and logarithmic in large ones.
    """

    coordinates: FreeCoordinates
    steps: Tensor
    """Of the differences, [n_states + n_controls]."""
    scale: Tensor
    polynomial: BoxPolynomial


@once_per_class
def _known_of(model: Model) -> _Known:
    """Linearise and solve at draws of the box, and fit; raises NoEquilibrium."""
    states = model.steady_state(model.name_parameters(model.default_parameters()))[0]
    coordinates = FreeCoordinates(model, positive_states(model, states))
    theta = draws_of_box(model)
    blocks, impact = _linearised(coordinates, theta)
    solutions = [_solved(_Blocks(*each)) for each in zip(*(block.numpy() for block in blocks), strict=True)]
    failed = torch.tensor([isinstance(each, SurrogateError) for each in solutions])
    _require_mostly(model, theta, failed, solutions)
    stable = [each for each in solutions if isinstance(each, LinearSolution)]
    transition, policy = (torch.from_numpy(np.stack(parts)) for parts in zip(*stable, strict=True))
    sd, factor = _ergodic(transition, impact[~failed])
    deviations = torch.cat([sd, (policy @ (sd[..., None] * factor)).norm(dim=-1)], -1)
    steps = (STEP * deviations.median(0).values).clamp(max=LONGEST_STEP)
    coefficients = policy.flatten(1)
    scale = coefficients.abs().quantile(SMALL, 0).clamp(min=LEAST_SCALE)
    values = torch.cat([torch.asinh(coefficients / scale), torch.log(sd), factor.flatten(1)], -1)
    return _Known(coordinates, steps, scale, BoxPolynomial(model.parameters, theta[~failed], values))


def _linearised(coordinates: FreeCoordinates, theta: Tensor) -> tuple[_Blocks, Tensor]:
    """Blocks at `theta` [n, n_parameters], and the impact of shocks [n, n_states, n_shocks]."""
    model = coordinates.model
    s, x = _rest(coordinates, model.name_parameters(theta))
    e = torch.zeros(len(theta), sum(shock.size for shock in model.shocks), dtype=theta.dtype)

    def tomorrow(s: Tensor, x: Tensor, e: Tensor, at: Tensor) -> Tensor:
        return coordinates.tomorrow(model.name_parameters(at), s, x, e)

    def errors(s: Tensor, x: Tensor, next_s: Tensor, next_x: Tensor, at: Tensor) -> Tensor:
        return coordinates.errors(model.name_parameters(at), s, x, next_s, next_x)

    m_s, m_x, impact = vmap(jacrev(tomorrow, argnums=(0, 1, 2)))(s, x, e, theta)
    slopes = vmap(jacrev(errors, argnums=(0, 1, 2, 3)))(s, x, s, x, theta)
    return _Blocks(m_s, m_x, *slopes), impact


def _solved(blocks: _Blocks) -> LinearSolution | SurrogateError:
    """The stable solution of one economy, or why there is none or more than one; blocks are arrays."""
    m_s, m_x, f_s, f_x, f_next_s, f_next_x = (np.asarray(block) for block in blocks)
    n_states, n_controls = m_x.shape
    lead = np.block([[np.eye(n_states), np.zeros((n_states, n_controls))], [f_next_s, f_next_x]])
    lag = np.block([[m_s, m_x], [-f_s, -f_x]])
    if not (np.isfinite(lead).all() and np.isfinite(lag).all()):
        return SurrogateError("The derivatives at the steady state are no numbers.")
    try:
        return solve_rational_expectations(lead, lag, n_states)
    except SurrogateError as error:
        return error


def _ergodic(transition: Tensor, impact: Tensor) -> tuple[Tensor, Tensor]:
    """Standard deviations [n, n_states], and the Cholesky factor [n, n_states, n_states] of the correlations.

    V = T V T' + E E' by doubling: after k rounds it holds the shocks of 2^k periods.
    """
    covariance, power = impact @ impact.mT, transition
    for _ in range(DOUBLINGS):
        covariance = covariance + power @ covariance @ power.mT
        power = power @ power
    variances = covariance.diagonal(dim1=-2, dim2=-1)
    still = torch.where(variances < STILL**2, STILL_SD**2, 0.0)
    sd = (variances + still) ** 0.5
    identity = torch.eye(sd.shape[-1], dtype=sd.dtype)
    correlations = (covariance + torch.diag_embed(still)) / (sd[..., None] * sd[..., None, :])
    return sd, torch.linalg.cholesky(correlations + STILL * identity)


def _require_mostly(
    model: Model, theta: Tensor, failed: Tensor, solutions: list[LinearSolution | SurrogateError]
) -> None:
    """Raise NoEquilibrium where more than a tenth of the box has no unique stable solution."""
    if float(failed[:EVEN].double().mean()) > MOST_FAILURES:
        first = solutions[int(failed.double().argmax())]
        raise NoEquilibrium(
            f"{model.name!r} has no unique stable solution to first order (Blanchard and Kahn) "
            f"{whereabouts(model, theta[:EVEN], failed[:EVEN])}: {first} Narrow the box, or check the "
            "equations."
        )


def _rest(coordinates: FreeCoordinates, p: Parameters) -> tuple[Tensor, Tensor]:
    """Free coordinates of the steady state, [..., n_states] and [..., n_controls]."""
    model = coordinates.model
    states, controls = model.steady_state(p)
    now = Period(model, p, states)
    return coordinates.of_states(states), coordinates.of_controls(now, controls)


def _at(known: _Known, p: Parameters) -> FirstOrder:
    """The solution at parameters [...], the policy polished where it is small."""
    s, x = _rest(known.coordinates, p)
    n, m = s.shape[-1], x.shape[-1]
    policy, log_sd, factor = known.polynomial(p).split([m * n, n, n * n], -1)
    policy = torch.sinh(policy) * known.scale.to(policy)
    if m * n <= MOST_COEFFICIENTS:
        policy = _polished(policy, _blocks(known, p, s, x))
    sd = torch.exp(log_sd)
    rows = factor.unflatten(-1, (n, n))
    rows = rows / (rows**2).sum(-1, keepdim=True) ** 0.5
    return FirstOrder(s, x, policy.unflatten(-1, (m, n)), sd, sd[..., None] * rows)


def _blocks(known: _Known, p: Parameters, s: Tensor, x: Tensor) -> _Blocks:
    """Derivatives at rest by differences, at parameters [...]."""
    coordinates, steps = known.coordinates, known.steps
    rows, n, m = coordinates.model.name_parameters(p.vector.unsqueeze(-2)), s.shape[-1], x.shape[-1]
    today, ahead = torch.cat([s, x], -1), torch.cat([s, x, s, x], -1)
    movement = differences(
        lambda z: coordinates.tomorrow(rows, *z.split([n, m], -1)), today, steps, SIXTH_ORDER
    )
    slopes = differences(
        lambda z: coordinates.errors(rows, *z.split([n, m, n, m], -1)), ahead, steps.repeat(2), SIXTH_ORDER
    )
    return _Blocks(*movement.split([n, m], -1), *slopes.split([n, m, n, m], -1))


def _polished(policy: Tensor, blocks: _Blocks) -> Tensor:
    """Newton's method on the coefficients `policy` P [..., n_controls * n_states] of

    0 = F_s + F_x P + (F_s' + F_x' P) T,      T = M_s + M_x P.
    """
    m_s, m_x, f_s, f_x, f_next_s, f_next_x = blocks
    shape = f_s.shape[-2:]
    identity = torch.eye(shape[1], dtype=policy.dtype, device=policy.device)

    def errors(coefficients: Tensor) -> Tensor:
        rule = coefficients.unflatten(-1, shape)
        ahead = (f_next_s + f_next_x @ rule) @ (m_s + m_x @ rule)
        return (f_s + f_x @ rule + ahead).flatten(-2)

    def slopes(coefficients: Tensor) -> Tensor:
        rule = coefficients.unflatten(-1, shape)
        now, transition = f_x + (f_next_s + f_next_x @ rule) @ m_x, m_s + m_x @ rule
        by_both = now[..., :, None, :, None] * identity[:, None, :]
        by_both = by_both + f_next_x[..., :, None, :, None] * transition.mT[..., None, :, None, :]
        return by_both.flatten(-2).flatten(-3, -2)

    return newton(errors, slopes, policy, NEWTON_STEPS, chords=0)


def _as_columns(values: Tensor, size: int) -> Tensor:
    """[...] of a scalar, or [..., size] of a group, as columns."""
    return values.unsqueeze(-1) if size == 1 else values
