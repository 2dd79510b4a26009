"""Help from the first-order solution: where the network starts, what it sees, where it is trained.

The economy is linearised around its steady state, in coordinates without bounds (`free_coordinates`):

    s_t+1 = M_s s_t + M_x x_t,      0 = F_s s_t + F_x x_t + F_s' s_t+1 + F_x' x_t+1

for deviations s of states and x of controls. Inside the graph derivatives are differences, and the system is
solved by doubling. Given today's states and the controls T periods ahead, everything between is decided:

    s_t+T = E s_t + G x_t+T,        x_t = H s_t + F x_t+T.

Two such spells make one that is twice as long, and in a long one the distant controls no longer matter:
F tends to zero and H to the policy, with an error that is squared each time. At draws of the box, once, the
generalised Schur form says whether the solution is unique and whether doubling finds it.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..errors import NoEquilibrium, SurrogateError
from ..rational_expectations import LinearSolution, solve_rational_expectations
from .aid import Aid
from .box_polynomial import EVEN, MOST_FAILURES, draws_of_box, once_per_class, whereabouts
from .free_coordinates import FreeCoordinates, positive_states
from .graph_algebra import SIXTH_ORDER, applied, differences, solve
from .interface import Model
from .period import Parameters, Period
from .variables import Column, Named, Variable, columns_of

DOUBLINGS, MEMORY_DOUBLINGS = 10, 14
"""Spells of 2^10 periods decide the policy; shocks of the last 2^14 make the ergodic covariance."""
SAME = 1e-6
"""What doubling may miss of the Schur form's policy, relative to its largest coefficient or to one."""
LARGE = 1e6
"""Coefficients and variances that say that there is no solution: the anchor is then the steady state."""
STEP, LONGEST_STEP = 0.2, 0.01
"""Of the differences inside the graph: in ergodic standard deviations (their median over the box), so that
equations are not asked about places where nobody goes, and at most so much.
"""
RADIUS = 3.0
"""Ergodic standard deviations from rest to the ends of the states' box."""
STILL = 1e-9
STILL_SD = 0.01
"""What counts as the ergodic standard deviation of a state that no shock moves at first order."""


class FirstOrder(NamedTuple):
    """The first-order solution at parameters [...], in free coordinates.

    rest [..., n_states] and rest_controls [..., n_controls], policy [..., n_controls, n_states], and the
    ergodic covariance [..., n_states, n_states].
    """

    rest: Tensor
    rest_controls: Tensor
    policy: Tensor
    covariance: Tensor

    @property
    def sd(self) -> Tensor:
        """Ergodic standard deviations [..., n_states]."""
        return self.covariance.diagonal(dim1=-2, dim2=-1) ** 0.5

    @property
    def factor(self) -> Tensor:
        """A square root of the ergodic covariance, also where states move in step; no exported graph can hold
        it.
        """
        sd = self.sd
        lengths, axes = torch.linalg.eigh(self.covariance / (sd[..., None] * sd[..., None, :]))
        return sd[..., None] * axes * lengths.clamp(min=0.0).sqrt()[..., None, :]


