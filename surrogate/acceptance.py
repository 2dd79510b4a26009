"""When a policy counts as a solution: what training, export and validation ask."""

from collections.abc import Mapping
from typing import Any

from surrogate.card import LAWS

LEAST_ACCURATE = -2.0
"""Mean log10 of the absolute residuals of the worst equation, which are shares, from which on a policy solves
nothing.
"""
LARGEST = 300.0
"""log10 of what a message can say."""
RUN_AWAY = 0.02
"""Share of the economies in the certified region that may leave their box by far: as many as the region may
contain of those with large Euler errors.
"""


def objection(accuracy: Mapping[str, Any]) -> str:
    """Why the policy with these figures of a card is no solution, or nothing."""
    for law in LAWS:
        means = {name: figures.get("mean", 0.0) for name, figures in accuracy.get(law, {}).items()}
        worst = [name for name, mean in means.items() if not mean <= LEAST_ACCURATE]
        if worst:
            error = 10 ** min(means[worst[0]], LARGEST)
            return f"the error of {worst[0]} is {error:.3g} on average ({law}), above {10**LEAST_ACCURATE:g}"
    share = accuracy.get("run_away", 0.0)
    return "" if share <= RUN_AWAY else f"{share:.0%} of the simulated economies run away"
