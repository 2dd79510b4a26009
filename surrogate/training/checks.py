"""What authors of economies get wrong most often, said before a network is trained.

Before a long run every equation is tried once; `check_economy` looks all over the box.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor

from ..artifact.validation import Check
from ..errors import BadConfiguration, SurrogateError, unknown_name
from ..models.interface import Markov, Model, Parameters, pack, unpack
from ..models.reduced import Reduced
from ..policy import policy_of
from ..reference.linearise import linearise
from .existence import proven_region
from .quadrature import rule_for
from .residuals import equilibrium_residuals
from .sampling import draw_parameters, draw_shocks, draw_states, state_box

VECTORS = 200
ALONE = 5
"""Parameter vectors that are evaluated one by one as well."""
NODES = 3
CONSTRAINTS = 6
"""At most, with 64 regimes."""
LINEARISED = 20
AT_REST, ROUNDING = 1e-6, 1e-9
NEAR = 0.02
"""How far choices are moved from the steady state's, as a share."""


def require_sound(model: Model) -> None:
    """Evaluate every equation once, at the default parameters and the steady state.

    Raises:
        BadConfiguration: if it has no equations, because it stands for another economy, or if its
            constraints make too many regimes.
        UnknownName: if an equation that adds up is none of its own.
        SurrogateError: naming the line of the economy that fails, or what is not a finite number.
    """
    if isinstance(model, Reduced):
        raise BadConfiguration(
            f"{model.name} has no equations of its own: fit it to {model.full.name} with "
            "dsge-surrogate reduce."
        )
    if (sides := sum(each.size for each in model.constraints)) > CONSTRAINTS:
        raise BadConfiguration(
            f"{model.name} has {sides} constraints, of a group each element counted, and its network answers "
            f"in every regime: write more than {CONSTRAINTS} as complementarities."
        )
    equations = [equation.name for equation in model.equations]
    for name in model.adding_up:
        if name not in equations:
            raise unknown_name(f"equation in adding_up of {model.name}:", name, equations)
    with blaming(model), torch.no_grad(), torch.random.fork_rng(devices=[]):
        parameters = model.default_parameters()[None]
        p = model.name_parameters(parameters)
        states, controls = model.steady_state(p)
        at_rest = {
            "states": pack(states, model.states),
            "controls": pack(controls, model.controls),
            "state_bounds": torch.cat(state_box(model, parameters)),
        }
        for name, value in at_rest.items():
            if not torch.isfinite(value).all():
                numbers = ",".join(f"{number:g}" for number in value.flatten().tolist())
                raise SurrogateError(
                    f"the {name.replace('_', ' ')} of {model.name!r} at its default parameters are "
                    f"{numbers}: they must be finite numbers"
                )
        policy = policy_of(model, (4, 4), 4)
        equilibrium_residuals(policy, at_rest["states"], parameters, *rule_for(model.shocks, 1))
        now = model.period(p, at_rest["states"], policy(at_rest["states"], p))
        model.observed(now, now, p)


@contextmanager
def blaming(model: Model) -> Iterator[None]:
    """Turn whatever goes wrong inside an economy into an error that names the place."""
    try:
        yield
    except SurrogateError:
        raise
    except Exception as error:  # whatever the user's own code raises
        file = inspect.getfile(type(model))
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        place = f", line {own[-1].lineno} of {Path(file).name}, in {own[-1].name}" if own else ""
        raise SurrogateError(
            f"{model.name!r} cannot be evaluated{place}: {type(error).__name__}: {error}"
        ) from error


@torch.no_grad()
def check_economy(model: Model, seed: int = 0) -> list[Check]:
    """Evaluate the economy all over its box, without solving it; one check for each kind of slip."""
    try:
        require_sound(model)
        with blaming(model):
            parameters = draw_parameters(model, VECTORS, torch.Generator().manual_seed(seed))
            region = proven_region(model)
            if region is not None:
                parameters = parameters[torch.from_numpy(region.contains(parameters.numpy()))]
            chosen = _CHECKS if model.evaluation_cost == 1 else _CHECKS_WITH_DISTRIBUTION
            if model.solved_by == "generations":
                chosen = _CHECKS_OF_GENERATIONS
            markov = any(isinstance(shock, Markov) for shock in model.shocks)
            checks = [check(model, parameters) for check in (*chosen, *[_chances] * markov)]
    except SurrogateError as error:
        return [Check("equations can be evaluated", False, str(error))]
    return [Check("equations can be evaluated", True, "at the default parameters"), *checks]


