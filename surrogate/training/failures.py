"""When a run has not solved its economy, in words that say what to try."""

from __future__ import annotations

from ..artifact.validation import LEAST_ACCURATE
from .settings import Settings

ORDER_ONE = -0.5
"""Mean log10 of Euler errors that say nothing about the economy."""
FINE = -4.0
"""Below it, a run that ends where it began may have begun at the solution."""
MOST = 0.5
"""Share of the simulated economies that may run away."""


def failure_at_start(name: str, log10_error: float) -> str:
    """What is wrong with an economy before training, or nothing."""
    if not log10_error <= ORDER_ONE:
        return (
            f"the residuals of {name!r} are of order one ({10**log10_error:.2g}) before training: check "
            "the equations at the steady state, narrow the box, or give the model an anchor closer to its "
            "solution"
        )
    return ""


def failure_at_end(name: str, log10_error: float, start: float, settings: Settings) -> str:
    """Why the policy after training is no solution, or nothing."""
    if log10_error <= FINE or log10_error <= min(start, LEAST_ACCURATE):
        return ""
    return (
        f"the Euler errors of {name!r} are {10**log10_error:.2g} on average, from {10**start:.2g} before "
        f"training, where a solution has {10**LEAST_ACCURATE:g} or less and no more than before: try "
        f"{_remedies(settings)}"
    )


def failure_in_simulation(name: str, run_away: float, settings: Settings) -> str:
    """Why a policy is no solution with which the share `run_away` of the economies leaves its box by far, or
    nothing. The certificate leaves out a part of the box; it cannot leave out most.
    """
    if run_away <= MOST:
        return ""
    return f"{run_away:.0%} of the simulated economies of {name!r} run away: try {_remedies(settings)}"


def _remedies(settings: Settings) -> str:
    if settings.method in ("population", "generations"):
        return "more steps, a larger batch, a narrower box, an anchor closer to the solution, or another seed"
    if settings.method != "euler":
        return "method=euler, a lower learning_rate, more steps, a larger batch or a longer horizon"
    return "a narrower box, an anchor closer to the solution, more nodes, a larger batch, or another seed"
