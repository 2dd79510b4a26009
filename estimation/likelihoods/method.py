"""What every likelihood method has in common: how ``[likelihood] method`` finds its settings, and how
likelihoods of many parameter vectors are evaluated, in blocks and on several cores, the same for any
number of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import pandas as pd

from surrogate import Surrogate
from surrogate.errors import BadConfiguration, unknown_name
from surrogate.house.listener import progress

from ..filters import HamiltonFilter, KalmanFilter
from ..filters.state_space import Paths
from ..moments import MomentsResult
from ..priors import PriorSet
from ..sampling.posterior import Likelihood, Posterior
from ..settings import PREFIX, read_settings, require_mapping
from ..work.pool import WorkerPool

DEFAULT = "twisted"
VECTORS_PER_TASK = 200


@dataclass(frozen=True)
class Ingredients:
    """What a posterior is made of, apart from the likelihood's own settings.

    Attributes
    ----------
    surrogate : the solved economy.
    data : observations [T, n_y] by quarter.
    priors : of the free parameters.
    fixed : values of parameters that do not move.
    measurement_error : ``sd``, ``share_of_sd`` or ``share_of_variance``, as the user wrote them.
    seed : of whatever is random but common to all evaluations.
    """

    surrogate: Surrogate
    data: pd.DataFrame
    priors: PriorSet
    fixed: Mapping[str, float]
    measurement_error: Mapping[str, Any]
    seed: int


class Method(ABC):
    """Settings of one method, a dataclass; ``method`` is the name by which ``[likelihood]`` chooses it.

    Attributes
    ----------
    files : stems of the files in which the findings of its likelihood are saved.
    """

    method: str
    files: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def usual(cls, method: str) -> Mapping[str, Any]:
        """Values, for one name of the method, of settings that the user leaves out."""
        return {}

    @abstractmethod
    def posterior(self, given: Ingredients) -> Posterior:
        """The posterior of ``given`` under this method.

        Raises
        ------
        SurrogateError : in one sentence, what does not fit together.
        """

    def ingredients(self, posterior: Posterior) -> list:
        """What draws of its posterior depend on beside model, data and priors, as JSON can write it."""
        sd = None if posterior.measurement is None else [str(value) for value in posterior.measurement.sd]
        return [vars(self), sd]

    def point_estimate(self, posterior: Posterior, seed: int) -> MomentsResult:
        """The parameters whose moments are closest to those of the data.

        Raises
        ------
        BadConfiguration : the likelihood is not made of moments.
        """
        raise BadConfiguration('A point estimate needs [likelihood] method = "moments".')


METHODS: dict[str, type[Method]] = {}
"""By the names that ``[likelihood] method`` can have."""


Settings = TypeVar("Settings", bound=type[Method])


def register(*names: str) -> Callable[[Settings], Settings]:
    """Let ``[likelihood] method`` choose the decorated settings by any of ``names``."""

    def known(settings: Settings) -> Settings:
        METHODS.update(dict.fromkeys(names, settings))
        return settings

    return known


def likelihood_settings(values: Mapping[str, Any]) -> Method:
    """Read the settings of a likelihood; ``method`` decides which others make sense.

    Raises
    ------
    UnknownName : an unknown method or setting.
    BadConfiguration : a value of the wrong type.
    """
    method = require_mapping("likelihood", values).get("method", DEFAULT)
    if not isinstance(method, str) or method not in METHODS:
        raise unknown_name("likelihood method", method, METHODS)
    return read_settings(METHODS[method], {**METHODS[method].usual(method), **values}, "likelihood")


def require_no_measurement_error(given: Ingredients, who: str, instead: str) -> None:
    """Raise ``BadConfiguration`` if measurement errors are given or have priors.

    Parameters
    ----------
    who : the method and its verb, such as "The inversion filter has".
    instead : what else to do about it.
    """
    if given.measurement_error or any(name.startswith(PREFIX) for name in given.priors):
        raise BadConfiguration(
            f"{who} no measurement error: leave [measurement_error] and priors on {PREFIX}... out{instead}."
        )


def log_likelihoods(
    posterior: Posterior, theta: np.ndarray, seed: int, processes: int | None, label: str
) -> np.ndarray:
    """Log likelihoods [w] of ``theta`` [w, n_free], with random numbers that follow from ``seed``.

    Parameters
    ----------
    processes : worker processes; 1 stays in this one, ``None`` takes one for each core.
    label : what the listener hears this work called.
    """
    parts = np.array_split(theta, max(1, len(theta) // VECTORS_PER_TASK))
    done: list[np.ndarray] = []
    with progress(label, patient=True) as tell:

        def note(values: np.ndarray) -> None:
            """Count a part that is there."""
            done.append(values)
            tell(len(done), len(parts))

        if processes != 1:
            tasks = [(_evaluate, posterior, part, [seed, number]) for number, part in enumerate(parts)]
            with WorkerPool(processes) as pool:
                return np.concatenate(pool.run(tasks, note))
        for number, part in enumerate(parts):
            note(_evaluate(posterior, part, [seed, number]))
        return np.concatenate(done)


class DeterministicLikelihood(Likelihood):
    """A filter without random numbers applied to one sample, `vectors_per_call` parameter vectors at a time.

    Parameters
    ----------
    filtering : the filter.
    data : observations [T, n_y] whose columns are the filter's observables; NaN is missing.
    """

    vectors_per_call: ClassVar[int]

    def __init__(self, filtering: KalmanFilter | HamiltonFilter, data: pd.DataFrame) -> None:
        self.filter = filtering
        self.observations = data[list(filtering.state_space.observables)].to_numpy(dtype=float)

    def log_likelihood(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator | None = None,
        measurement_sd: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`estimation.sampling.posterior.Likelihood`; nothing is random."""

        def block(rows: slice) -> np.ndarray:
            sd = None if measurement_sd is None else measurement_sd[rows]
            return self.filter.log_likelihood(parameters[rows], self.observations, sd)

        return in_blocks(block, len(parameters), self.vectors_per_call)

    def paths(
        self,
        parameters: np.ndarray,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: np.ndarray | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """See :class:`estimation.sampling.posterior.Likelihood`."""
        simulate = self.filter.smoothed_paths if smoothed else self.filter.filtered_paths
        return simulate(parameters, self.observations, generator, draws, measurement_sd)


def in_blocks(evaluate: Callable[[slice], np.ndarray], rows: int, size: int) -> np.ndarray:
    """Values [rows] that `evaluate` returns for consecutive slices of at most `size` rows.

    Linear algebra refuses a whole stack for one singular matrix in it: such a slice is halved until the row
    is alone, and its value is minus infinity.
    """
    return np.concatenate(
        [_divided(evaluate, first, min(first + size, rows)) for first in range(0, rows, size)]
    )


def _evaluate(posterior: Posterior, theta: np.ndarray, seed: list[int]) -> np.ndarray:
    return posterior.log_likelihood(theta, np.random.default_rng(seed))


def _divided(evaluate: Callable[[slice], np.ndarray], first: int, stop: int) -> np.ndarray:
    try:
        return evaluate(slice(first, stop))
    except np.linalg.LinAlgError:
        if stop - first == 1:
            return np.array([-np.inf])
    middle = (first + stop) // 2
    return np.concatenate([_divided(evaluate, first, middle), _divided(evaluate, middle, stop)])