def _rests(model: Model, parameters: Tensor) -> Check:
    """Whether the steady state solves the equations and stays where it is."""
    p = model.name_parameters(parameters)
    now = model.at_rest(p)
    expected = SimpleNamespace(**model.inside(now, now, p))
    errors = {f"equation {name}": value for name, value in model.conditions(now, expected, p).items()}
    states, _ = model.steady_state(p)
    moved = model.period(p, model.after(now, model.calm(now, p), p))
    errors |= {f"state {name}": getattr(moved, name) - value for name, value in states.items()}
    worst = {name: _largest(value, len(parameters)) for name, value in errors.items()}
    name = max(worst, key=lambda each: worst[each].max())
    row = int(worst[name].argmax())
    detail = f"at most {float(worst[name][row]):.1e} off, {name}"
    passed = float(worst[name][row]) < AT_REST
    return Check(
        "steady state solves the equations", passed, detail + ("" if passed else _at(model, parameters[row]))
    )


def _has_bounds(model: Model, parameters: Tensor) -> Check:
    """Whether every state has a box, and the steady state lies in it."""
    lower, upper = state_box(model, parameters)
    rest = pack(model.steady_state(model.name_parameters(parameters))[0], model.states)
    wrong = ~((lower < upper) & (lower <= rest) & (rest <= upper)).all(-1)
    row = int(wrong.double().argmax())
    detail = f"at {int(wrong.sum())} of {len(parameters)} parameter vectors not{_at(model, parameters[row])}"
    return Check(
        "state bounds hold the steady state",
        not bool(wrong.any()),
        detail if wrong.any() else f"at {len(parameters)} parameter vectors",
    )


def _batches(model: Model, parameters: Tensor) -> Check:
    """Whether a batch with a dimension for tomorrow's nodes gives what one vector alone gives."""
    few = parameters[:ALONE]
    states, controls, shocks = _somewhere(model, few)
    together = _everything(model, few[:, None], states[:, None], controls[:, None], shocks)
    for row in range(len(few)):
        alone = _everything(model, few[row], states[row], controls[row], shocks[0])
        apart = (together[row, 0] - alone).abs() / (1 + alone.abs())
        if not bool((apart.nan_to_num() < ROUNDING).all()) or not torch.equal(
            together[row, 0].isnan(), alone.isnan()
        ):
            return Check("batches give the same", False, f"{float(apart.nan_to_num().max()):.1e} apart")
    return Check("batches give the same", True, f"{len(few)} vectors by {NODES} shocks, and one by one")


def _parameters_matter(model: Model, parameters: Tensor) -> Check:
    """Whether some equation, movement or observable moves with each of them, in some regime."""
    states, controls, shocks = _somewhere(model, parameters)
    theta = parameters.clone().requires_grad_()
    later = controls + NEAR * controls.abs().clamp(min=NEAR)  # what multiplies a change is seen, too
    with torch.enable_grad():
        regimes = [model.given(regime) for regime in model.regimes()]
        outcomes = [_everything(each, theta, states, controls, shocks[0], later) for each in regimes]
        outcome = torch.cat(outcomes).nan_to_num()
        (slopes,) = torch.autograd.grad((outcome**2 + outcome).sum(), theta)
    idle = [
        each.name for each, slope in zip(model.parameters, slopes.abs().amax(0), strict=True) if slope == 0
    ]
    detail = f"no equation reads {', '.join(idle)}" if idle else f"all {len(model.parameters)} of them"
    return Check("every parameter matters", not idle, detail)


def _logarithms(model: Model, parameters: Tensor) -> Check:
    """Whether controls without bounds can have either sign in every equation."""
    states, controls, shocks = _somewhere(model, parameters)
    before = torch.isfinite(_everything(model, parameters, states, controls, shocks[0]))
    wrong, column = [], 0
    for control in model.controls:
        block = slice(column, column := column + control.size)
        turned = controls.clone()
        turned[..., block] = -controls[..., block].abs() - NEAR
        after = torch.isfinite(_everything(model, parameters, states, turned, shocks[0], controls))
        if control.lower == -torch.inf and bool((before & ~after).any()):
            wrong.append(control.name)
    detail = (
        f"no number where it is negative: {', '.join(wrong)}; give it lower=0.0"
        if wrong
        else "as far as seen"
    )
    return Check("unbounded controls may have either sign", not wrong, detail)


