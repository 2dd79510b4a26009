"""How walkers propose to move: by name, or as a mixture of names.

Differential evolution (ter Braak 2006; Nelson, Ford and Payne 2014) adds the scaled difference of two other
walkers; the snooker move (ter Braak and Vrugt 2008) jumps along the line through another walker; the stretch
and the walk move are those of Goodman and Weare (2010). None needs tuning, and all are invariant to linear
changes of the parameters.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from emcee.moves import DEMove, RedBlueMove, StretchMove

from surrogate.errors import BadConfiguration, shown, unknown_name

SNOOKER_SCALE = 1.7
"""The step that ter Braak and Vrugt recommend."""


class SnookerMove(RedBlueMove):
    """The snooker move of ter Braak and Vrugt (2008, equation 3 and the acceptance ratio after it).

    emcee's own (up to 3.1.6) does not project on a vector of unit length: with it, every fifth step a snooker
    move, a standard normal in 13 dimensions has variances 14 % too small.
    """

    def __init__(self) -> None:
        super().__init__(nsplits=4)

    def get_proposal(self, sample: Any, complement: Any, random: Any) -> tuple[np.ndarray, np.ndarray]:
        """Proposals [w, n] for walkers ``sample`` [w, n], and log acceptance factors [w].

        ``complement`` holds three other groups of walkers, each of which supplies one of three points.
        """
        towards, first, second = (group[random.randint(len(group), size=len(sample))] for group in complement)
        line = sample - towards
        squared = np.sum(line**2, axis=1)
        share = SNOOKER_SCALE * np.sum((first - second) * line, axis=1) / squared
        # The proposal is on the same line through `towards`, 1 + share times as far away
        factor = (sample.shape[1] - 1) * np.log(np.abs(1 + share))
        return sample + share[:, None] * line, factor


class WalkMove(RedBlueMove):
    """The walk move of Goodman and Weare (2010, equation 11), all other walkers taking part in each step."""

    def get_proposal(self, sample: Any, complement: Any, random: Any) -> tuple[np.ndarray, np.ndarray]:
        """Proposals [w, n] for walkers ``sample`` [w, n], and log acceptance factors [w]."""
        others = np.concatenate(complement)
        deviations = (others - others.mean(axis=0)) / math.sqrt(len(others))
        return sample + random.standard_normal((len(sample), len(others))) @ deviations, np.zeros(len(sample))


MOVES: dict[str, Callable[[], RedBlueMove]] = {
    "differential_evolution": DEMove,
    "snooker": SnookerMove,
    "stretch": StretchMove,
    "walk": WalkMove,
}
MIXTURES = {"differential_evolution": {"differential_evolution": 0.8, "snooker": 0.2}}
"""Names that stand for more than one move: jumps across modes come from the snooker move."""

LARGEST_WEIGHT = 1e9
Moves = str | Mapping[str, float]


def weights_of(moves: Moves) -> dict[str, float]:
    """The share of each move that a setting asks for, by name, adding up to one.

    Parameters
    ----------
    moves : a name, or name -> weight. ``"differential_evolution"`` alone is four steps of it to one of
        the snooker move.

    Raises
    ------
    UnknownName : there is no such move.
    BadConfiguration : neither a name nor weights, or a weight that is not positive.
    """
    weights = MIXTURES.get(moves, {moves: 1.0}) if isinstance(moves, str) else moves
    if not isinstance(weights, Mapping) or not weights:
        raise BadConfiguration(
            f'moves in [sampler] must be a name such as "stretch", or weights such as {{ walk = 1.0 }}, '
            f"not {shown(moves)}."
        )
    for name, weight in weights.items():
        if name not in MOVES:
            raise unknown_name("move", name, MOVES)
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or not 0 < weight <= LARGEST_WEIGHT
        ):
            raise BadConfiguration(
                f"The weight of {name} in [sampler] moves must be a positive number, not {shown(weight)}."
            )
    total = sum(weights.values())
    return {name: weights[name] / total for name in sorted(weights)}


def build_moves(moves: Moves) -> list[tuple[RedBlueMove, float]]:
    """What :class:`emcee.EnsembleSampler` takes; parameters and errors as in :func:`weights_of`."""
    return [(MOVES[name](), weight) for name, weight in weights_of(moves).items()]
