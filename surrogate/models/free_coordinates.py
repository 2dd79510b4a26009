"""An economy in coordinates without bounds, in which linear solutions and Newton's method are at home.

A state that is positive is seen in logs. A control is seen as its bounds suggest: the log of its distance
from one bound, the log odds of its place between two. Whatever a linear rule says is then feasible.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace

import torch
from torch import Tensor

from .interface import Control, Model, Parameters, Period, Values, pack
from .variables import columns_of

NO_LEVELS = ("log", "deviation", "percent")
"""Words in the unit of a state that may be negative, even where it is positive at rest."""


def positive_states(model: Model, values: Mapping[str, float | Tensor]) -> tuple[str, ...]:
    """The states that are positive in `values`, natural units, and whose unit does not say that they need
    not be.
    """
    levels = (s for s in model.states if not any(word in s.unit for word in NO_LEVELS))
    return tuple(s.name for s in levels if bool((torch.as_tensor(values[s.name]) > 0).all()))


class FreeCoordinates:
    """The economy, with the states called `logged` in logs; no constraint binds."""

    def __init__(self, model: Model, logged: tuple[str, ...]) -> None:
        self.model, self.logged = model.given(model.regimes()[0]), logged

    def of_states(self, states: Values) -> Tensor:
        """Coordinates [..., n_states] of states by name."""
        seen = {name: torch.log(s) if name in self.logged else s for name, s in states.items()}
        return pack(seen, self.model.states)

    def states(self, coordinates: Tensor) -> dict[str, Tensor]:
        """States by name, natural units, at coordinates [..., n_states]."""
        columns = columns_of(coordinates, self.model.states)
        return {name: torch.exp(s) if name in self.logged else s for name, s in columns.items()}

    def of_controls(self, now: Period, controls: Values) -> Tensor:
        """Coordinates [..., n_controls] of choices by name in the period `now`."""
        seen = {c.name: _free(controls[c.name], *_bounds(c, now)) for c in self.model.controls}
        return pack(seen, self.model.controls)

    def controls(self, now: Period, coordinates: Tensor) -> dict[str, Tensor]:
        """Choices by name in the period `now`, natural units, at coordinates [..., n_controls]."""
        columns = columns_of(coordinates, self.model.controls)
        return {c.name: _bounded(columns[c.name], *_bounds(c, now)) for c in self.model.controls}

    def period(self, p: Parameters, s: Tensor, x: Tensor) -> Period:
        """The period at coordinates `s` [..., n_states] and `x` [..., n_controls]."""
        states = self.states(s)
        return Period(self.model, p, states, self.controls(Period(self.model, p, states), x))

    def tomorrow(self, p: Parameters, s: Tensor, x: Tensor, e: Tensor | None = None) -> Tensor:
        """Coordinates [..., n_states] of tomorrow's states after shocks `e` [..., n_shocks], or none."""
        now = self.period(p, s, x)
        nodes = self.model.calm(now, p) if e is None else self.model.calm(now, p) + e
        return self.of_states(columns_of(self.model.after(now, nodes, p), self.model.states))

    def errors(self, p: Parameters, s: Tensor, x: Tensor, next_s: Tensor, next_x: Tensor) -> Tensor:
        """Errors of the equations [..., n_equations] if tomorrow is certain."""
        now, then = self.period(p, s, x), self.period(p, next_s, next_x)
        expected = SimpleNamespace(**self.model.inside(now, then, p))
        return pack(self.model.conditions(now, expected, p), self.model.equations)

    def errors_at_rest(self, p: Parameters, rest: Tensor) -> Tensor:
        """How far the states at `rest` [..., n_states + n_controls] move without shocks, and the errors of
        the equations: [..., n_states + n_equations]. Equations that read `p.at_rest` mean this place.
        """
        s, x = self.split(rest)
        p = Parameters(self.model, p.vector)
        vars(p)["at_rest"] = self.period(p, s, x)
        return torch.cat([self.tomorrow(p, s, x) - s, self.errors(p, s, x, s, x)], -1)

    def split(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """States [..., n_states] and controls [..., n_controls] of both, side by side."""
        n_states = sum(state.size for state in self.model.states)
        return both[..., :n_states], both[..., n_states:]


def _bounds(control: Control, now: Period) -> tuple[float | Tensor | None, float | Tensor | None]:
    """Lower and upper bound of a control, None where there is none."""
    ends = (getattr(now, end) if isinstance(end, str) else end for end in (control.lower, control.upper))
    lower, upper = (None if isinstance(end, float) and math.isinf(end) else end for end in ends)
    return lower, upper


def _free(value: Tensor, lower: float | Tensor | None, upper: float | Tensor | None) -> Tensor:
    if lower is not None and upper is not None:
        return torch.log((value - lower) / (upper - value))
    if lower is not None:
        return torch.log(value - lower)
    return value if upper is None else -torch.log(upper - value)


def _bounded(value: Tensor, lower: float | Tensor | None, upper: float | Tensor | None) -> Tensor:
    if lower is not None and upper is not None:
        return lower + (upper - lower) * torch.sigmoid(value)
    if lower is not None:
        return lower + torch.exp(value)
    return value if upper is None else upper - torch.exp(-value)
