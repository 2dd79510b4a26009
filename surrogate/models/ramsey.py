"""Ramsey, Cass and Koopmans: deterministic growth.

    C + K' = K^alpha + (1 - delta) K = M
    C^-gamma = beta C'^-gamma (alpha K'^(alpha-1) + 1 - delta)

The real business cycle model without productivity, so without shocks: from any capital stock the economy
moves along the saddle path to its steady state.
"""

from __future__ import annotations

from torch import Tensor, log, zeros_like

from surrogate.models import Model, Named, ParameterRange, Parameters, Period, Values, Variable
from surrogate.models.rbc import RealBusinessCycle


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
    shocks = ()
    observables = (
        Variable("log_output", "output", "log"),
        Variable("log_consumption", "consumption", "log"),
    )

    def rho(self, p: Parameters) -> Tensor:
        """The real business cycle model reads a persistence; there is nothing here to persist."""
        return zeros_like(p.alpha)

    def productivity(self, now: Period, p: Parameters) -> Tensor:
        """Always at rest."""
        return zeros_like(now.capital)

    def steady_state(self, p: Parameters) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Where the return on capital pays for impatience."""
        states, controls = super().steady_state(p)
        return {"capital": states["capital"]}, controls

    def transition(self, now: Period, e: Named, p: Parameters) -> Values:
        """Capital is what is not consumed."""
        return {"capital": now.resources - now.consumption}

    def observe(self, now: Period, then: Period, p: Parameters) -> Values:
        """Output and consumption, in logs."""
        return {"log_output": log(then.output), "log_consumption": log(then.consumption)}

    def state_bounds(self, p: Parameters) -> dict[str, tuple[Tensor, Tensor]]:
        """Half a log point of capital either side."""
        capital = self.steady_state(p)[0]["capital"]
        return {"capital": (capital * 0.6065, capital * 1.6487)}

    def coordinates(self, now: Period, p: Parameters) -> dict[str, Tensor]:
        """Log capital relative to the steady state."""
        return {"capital": log(now.capital / self.steady_state(p)[0]["capital"]) / 0.5}

    def characteristics(self, p: Parameters) -> dict[str, Tensor]:
        """Beside the parameters, the steady state and the slope of the saddle path there."""
        states, controls = self.steady_state(p)
        return {
            **Model.characteristics(self, p),
            "consumption_capital": log(controls["consumption"] / states["capital"]),
            "on_capital": log(p.slopes[0]),
        }
