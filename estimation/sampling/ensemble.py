"""One ensemble of walkers as a function from where it stands to its next steps.

Every random number follows from (seed, ensemble, step): emcee's generator travels with the walkers, and the
particle filter gets a new generator at each step. So a block of steps is the same wherever and however often
it is computed, and however the steps are cut into blocks. The stored log posterior of a walker is never drawn
again, which is what makes pseudo-marginal sampling exact (Andrieu and Roberts 2009).

How walkers propose to move is chosen by name, or as a mixture of names. Differential evolution (ter Braak
2006; Nelson, Ford and Payne 2014) adds the scaled difference of two other walkers; the snooker move (ter
Braak and Vrugt 2008) jumps along the line through another walker; the stretch and the walk move are those of
Goodman and Weare (2010). None needs tuning, and all are invariant to linear changes of the parameters.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import emcee
import numpy as np
from emcee.moves import DEMove, RedBlueMove, StretchMove

from surrogate.errors import BadConfiguration, shown, unknown_name

from ..work.pool import Packed, stop_requested
from .chain_file import Block
from .mode import Mode, start_walkers
from .posterior import Posterior

SNOOKER_SCALE = 1.7
"""The step that ter Braak and Vrugt recommend."""
MIXTURES = {"differential_evolution": {"differential_evolution": 0.8, "snooker": 0.2}}
"""Names that stand for more than one move: jumps across modes come from the snooker move."""
LARGEST_WEIGHT = 1e9
Moves = str | Mapping[str, float]
SECONDS_PER_BLOCK = 0.5
"""Long enough that saving does not count, short enough that little is lost."""
STEPS_PER_BLOCK = 2000


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


@dataclass(frozen=True)
class Ensemble:
    """All that decides about the draws of one ensemble.

    Attributes
    ----------
    posterior : what to sample.
    mode : where walkers start.
    walkers : how many.
    moves : see :mod:`estimation.sampling.ensemble`.
    seed : shared by all ensembles.
    number : of this ensemble.
    """

    posterior: Packed[Posterior]
    mode: Mode
    walkers: int
    moves: Moves
    seed: int
    number: int


def state_at(theta: np.ndarray, seed: int | np.random.SeedSequence) -> emcee.State:
    """Walkers at theta [walkers, n] before their first step, with emcee's generator under a seed."""
    bits = np.random.MT19937(seed)
    return emcee.State(theta, random_state=np.random.RandomState(bits).get_state())


def advance(ensemble: Ensemble, done: int, state: emcee.State | None, until: int) -> Block | None:
    """The next steps of an ensemble: for about half a second, at least one, at most to step ``until``.

    Parameters
    ----------
    done : steps so far.
    state : where the walkers are; ``None`` before the first step.

    Returns
    -------
    ``None`` if a stop was requested before the first step.
    """
    if stop_requested():
        return None
    theta, log_prob, random_state = [], [], ()
    for reached in _steps(ensemble, done, state, min(until - done, STEPS_PER_BLOCK)):
        theta.append(reached.coords.copy())
        log_prob.append(np.array(reached.log_prob))
        random_state = reached.random_state or ()
        if stop_requested():
            break
    before = [] if state is None else [state.coords]
    moved = np.any(np.diff(np.array(before + theta), axis=0) != 0, axis=2)
    acceptance = float(moved.mean()) if moved.size else 0.0
    return Block(np.array(theta), np.array(log_prob), random_state, acceptance)


class _LogProb:
    """The log posterior with the filter's generator of the current step."""

    def __init__(self, ensemble: Ensemble, posterior: Posterior) -> None:
        self._ensemble, self._posterior = ensemble, posterior
        self._generator: np.random.Generator | None = None

    def begin(self, step: int) -> None:
        if not self._posterior.common_random_numbers:
            self._generator = _generator(self._ensemble, 1, step)

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        return self._posterior.log_prob(theta, self._generator)


def _steps(ensemble: Ensemble, done: int, state: emcee.State | None, most: int) -> Iterator[emcee.State]:
    """Up to ``most`` steps, no new one once the time is over."""
    end = time.monotonic() + SECONDS_PER_BLOCK
    posterior = ensemble.posterior.value
    log_prob = _LogProb(ensemble, posterior)
    log_prob.begin(done)
    sampler = emcee.EnsembleSampler(
        ensemble.walkers, posterior.n_free, log_prob, moves=build_moves(ensemble.moves), vectorize=True
    )
    if state is None:
        theta = start_walkers(posterior, ensemble.mode, ensemble.walkers, _generator(ensemble, 0))
        state = state_at(theta, np.random.SeedSequence([ensemble.seed, ensemble.number, 2]))
    path = sampler.sample(state, iterations=most, skip_initial_state_check=True, store=False)
    for step, reached in enumerate(path, start=done + 1):
        yield reached
        if time.monotonic() > end:
            return
        log_prob.begin(step)


def _generator(ensemble: Ensemble, purpose: int, step: int = 0) -> np.random.Generator:
    return np.random.default_rng([ensemble.seed, ensemble.number, purpose, step])