def _determinate(model: Model, parameters: Tensor) -> Check:
    """Blanchard and Kahn's conditions at the default parameters and over the box."""
    reasons = {}
    tried = [model.default_parameters(), *parameters[:LINEARISED]]
    for row, theta in enumerate(tried):
        try:
            linearise(model, theta)
        except SurrogateError as error:
            reasons[row] = str(error)
    detail = f"at {len(tried) - len(reasons)} of {len(tried)} parameter vectors"
    if reasons:
        row = min(reasons)
        where = " at the default parameters" if row == 0 else _at(model, tried[row])
        detail += f"; not{where}: {reasons[row]}"
    return Check("one stable solution (Blanchard and Kahn)", 0 not in reasons, detail)


def _chances(model: Model, parameters: Tensor) -> Check:
    """Whether the outcomes of every `Markov` shock are as likely as they should be together."""
    p = model.name_parameters(parameters)
    now = model.period(p, draw_states(model, parameters, torch.Generator().manual_seed(1)))
    wrong = {}
    for node in rule_for(model.shocks, 1)[0]:
        e = unpack(node.expand(len(parameters), -1), model.shocks)
        for name, chances in model.chances(now, e, p).items():
            off = torch.where(chances.amin(-1) < 0, 1.0, (chances.sum(-1) - 1).abs()).nan_to_num(1.0)
            wrong[name] = max(wrong.get(name, 0.0), float(off.max()))
    names = [name for name, off in wrong.items() if off > ROUNDING]
    detail = f"not those of {', '.join(names)}" if names else "as far as seen"
    return Check("chances are none below zero and add up to one", not names, detail)


_CHECKS: tuple[Callable[[Model, Tensor], Check], ...] = (
    _rests,
    _has_bounds,
    _batches,
    _parameters_matter,
    _logarithms,
    _determinate,
)
_CHECKS_WITH_DISTRIBUTION = (_batches, _parameters_matter, _logarithms)
"""They do not rest, and a distribution is in no box."""
_CHECKS_OF_GENERATIONS = (_batches, _parameters_matter)
"""If all savers are in debt, somebody has nothing to eat."""


def _somewhere(model: Model, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """States on their box, choices near those of the steady state, and `NODES` shocks."""
    generator = torch.Generator().manual_seed(1)
    states = draw_states(model, parameters, generator)
    rest = pack(model.steady_state(model.name_parameters(parameters))[1], model.controls)
    noise = 2 * torch.rand(rest.shape, generator=generator, dtype=torch.float64) - 1
    return states, rest + NEAR * noise * rest.abs().clamp(min=NEAR), draw_shocks(model, NODES, generator)


def _everything(
    model: Model,
    parameters: Tensor,
    states: Tensor,
    controls: Tensor,
    shocks: Tensor,
    later: Tensor | None = None,
) -> Tensor:
    """Tomorrow's states, the equations if tomorrow is certain, and observables, [..., k]; tomorrow's choices
    are those of `later`, or today's.
    """
    p: Parameters = model.name_parameters(parameters)
    now = model.period(p, states, controls)
    next_states = model.tomorrow(now, shocks, p)
    then = model.period(p, next_states, controls if later is None else later)
    expected = SimpleNamespace(**model.inside(now, then, p))
    blocks = [
        next_states,
        pack(model.conditions(now, expected, p), model.equations),
        model.observed(now, then, p),
    ]
    leading = torch.broadcast_shapes(*(block.shape[:-1] for block in blocks))
    return torch.cat([block.expand(*leading, block.shape[-1]) for block in blocks], dim=-1)


def _largest(values: Tensor, count: int) -> Tensor:
    """Largest absolute value of each row [count]; what is no number counts as one."""
    rows = values.expand(count, *values.shape[1:]) if values.dim() else values.expand(count)
    return rows.reshape(count, -1).abs().nan_to_num(1.0, posinf=1.0).amax(-1)


def _at(model: Model, theta: Tensor) -> str:
    """at NAME = VALUE, ..."""
    values = (
        f"{each.name} = {value:.3g}" for each, value in zip(model.parameters, theta.tolist(), strict=True)
    )
    return f" at {', '.join(values)}"
