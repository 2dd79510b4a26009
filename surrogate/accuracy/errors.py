"""Euler errors on parameters and states that training has not seen, with a finer quadrature.

Of a network, or of the ONNX files themselves, whoever trained them; held to the certificate in the card, and
drawn. Matplotlib, which only the figure needs, comes with the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..artifact import validation
from ..artifact.card import Card, Variable, expanded_names
from ..artifact.region import Region
from ..artifact.runtime import Surrogate
from ..artifact.validation import Check
from ..errors import BadConfiguration, BrokenArtifact, Changed, NotSolved
from ..house.figures import BLUE, GRAY, RED, panels, styled
from ..house.listener import track
from ..models.interface import Model, Parameters, pack
from ..models.reduced import Reduced
from ..policy import PolicyNetwork
from ..training import Settings
from ..training.quadrature import rule_for
from ..training.residuals import equilibrium_residuals
from ..training.run import formulation
from ..training.sampling import advance, draw_parameters, draw_shocks, draw_states, mover, place_states
from ..training.settings import nodes_of_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHUNK, ROWS = 512, 2**16
"""States that are evaluated at a time, and with all nodes of tomorrow's shocks at most so many."""
ROUNDS = 1_000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
FLOOR = 1e-16
ROUNDING = 1e-6
"""Relative, of controls in single precision."""
Accept = Callable[[Tensor], Tensor]
"""Which parameter rows [n, n_parameters] belong to the certified region, as booleans [n]."""

POINTS, EFFORT = 2_000, 5_000
"""Fresh parameter vectors, and as many of them as they are costly together."""
SLACK = {"mean": 0.1, "p99": 0.3}
"""By how much log10 errors at other test points may exceed those of the card, for sampling error."""

Array = NDArray[np.float64]
COLORS = {"box": BLUE, "ergodic": RED, "constrained": GRAY}
LAWS = {"box": "box", "ergodic": "ergodic set", "constrained": "constraint binds"}


