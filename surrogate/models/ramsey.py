"""Ramsey, Cass and Koopmans: deterministic growth.

C + K' = K^alpha + (1 - delta) K = M
C^-gamma = beta C'^-gamma (alpha K'^(alpha-1) + 1 - delta)

The real business cycle model without productivity, so without shocks: from any capital stock the economy
moves along the saddle path to its steady state.
"""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor, exp, log

from surrogate.models.interface import Model, Named, ParameterRange, Variable
from surrogate.models.rbc import RealBusinessCycle, log_linear_consumption


class Ramsey(RealBusinessCycle):
    """Deterministic growth with CRRA utility, solved over four parameters."""

    name = "ramsey"
    description = "Deterministic growth with CRRA utility"
    parameters = (
        ParameterRange("alpha", 0.25, 0.45, 0.36, "capital share"),
        ParameterRange("beta", 0.95, 0.995, 0.99, "discount factor"),
        ParameterRange("delta", 0.01, 0.10, 0.025, "depreciation rate"),
        ParameterRange("gamma", 1.0, 5.0, 2.0, "relative risk aversion"),
    )
    states = (Variable("capital", "capital stock", "goods"),)
    features = (*parameters, Variable("consumption_capital"), Variable("on_capital"))
    shocks = ()
    observables = (
        Variable("log_output", "output", "log"),
        Variable("log_consumption", "consumption", "log"),
    )

    def derived(self, p: Named) -> dict[str, Tensor]:
        """The real business cycle model reads a persistence; there is nothing here to persist."""
        return {"rho": torch.zeros_like(p.alpha)}

    def output(self, s: Named, p: Named) -> Tensor:
        """K^alpha, in goods [...]."""
        return exp(p.alpha * log(s.capital))

    def steady_state(self, p: Named) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Where the return on capital pays for impatience."""
        states, controls = super().steady_state(p)
        return {"capital": states["capital"]}, controls

    def state_bounds(self, p: Named) -> dict[str, tuple[Tensor, Tensor]]:
        """Half a log point of capital either side."""
        capital = self.steady_state(p)[0]["capital"]
        return {"capital": (capital * 0.6065, capital * 1.6487)}

    def coordinates(self, s: Named, p: Named) -> dict[str, Tensor]:
        """Log capital relative to the steady state."""
        return {"capital": log(s.capital / self.steady_state(p)[0]["capital"]) / 0.5}

    def characteristics(self, p: Named) -> dict[str, Tensor]:
        """Beside the parameters, the steady state and the slope of the saddle path there."""
        states, controls = self.steady_state(p)
        return {
            **Model.characteristics(self, p),
            "consumption_capital": log(controls["consumption"] / states["capital"]),
            "on_capital": log(log_linear_consumption(p)[0]),
        }

    def anchor(self, s: Named, p: Named) -> dict[str, Tensor]:
        """The stochastic economy's log-linear solution with productivity at rest."""
        return super().anchor(SimpleNamespace(capital=s.capital, productivity=torch.zeros_like(s.capital)), p)

    def transition(self, s: Named, x: Named, e: Named, p: Named) -> dict[str, Tensor]:
        """Capital is what is not consumed."""
        return {"capital": self.resources(s, p) - x.consumption}

    def observe(self, s: Named, x: Named, s_next: Named, x_next: Named, p: Named) -> dict[str, Tensor]:
        """Output and consumption of the next period, in logs."""
        return {"log_output": log(self.output(s_next, p)), "log_consumption": log(x_next.consumption)}
