"""First-order solution of any economy, from its own equations by automatic differentiation.

At the steady state without shocks the equations of `surrogate.models.Model` become, in deviations,

    s' = m_s s + m_x x + m_e e'
    0  = (F_s + F_g g_s) s + (F_x + F_g g_x) x + F_g g_s' E[s'] + F_g g_x' E[x']

a linear rational-expectations model in (s, x), whose stable solution says what a policy must be as shocks
shrink: risk enters at second order only.
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import jacrev

from ..models.interface import Model, pack
from ..rational_expectations import eigenvalues, solve_rational_expectations

Array = NDArray[np.float64]


class Linearisation(NamedTuple):
    """`s' = transition s + shock_impact e'` and `x = policy s`, in deviations, natural units.

    states [n_s] and controls [n_x] of the steady state, transition [n_s, n_s], shock_impact [n_s, n_e],
    policy [n_x, n_s].
    """

    states: Array
    controls: Array
    transition: Array
    shock_impact: Array
    policy: Array


def linearise(model: Model, parameters: Tensor) -> Linearisation:
    """Solve `model` to first order around its steady state at `parameters` [n_parameters].

    Raises
    ------
    Indeterminate, NoStableSolution : no unique stable equilibrium near the steady state.
    """
    at_rest = _pencil(model, parameters)
    transition, policy = solve_rational_expectations(at_rest.lead, at_rest.lag, len(at_rest.states))
    return Linearisation(at_rest.states, at_rest.controls, transition, at_rest.shock_impact, policy)


def roots_of(model: Model, parameters: Tensor) -> tuple[NDArray[np.complex128], int]:
    """Eigenvalues of `model` around its steady state at `parameters` [n_parameters], the smallest first, and
    how many of them have to be stable.
    """
    at_rest = _pencil(model, parameters)
    return eigenvalues(at_rest.lead, at_rest.lag), len(at_rest.states)


class _Pencil(NamedTuple):
    """lead E[(s', x')] = lag (s, x), in deviations from `states` and `controls`."""

    states: Array
    controls: Array
    lead: Array
    lag: Array
    shock_impact: Array


def _pencil(model: Model, parameters: Tensor) -> _Pencil:
    p = model.name_parameters(parameters.double())
    state_values, control_values = model.steady_state(p)
    states, controls = pack(state_values, model.states), pack(control_values, model.controls)
    shocks = torch.zeros(sum(shock.size for shock in model.shocks), dtype=torch.float64)
    equations = _Equations(model, parameters.double())
    m_s, m_x, m_e = jacrev(equations.transition, argnums=(0, 1, 2))(states, controls, shocks)
    f_s, f_x, f_next_s, f_next_x = jacrev(equations.residuals, argnums=(0, 1, 2, 3))(
        states, controls, states, controls
    )
    n_states, n_controls = len(states), len(controls)
    identity, zero = torch.eye(n_states), torch.zeros(n_states, n_controls)
    lead = torch.cat([torch.cat([identity, zero], 1), torch.cat([f_next_s, f_next_x], 1)])
    lag = torch.cat([torch.cat([m_s, m_x], 1), -torch.cat([f_s, f_x], 1)])
    return _Pencil(states.numpy(), controls.numpy(), lead.numpy(), lag.numpy(), m_e.numpy())


class _Equations:
    """The economy as functions of plain vectors, tomorrow known."""

    def __init__(self, model: Model, parameters: Tensor) -> None:
        self.model, self.p = model, model.name_parameters(parameters)

    def transition(self, states: Tensor, controls: Tensor, shocks: Tensor) -> Tensor:
        """Tomorrow's states [n_s]."""
        return self.model.tomorrow(self.model.period(self.p, states, controls), shocks, self.p)

    def residuals(
        self, states: Tensor, controls: Tensor, next_states: Tensor, next_controls: Tensor
    ) -> Tensor:
        """Errors of the equations [n_x] if tomorrow is certain."""
        model = self.model
        now, then = model.period(self.p, states, controls), model.period(self.p, next_states, next_controls)
        expected = SimpleNamespace(**model.inside(now, then, self.p))
        return pack(model.conditions(now, expected, self.p), model.equations)