@torch.no_grad()
def euler_errors(
    policy: PolicyNetwork, states: Tensor, parameters: Tensor, nodes: int | tuple[int, ...]
) -> Tensor:
    """log10 of the absolute residuals [n, n_equations]; a residual that is no number counts as one."""
    points, weights = rule_for(policy.model.shocks, nodes)
    size = max(1, min(CHUNK, ROWS // len(points)))
    batches = list(zip(states.split(size), parameters.split(size), strict=True))
    parts = [
        equilibrium_residuals(policy, s, p, points, weights) for s, p in track(batches, "taking Euler errors")
    ]
    return torch.cat(parts).abs().nan_to_num(1.0, posinf=1.0).clamp(FLOOR, 1.0).log10()


@torch.no_grad()
def in_closed_form(policy: PolicyNetwork, states: Tensor, parameters: Tensor) -> Tensor:
    """Whether the controls in each state are those of a regime with a closed form, [n]: at a borrowing limit,
    say, everything is consumed. Errors of zero there say nothing about the network.
    """
    model, x = policy.model, policy(states, parameters)
    p = model.name_parameters(parameters)
    closed = torch.zeros(len(states), dtype=torch.bool)
    for today in (model.given(regime) for regime in model.regimes() if model.in_closed_form(regime)):
        answer = pack(today.anchor(today.period(p, states), p), model.controls)
        closed |= ((x - answer).abs() <= ROUNDING * answer.abs()).all(-1)
    return closed


@torch.no_grad()
def constrained_states(
    policy: PolicyNetwork, parameters: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """States [k, n_states] where a constraint binds whose answer is no closed form, and their parameters
    [k, n_parameters]: of states where training looks, one for each row of `parameters`.

    They are rare by the other laws, and what an economy with a constraint is solved for.
    """
    model = policy.model
    constraints = [constraint for constraint in model.constraints if not constraint.closed_form]
    if not constraints:
        return parameters.new_empty(0, sum(state.size for state in model.states)), parameters[:0]
    states = place_states(model, parameters, generator)
    p = model.name_parameters(parameters)
    slack = model.period(p, states, policy(states, p)).slack
    binds = (pack({each.name: slack[each.name] for each in constraints}, constraints) < 0).any(-1)
    return states[binds], parameters[binds]


def inside(region: Region | None, parameters: Tensor) -> Tensor:
    """Which rows of `parameters` [n, n_parameters] lie in the region, as booleans [n]; all where there is
    none.
    """
    if region is None:
        return torch.ones(len(parameters), dtype=torch.bool)
    return torch.from_numpy(region.contains(parameters.numpy()))


def accepted_parameters(model: Model, count: int, generator: torch.Generator, accept: Accept) -> Tensor:
    """`count` uniform draws [count, n_parameters] from the part of the box that is accepted."""
    accepted = torch.empty(0, len(model.parameters), dtype=torch.float64)
    for _ in range(ROUNDS):
        drawn = draw_parameters(model, count, generator)
        accepted = torch.cat([accepted, drawn[accept(drawn)]])
        if len(accepted) >= count:
            return accepted[:count]
    raise NotSolved(f"the policy solves {model.name!r} hardly anywhere in its box: train longer or narrow it")


@torch.no_grad()
def ergodic_states(policy: PolicyNetwork, parameters: Tensor, generator: torch.Generator) -> Tensor:
    """One state [n, n_states] from the ergodic set of each row of `parameters`, by simulation from a state
    where training looks: a corner of the box may be nobody's.
    """
    states = place_states(policy.model, parameters, generator)
    policy, parameters = mover(policy, parameters)
    for _ in track(range(policy.model.burn_in), "simulating"):
        states = advance(policy, states, parameters, draw_shocks(policy.model, len(states), generator))
    return states


def summary(errors: Tensor, equations: list[str]) -> dict[str, dict[str, float]]:
    """Mean and quantiles of log10 errors [n, n_equations] by equation; nothing if there are no errors."""
    if not len(errors):
        return {}
    return {
        name: {"mean": float(column.mean())}
        | {q: float(column.quantile(level)) for q, level in QUANTILES.items()}
        for name, column in zip(equations, errors.T, strict=True)
    }


class ArtifactPolicy:
    """policy.onnx in the place of the network that it was exported from.

    That `network`, where it is there, moves economies in long simulations: it need not compute again in each
    period what is known of the parameters beforehand. Errors are those of the file.
    """

    def __init__(self, artifact: Surrogate, model: Model, network: PolicyNetwork | None = None) -> None:
        self.artifact, self.model, self.network = artifact, model, network

    def __call__(self, states: Tensor, parameters: Tensor | Parameters) -> Tensor:
        """Controls [..., n_controls] at `states` [..., n_states] and `parameters` [..., n_parameters]."""
        if isinstance(parameters, Parameters):
            parameters = parameters.vector
        leading = torch.broadcast_shapes(states.shape[:-1], parameters.shape[:-1])
        # A parameter row serves the block of states after it: what it takes to know is computed once.
        in_blocks = parameters.dim() > 1 and parameters.shape[-2] == 1
        of_each = (*leading[:-1], 1) if in_blocks else leading
        rows = [
            t.expand(*shape, t.shape[-1]).reshape(-1, t.shape[-1]).numpy()
            for t, shape in ((states, leading), (parameters, of_each))
        ]
        controls = torch.from_numpy(self.artifact.policy(*rows, check=False)).to(states.dtype)
        return controls.reshape(*leading, -1)


class MeasuredErrors(NamedTuple):
    """log10 Euler errors [n, n_equations] by the laws of the card, without states in closed form, and the
    equations.
    """

    equations: tuple[Variable, ...]
    errors: dict[str, Tensor]


def measure(artifact: Surrogate, model: Model, seed: int = 0, points: int | None = None) -> MeasuredErrors:
    """Euler errors of the ONNX files at `points` fresh parameter vectors of the certified region, fewer where
    each is an economy of many households.

    Raises:
        Changed: if the card describes another version of the economy.
        BadConfiguration: if it is reduced from another one, and has no equations.
    """
    if isinstance(model, Reduced):
        raise BadConfiguration(
            f"{model.name} has no equations that could err: hold it against {model.full.name} with "
            "surrogate.artifact.reduction.check_reduction."
        )
    card = artifact.card
    if (card.model, card.model_version) != (model.name, model.version):
        raise Changed(
            f"The artifact is of {card.model} version {card.model_version}, the economy here is {model.name} "
            f"version {model.version}: export the artifact again."
        )
    require_same_sizes(card, model)
    try:
        settings = Settings(**card.training.get("settings", {}))
    except (TypeError, ValueError) as error:
        raise BrokenArtifact(f"The card's training has settings that cannot be used ({error}).") from None
    model = formulation(model, settings)
    policy = cast(PolicyNetwork, ArtifactPolicy(artifact, model))
    if points is None:
        points = min(POINTS, EFFORT // model.evaluation_cost)
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.from_numpy(validation.draw_parameters(artifact, points, np.random.default_rng(seed)))
    states = {
        "box": draw_states(model, parameters, generator),
        "ergodic": ergodic_states(policy, parameters, generator),
    }
    nodes = nodes_of_test(model, settings)
    errors = {
        law: euler_errors(policy, s, parameters, nodes)[~in_closed_form(policy, s, parameters)]
        for law, s in states.items()
    }
    if "constrained" in card.accuracy:
        errors["constrained"] = euler_errors(
            policy, *constrained_states(policy, parameters, generator), nodes
        )
    return MeasuredErrors(tuple(model.equations), errors)


def require_same_sizes(card: Card, model: Model) -> None:
    """Refuse an economy with other numbers of individuals, or of anything, than the artifact was made for.

    Raises:
        Changed: naming the first state whose size differs.
    """
    for made_for, here in zip(card.states, model.states, strict=True):
        if made_for.size != here.size:
            raise Changed(
                f"The artifact of {card.model} has {made_for.size} numbers in state {made_for.name!r}, and "
                f"the economy here has {here.size}: take the one that it was made for, or train another one."
            )


def check_accuracy(card: Card, measured: MeasuredErrors) -> list[Check]:
    """Hold what was measured to the certificate in the card."""
    names = list(expanded_names(measured.equations))
    checks = []
    for law, errors in measured.errors.items():
        for equation, figures in summary(errors, names).items():
            claimed = card.accuracy.get(law, {}).get(equation, {})
            passed = all(figures[name] <= claimed.get(name, nan) + slack for name, slack in SLACK.items())
            detail = ", ".join(
                f"{name} {figures[name]:.2f} (card {claimed.get(name, nan):.2f})" for name in SLACK
            )
            checks.append(Check(f"Euler errors: {equation}, {law}", passed, detail))
    return checks


def euler_error_figure(measured: MeasuredErrors) -> Figure:
    """A row for each equation: density of log10 errors, and the share of points with a larger error.

    Raises
    ------
    MissingPackage : Matplotlib is not installed.
    """
    equations = [(name, each.unit) for each in measured.equations for name in expanded_names([each])]
    figure, rows = panels(len(equations), 2, width=3.6, height=2.3)
    with styled():
        for column, ((name, unit), (density, tail)) in enumerate(zip(equations, rows, strict=True)):
            density.set_title(f"{name}: density of errors", loc="left")
            tail.set_title(f"{name}: share of points with a larger error", loc="left")
            for law, values in measured.errors.items():
                _draw_errors(density, tail, values[:, column].numpy(), law)
            for panel in (density, tail):
                panel.set_xlabel(f"log10 of the error ({unit})")
            density.legend(loc="upper left", frameon=False)
            tail.set_xlim(density.get_xlim()[0], None)
            density.set_ylim(0, 1.35 * density.get_ylim()[1])  # room for the legend
    return figure


def _draw_errors(density: Any, tail: Any, errors: Array, law: str) -> None:
    color, ordered = COLORS[law], np.sort(errors)
    label = f"{LAWS[law]}: mean {errors.mean():.2f}, 99 % below {np.quantile(errors, 0.99):.2f}"
    bins = np.linspace(np.quantile(ordered, 0.002), np.quantile(ordered, 0.998), 50)
    label = label.replace("-", "\N{MINUS SIGN}")
    density.hist(errors, bins=bins, density=True, color=color, alpha=0.45, label=label)
    density.set_yticks([])
    density.spines["left"].set_visible(False)
    tail.plot(
        ordered,
        1 - np.arange(len(ordered)) / len(ordered),
        color=color,
        linewidth=1.4,
        drawstyle="steps-post",
    )
    tail.set_yscale("log")
    tail.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
