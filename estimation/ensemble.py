"""One ensemble of walkers as a function from where it stands to its next steps.

Every random number follows from (seed, ensemble, step): emcee's generator travels with the walkers, and the
particle filter gets a new generator at each step. So a block of steps is the same wherever and however often
it is computed, and however the steps are cut into blocks. The stored log posterior of a walker is never drawn
again, which is what makes pseudo-marginal sampling exact (Andrieu and Roberts 2009).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import emcee
import numpy as np

from estimation.chain_file import Block
from estimation.mode import Mode, start_walkers
from estimation.moves import Moves, build_moves
from estimation.packed import Packed
from estimation.posterior import Posterior
from estimation.workers import stop_requested

SECONDS_PER_BLOCK = 0.5
"""Long enough that saving does not count, short enough that little is lost."""
STEPS_PER_BLOCK = 2000


@dataclass(frozen=True)
class Ensemble:
    """All that decides about the draws of one ensemble.

    Attributes
    ----------
    posterior : what to sample.
    mode : where walkers start.
    walkers : how many.
    moves : see :mod:`estimation.moves`.
    seed : shared by all ensembles.
    number : of this ensemble.
    """

    posterior: Packed[Posterior]
    mode: Mode
    walkers: int
    moves: Moves
    seed: int
    number: int


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
    acceptance = _share_moved(np.array(before + theta))
    return Block(np.array(theta), np.array(log_prob), random_state, acceptance)


def _share_moved(path: np.ndarray) -> float:
    """Share of steps in which a walker moved, from its path [steps + 1, walkers, n]."""
    moved = np.any(np.diff(path, axis=0) != 0, axis=2)
    return float(moved.mean()) if moved.size else 0.0


def _steps(ensemble: Ensemble, done: int, state: emcee.State | None, most: int) -> Iterator[emcee.State]:
    """Up to ``most`` steps, no new one once the time is over."""
    end = time.monotonic() + SECONDS_PER_BLOCK
    posterior = ensemble.posterior.value
    log_prob = _LogProb(ensemble, posterior)
    log_prob.begin(done)
    sampler = emcee.EnsembleSampler(
        ensemble.walkers, posterior.n_free, log_prob, moves=build_moves(ensemble.moves), vectorize=True
    )
    state = state or _initial_state(ensemble, posterior)
    path = sampler.sample(state, iterations=most, skip_initial_state_check=True, store=False)
    for step, reached in enumerate(path, start=done + 1):
        yield reached
        if time.monotonic() > end:
            return
        log_prob.begin(step)


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


def _generator(ensemble: Ensemble, purpose: int, step: int = 0) -> np.random.Generator:
    return np.random.default_rng([ensemble.seed, ensemble.number, purpose, step])


def _initial_state(ensemble: Ensemble, posterior: Posterior) -> emcee.State:
    theta = start_walkers(posterior, ensemble.mode, ensemble.walkers, _generator(ensemble, 0))
    bits = np.random.MT19937(np.random.SeedSequence([ensemble.seed, ensemble.number, 2]))
    return emcee.State(theta, random_state=np.random.RandomState(bits).get_state())
