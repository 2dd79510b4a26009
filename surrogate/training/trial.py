"""Try everything once before a long run, so that a slip in an economy or in a setting is named at once."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from surrogate.errors import BadConfiguration, SurrogateError, shown
from surrogate.inputs import whole_number
from surrogate.models.interface import Model, pack
from surrogate.policy import PolicyNetwork
from surrogate.training.quadrature import LEAST_SHIFTED, MONOMIAL_FROM, n_normal, rule_for
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import state_box
from surrogate.training.settings import Settings

WHOLE = {
    "hidden": (1, 4096),
    "trunk": (1, 4096),
    "nodes": (1, 10_000),
    "batch": (16, 10_000_000),
    "adam_steps": (0, 100_000_000),
    "steps": (0, 100_000_000),
    "horizon": (1, 100_000),
    "seed": (0, 2**63 - 1),
    "threads": (1, 1024),
}
MOST_LAYERS = 20
MOST_ROWS = 50_000_000
"""States at which a step evaluates the network."""
MOST_WEIGHTS = 30_000
"""Of a network whose normal equations fit into memory."""
RANGES = {
    "ergodic_share": (0.0, 1.0),
    "robust_quantile": (0.5, 1.0),
    "memory": (0.0, 0.99),
    "hopeless_share": (0.0, 0.9),
    "learning_rate": (1e-8, 1.0),
}
DEVICE = re.compile(r"cpu|cuda(:\d{1,2})?")


def require_sensible(settings: Settings, model: Model) -> None:
    """Refuse settings that no run can have.

    Raises:
        BadConfiguration: naming the setting, its value and what it may be.
    """
    values = asdict(settings)
    for name, (least, most) in WHOLE.items():
        numbers = values[name] if isinstance(values[name], tuple) else (values[name],)
        if not 1 <= len(numbers) <= MOST_LAYERS:
            raise BadConfiguration(
                f"The setting {name} must be 1 to {MOST_LAYERS} numbers, not {len(numbers)}."
            )
        for number in numbers:
            whole_number(f"The setting {name}", number, least, most)
    for name, (low, high) in RANGES.items():
        if not isinstance(values[name], int | float) or not low <= values[name] <= high:
            raise BadConfiguration(
                f"The setting {name} must be between {low:g} and {high:g}, not {shown(values[name])}."
            )
    if not DEVICE.fullmatch(str(settings.device)):
        raise BadConfiguration(f"The setting device must be cpu or cuda, not {shown(settings.device)}.")
    if settings.steps + settings.adam_steps < 1:
        raise BadConfiguration("A run needs steps or adam_steps: both are zero.")
    _require_a_rule_for_each_shock(settings, model)
    _require_memory_for(settings, model)


def require_sound(model: Model) -> None:
    """Evaluate every equation once, at the default parameters and the steady state.

    Raises:
        SurrogateError: naming the line of the economy that fails, or what is not a finite number.
    """
    with blaming(model), torch.no_grad(), torch.random.fork_rng(devices=[]):
        parameters = model.default_parameters()[None]
        p = model.name_parameters(parameters)
        states, controls = model.steady_state(p)
        at_rest = {
            "states": pack(states, model.states),
            "controls": pack(controls, model.controls),
            "state_bounds": torch.cat(state_box(model, parameters)),
        }
        _require_finite(model, at_rest)
        _evaluate(model, at_rest["states"], parameters)


def _evaluate(model: Model, states: Tensor, parameters: Tensor) -> None:
    policy = PolicyNetwork(model)
    equilibrium_residuals(policy, states, parameters, *rule_for(model.shocks, 1))
    p = model.name_parameters(parameters)
    now = model.period(p, states, policy(states, p))
    model.observed(now, now, p)


def _require_finite(model: Model, values: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        if not torch.isfinite(value).all():
            raise SurrogateError(
                f"the {name.replace('_', ' ')} of {model.name!r} at its default parameters are "
                f"{_plain(tuple(value.flatten().tolist()))}: they must be finite numbers"
            )


@contextmanager
def blaming(model: Model) -> Iterator[None]:
    """Turn whatever goes wrong inside an economy into an error that names the place."""
    try:
        yield
    except SurrogateError:
        raise
    except Exception as error:  # whatever the user's own code raises
        raise SurrogateError(
            f"{model.name!r} cannot be evaluated{_place(model, error)}: {type(error).__name__}: {error}"
        ) from error


def _place(model: Model, error: Exception) -> str:
    file = inspect.getfile(type(model))
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f", line {own[-1].lineno} of {Path(file).name}, in {own[-1].name}" if own else ""


def _require_a_rule_for_each_shock(settings: Settings, model: Model) -> None:
    n_shocks = n_normal(model.shocks)
    if isinstance(settings.nodes, tuple) and len(settings.nodes) != n_shocks:
        raise BadConfiguration(
            f"The setting nodes is {_plain(settings.nodes)}, but {model.name} has {n_shocks} shocks that are "
            "normal: give one number, or one for each."
        )
    counts = settings.nodes if isinstance(settings.nodes, tuple) else (settings.nodes,)
    if settings.quadrature == "shifted" and (min(counts) < LEAST_SHIFTED or n_shocks >= MONOMIAL_FROM):
        raise BadConfiguration(
            f"quadrature=shifted takes {LEAST_SHIFTED} or more points in each of up to {MONOMIAL_FROM - 1} "
            f"shocks, not {_plain(settings.nodes)} in {n_shocks}: take quadrature=fixed or other nodes."
        )


def _require_memory_for(settings: Settings, model: Model) -> None:
    n_shocks, nodes = n_normal(model.shocks), settings.nodes
    dimensions = 1 if n_shocks >= MONOMIAL_FROM else n_shocks
    points = prod(nodes) if isinstance(nodes, tuple) else nodes**dimensions
    if settings.batch * points > MOST_ROWS:
        raise BadConfiguration(
            f"batch={settings.batch} with {points:,} combinations of nodes is more than memory holds: take "
            "fewer of either."
        )
    weights = sum(a * b for a, b in pairwise((settings.trunk, *settings.hidden)))
    if settings.optimiser != "adam" and weights > MOST_WEIGHTS:
        raise BadConfiguration(
            f"hidden={_plain(settings.hidden)} has {weights:,} weights, more than Levenberg-Marquardt has "
            "memory for: take narrower layers or optimiser=adam."
        )


def _plain(value: Any) -> str:
    return ",".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"
