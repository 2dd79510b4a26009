"""One replication: a truth from the prior, data from it, draws from the posterior of the data, and ranks.

Walkers of an ensemble are independent of each other once it has converged, because its stationary
distribution is the product of their posteriors. So one draw of each walker, the last, makes ranks whose
draws are independent.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import emcee
import numpy as np
import pandas as pd

from estimation.mode import find_mode, start_walkers
from estimation.moves import build_moves
from estimation.posterior import Posterior
from estimation.workers import stop_requested
from surrogate.errors import SurrogateError
from surrogate.house.records import whole_number

LOG_LIKELIHOOD = "log likelihood"
STEPS, STEPS_A_PARAMETER = 40, 15
MOVES = "differential_evolution"


class Experiment(Protocol):
    """What is repeated; see :class:`estimation.calibration.experiment.Experiment`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters."""
        ...

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Hashes of all that a replication depends on."""
        ...

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """One parameter vector [n] from the prior."""
        ...

    def simulate(self, theta: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
        """Data at `theta` [n]."""
        ...

    def posterior(self, data: pd.DataFrame) -> Posterior:
        """The posterior of the data."""
        ...


@dataclass(frozen=True)
class CalibrationSettings:
    """How often and how long to sample.

    Attributes
    ----------
    replications : how many truths and data sets.
    draws : walkers of the ensemble that samples each posterior, and draws that a truth is ranked among.
    steps : of every walker, the last of which counts; if ``None``, 40 and 15 more for each parameter.
    seed : everything random follows from it and the number of the replication.
    """

    replications: int = 200
    draws: int = 64
    steps: int | None = None
    seed: int = 0

    def check(self, n_free: int) -> None:
        """Raise ``BadConfiguration`` unless the settings make sense for ``n_free`` free parameters."""
        whole_number("replications", self.replications, 1, 1_000_000)
        whole_number("draws", self.draws, max(2 * n_free, 4), 100_000)
        whole_number("steps", 1 if self.steps is None else self.steps, 1, 100_000_000)
        whole_number("seed", self.seed, 0, 2**63 - 1)


@dataclass(frozen=True)
class Replication:
    """What is kept of a replication.

    Attributes
    ----------
    number : from zero on.
    truth : name -> the parameter that made the data.
    ranks : name, or "log likelihood" -> how many draws are below the truth.
    draws : among how many it was ranked.
    memory : correlation across walkers between where they started and where they ended.
    failure : why there are no ranks; empty if there are.
    """

    number: int
    truth: dict[str, float]
    ranks: dict[str, int]
    draws: int
    memory: float
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, ready for JSON."""
        return asdict(self)


def replicate(experiment: Experiment, settings: CalibrationSettings, number: int) -> Replication | None:
    """Run replication `number`; ``None`` if a request to stop came first.

    What goes wrong with one set of data, such as an economy that explodes, is kept as its `failure`.
    """
    if stop_requested():
        return None
    generator = np.random.default_rng([settings.seed, number])
    theta = experiment.draw(generator)
    truth = dict(zip(experiment.names, theta.tolist(), strict=True))
    try:
        posterior = experiment.posterior(experiment.simulate(theta, generator))
        chain = sample_posterior(posterior, settings, generator)
    except SurrogateError as error:
        return Replication(number, truth, {}, 0, 0.0, str(error))
    if chain is None:
        return None
    return Replication(number, truth, _ranks(posterior, theta, chain[-1]), settings.draws, _memory(chain))


def sample_posterior(
    posterior: Posterior, settings: CalibrationSettings, generator: np.random.Generator
) -> np.ndarray | None:
    """The way of every walker [steps, draws, n] from around the mode; ``None`` on a request to stop."""
    mode = find_mode(posterior, int(generator.integers(2**31)))
    start = start_walkers(posterior, mode, settings.draws, generator)
    sampler = emcee.EnsembleSampler(
        settings.draws,
        posterior.n_free,
        lambda theta: posterior.log_prob(theta, generator),
        moves=build_moves(MOVES),
        vectorize=True,
    )
    bits = np.random.MT19937(int(generator.integers(2**31)))
    state = emcee.State(start, random_state=np.random.RandomState(bits).get_state())
    steps = settings.steps or STEPS + STEPS_A_PARAMETER * posterior.n_free
    for _ in sampler.sample(state, iterations=steps, skip_initial_state_check=True):
        if stop_requested():
            return None
    return sampler.get_chain()


def _ranks(posterior: Posterior, truth: np.ndarray, draws: np.ndarray) -> dict[str, int]:
    """Among `draws` [w, n]. The log likelihood is compared with the same random numbers at all of them, for
    which it is a function of parameters and data like any other.
    """
    ranks = dict(zip(posterior.names, (draws < truth).sum(axis=0).tolist(), strict=True))
    values = posterior.log_likelihood(np.vstack([truth, draws]))
    return {**ranks, LOG_LIKELIHOOD: int((values[1:] < values[0]).sum())}


def _memory(chain: np.ndarray) -> float:
    """Correlation across walkers of where a chain [steps, w, n] starts and ends, averaged over parameters."""
    start, end = chain[0] - chain[0].mean(axis=0), chain[-1] - chain[-1].mean(axis=0)
    norms = np.sqrt((start**2).sum(axis=0) * (end**2).sum(axis=0))
    return float(np.mean((start * end).sum(axis=0) / norms))
