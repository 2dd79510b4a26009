"""The economy as modules ready for ONNX: one parameter row serves a block of states."""

from __future__ import annotations

from torch import Tensor, nn

from surrogate.models.interface import pack
from surrogate.policy import PolicyNetwork


class PolicyGraph(nn.Module):
    """Controls [w, k, n_controls] at states [w, k, n_states] and parameters [w, 1, n_parameters]."""

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, states: Tensor, parameters: Tensor) -> Tensor:
        """Controls of the network, shapes as above."""
        return self.policy(states, parameters)


class StepGraph(nn.Module):
    """One period of the whole economy: states and controls dated t, shocks dated t+1, each [w, k, .]."""

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(
        self, states: Tensor, controls: Tensor, shocks: Tensor, parameters: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Next states, next controls, next observables, each [w, k, .]."""
        model = self.policy.model
        p = model.name_parameters(parameters)
        now = model.period(p, states, controls)
        next_states = model.tomorrow(now, shocks, p)
        next_controls = self.policy(next_states, p)
        then = model.period(p, next_states, next_controls)
        return next_states, next_controls, model.observed(now, then, p)


class SteadyStateGraph(nn.Module):
    """Where simulations start: states and controls [w, .] without shocks, at parameters [w, n_parameters].

    The controls are the policy's at those states, so they carry the precautionary motive.
    """

    def __init__(self, policy: PolicyNetwork) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """States [w, n_states] and controls [w, n_controls] at rest."""
        model = self.policy.model
        p = model.name_parameters(parameters)
        states = pack(model.steady_state(p)[0], model.states)
        return states, self.policy(states, p)