class FirstOrderAid(Aid):
    """Anchor, coordinates, bounds of the states and further characteristics from the first-order solution:
    inherit from it before `Model`.

    States that are positive at rest are seen in logs, unless their unit says log, deviation or percent;
    shocks that are `Markov` count as none. What is done at the draws is done once, at the first use of the
    class, and takes a few seconds. With n states and m controls a solution costs O(n + m) evaluations of the
    equations and O((n + m)^3) operations.
    """

    recipe: ClassVar = {"trunk": 16, "nodes": 3, "batch": 2048, "adam_steps": 0, "lasting_memory": 0.1}
    """As in docs/benchmark-dynare.md. From so near a solution steps of Adam may lead away."""

    def first_order(self, p: Parameters) -> FirstOrder:
        """Read it as `p.first_order`.

        Raises
        ------
        NoEquilibrium : Blanchard and Kahn's conditions fail, or doubling does, on more than a tenth of the
            box; the message says where.
        """
        n, m = self._sizes()
        rest, rest_controls, policy, covariance = p.first_order_numbers.split([n, m, m * n, n * n], -1)
        square = covariance.unflatten(-1, (n, n))
        return FirstOrder(rest, rest_controls, policy.unflatten(-1, (m, n)), square)

    def first_order_numbers(self, p: Parameters) -> Tensor:
        """The same side by side, [..., k]; in float64, in which alone differences are derivatives."""
        linear = _at(_known_of(cast(Model, self)), cast(Model, self).name_parameters(p.vector.double()))
        numbers = [
            linear.rest,
            linear.rest_controls,
            linear.policy.flatten(-2),
            linear.covariance.flatten(-2),
        ]
        return torch.cat(numbers, -1).to(p.vector.dtype)

    def beforehand(self) -> tuple[Column, ...]:
        """The numbers of the first-order solution."""
        n, m = self._sizes()
        return (*super().beforehand(), Variable("first_order_numbers", size=n + m + m * n + n * n))

    def _sizes(self) -> tuple[int, int]:
        """Numbers of states and of controls."""
        model = cast(Model, self)
        return sum(state.size for state in model.states), sum(control.size for control in model.controls)

    def deviations(self, now: Period, p: Parameters) -> Tensor:
        """States relative to rest, in free coordinates [..., n_states]."""
        coordinates = _known_of(cast(Model, self)).coordinates
        states = {state.name: getattr(now, state.name) for state in coordinates.model.states}
        return coordinates.of_states(states) - p.first_order.rest

    def anchor(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """The first-order solution, linear in free coordinates and so within the bounds of each control."""
        linear = p.first_order
        moves = applied(linear.policy, self.deviations(now, p))
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
        moved = linear.rest + applied(linear.factor, ball)
        return _known_of(cast(Model, self)).coordinates.states(moved)


def ellipse_radius(n_states: int) -> float:
    """`RADIUS`, or more where so many states would leave the draws closer to rest than the economy is."""
    return max(RADIUS, (n_states + 2) ** 0.5)


class _Blocks(NamedTuple):
    """Derivatives at rest: of tomorrow's states by states, controls and shocks, [..., n_states, .], and of
    the errors of the equations by today's and by tomorrow's states and controls, [..., n_controls, .].
    """

    m_s: Tensor
    m_x: Tensor
    m_e: Tensor
    f_s: Tensor
    f_x: Tensor
    f_next_s: Tensor
    f_next_x: Tensor


class _Known(NamedTuple):
    """What is known of a class: its coordinates, and the steps of differences, [n_states + n_controls]."""

    coordinates: FreeCoordinates
    steps: Tensor


@once_per_class
def _known_of(model: Model) -> _Known:
    """Linearise and solve at draws of the box; raises NoEquilibrium."""
    states = model.steady_state(model.name_parameters(model.default_parameters()))[0]
    coordinates = FreeCoordinates(model, positive_states(model, states))
    theta = draws_of_box(model)
    blocks = _linearised(coordinates, theta)
    found, covariance = _policy_and_covariance(blocks)
    solutions = [
        _unique(_Blocks(*each), doubled)
        for each, doubled in zip(zip(*(b.numpy() for b in blocks), strict=True), found.numpy(), strict=True)
    ]
    _require_mostly(model, theta, solutions)
    stable = torch.tensor([not isinstance(each, SurrogateError) for each in solutions])
    moves = (found @ covariance @ found.mT).diagonal(dim1=-2, dim2=-1)
    variances = torch.cat([covariance.diagonal(dim1=-2, dim2=-1), moves.clamp(min=0.0)], -1)[stable]
    return _Known(coordinates, (STEP * variances.median(0).values ** 0.5).clamp(max=LONGEST_STEP))


def _linearised(coordinates: FreeCoordinates, theta: Tensor) -> _Blocks:
    """Blocks at `theta` [n, n_parameters] by automatic differentiation."""
    model = coordinates.model
    s, x = _rest(coordinates, model.name_parameters(theta))
    e = torch.zeros(len(theta), sum(shock.size for shock in model.shocks), dtype=theta.dtype)

    def tomorrow(s: Tensor, x: Tensor, e: Tensor, at: Tensor) -> Tensor:
        return coordinates.tomorrow(model.name_parameters(at), s, x, e)

    def errors(s: Tensor, x: Tensor, next_s: Tensor, next_x: Tensor, at: Tensor) -> Tensor:
        return coordinates.errors(model.name_parameters(at), s, x, next_s, next_x)

    movement = vmap(jacrev(tomorrow, argnums=(0, 1, 2)))(s, x, e, theta)
    slopes = vmap(jacrev(errors, argnums=(0, 1, 2, 3)))(s, x, s, x, theta)
    return _Blocks(*movement, *slopes)


def _unique(blocks: _Blocks, doubled: np.ndarray) -> LinearSolution | SurrogateError:
    """The stable solution of one economy, or why there is none or more than one (errors of their own
    classes), or not the policy that was `doubled` [n_controls, n_states]; blocks are arrays.
    """
    m_s, m_x, _, f_s, f_x, f_next_s, f_next_x = (np.asarray(block) for block in blocks)
    n_states, n_controls = m_x.shape
    lead = np.block([[np.eye(n_states), np.zeros((n_states, n_controls))], [f_next_s, f_next_x]])
    lag = np.block([[m_s, m_x], [-f_s, -f_x]])
    if not (np.isfinite(lead).all() and np.isfinite(lag).all()):
        return SurrogateError("The derivatives at the steady state are no numbers.")
    try:
        solution = solve_rational_expectations(lead, lag, n_states)
    except SurrogateError as error:
        return error
    largest = np.abs(solution.policy).max()
    if np.abs(doubled - solution.policy).max() <= SAME * max(1.0, largest):
        return solution
    if largest >= LARGE:
        return SurrogateError(f"With coefficients up to {largest:.0e} choices react too strongly to states.")
    return SurrogateError(f"Roots are so close to one that {2**DOUBLINGS} periods are not enough.")


def _require_mostly(model: Model, theta: Tensor, solutions: list[LinearSolution | SurrogateError]) -> None:
    """Raise NoEquilibrium where more than a tenth of the box has no unique stable solution."""
    failed = torch.tensor([isinstance(each, SurrogateError) for each in solutions])
    if float(failed[:EVEN].double().mean()) > MOST_FAILURES:
        first = solutions[int(failed.double().argmax())]
        none, far = "no unique stable solution to first order", "a first-order solution that is out of reach"
        what = far if type(first) is SurrogateError else f"{none} (Blanchard and Kahn)"
        raise NoEquilibrium(
            f"{model.name!r} has {what} {whereabouts(model, theta[:EVEN], failed[:EVEN])}: {first} "
            "Narrow the box, or check the equations."
        )


def _rest(coordinates: FreeCoordinates, p: Parameters) -> tuple[Tensor, Tensor]:
    """Free coordinates of the steady state, [..., n_states] and [..., n_controls]."""
    model = coordinates.model
    states, controls = model.steady_state(p)
    now = Period(model, p, states)
    return coordinates.of_states(states), coordinates.of_controls(now, controls)


def _at(known: _Known, p: Parameters) -> FirstOrder:
    """The solution at parameters [...]."""
    s, x = _rest(known.coordinates, p)
    return FirstOrder(s, x, *_policy_and_covariance(_blocks(known, p, s, x)))


def _blocks(known: _Known, p: Parameters, s: Tensor, x: Tensor) -> _Blocks:
    """Derivatives at rest by differences, at parameters [...]."""
    model, steps = known.coordinates.model, known.steps
    rows, n, m = model.name_parameters(p.vector.unsqueeze(-2)), s.shape[-1], x.shape[-1]
    e = torch.zeros_like(p.vector[..., :1]) + torch.zeros(sum(shock.size for shock in model.shocks)).to(s)
    today, ahead = torch.cat([s, x, e], -1), torch.cat([s, x, s, x], -1)
    sizes = [n, m, e.shape[-1]]
    _, movement = differences(
        lambda z: known.coordinates.tomorrow(rows, *z.split(sizes, -1)),
        today,
        torch.cat([steps, torch.ones(sizes[-1]).to(steps)]),
        SIXTH_ORDER,
    )
    _, slopes = differences(
        lambda z: known.coordinates.errors(rows, *z.split([n, m, n, m], -1)),
        ahead,
        steps.repeat(2),
        SIXTH_ORDER,
    )
    return _Blocks(*movement.split(sizes, -1), *slopes.split([n, m, n, m], -1))


def _policy_and_covariance(blocks: _Blocks) -> tuple[Tensor, Tensor]:
    """The policy [..., n_controls, n_states] and the ergodic covariance [..., n_states, n_states]."""
    policy = _policy(blocks)
    policy = torch.where(policy.abs() < LARGE, policy, 0.0)
    covariance = _covariance(blocks.m_s + blocks.m_x @ policy, blocks.m_e)
    identity = torch.eye(covariance.shape[-1], dtype=policy.dtype, device=policy.device)
    small = (covariance < STILL**2) * identity
    covariance = covariance + STILL_SD**2 * small
    return policy, torch.where(covariance.abs() < LARGE, covariance, LARGE * identity)


def _policy(blocks: _Blocks) -> Tensor:
    """H of a spell of 2^`DOUBLINGS` periods, from that of one."""
    m_s, m_x, _, f_s, f_x, f_next_s, f_next_x = blocks
    n, m = m_x.shape[-2:]
    today = f_x + f_next_s @ m_x
    h, f = (-solve(today, torch.cat([f_s + f_next_s @ m_s, f_next_x], -1))).split([n, m], -1)
    e, g = m_s + m_x @ h, m_x @ f
    identity = torch.eye(m, dtype=h.dtype, device=h.device)
    for _ in range(DOUBLINGS):
        # Controls in the middle of the longer spell, given states at its beginning and controls at its end.
        by_s, by_x = solve(identity - h @ g, torch.cat([h @ e, f], -1)).split([n, m], -1)
        e, g, h, f = e @ (e + g @ by_s), g + e @ g @ by_x, h + f @ by_s, f @ by_x
    return h


def _covariance(transition: Tensor, impact: Tensor) -> Tensor:
    """V = T V T' + E E' by doubling: after k rounds it holds the shocks of 2^k periods."""
    covariance, power = impact @ impact.mT, transition
    for _ in range(MEMORY_DOUBLINGS):
        covariance = covariance + power @ covariance @ power.mT
        power = power @ power
    return covariance


def _as_columns(values: Tensor, size: int) -> Tensor:
    """[...] of a scalar, or [..., size] of a group, as columns."""
    return values.unsqueeze(-1) if size == 1 else values
