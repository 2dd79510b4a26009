"""What simulation-based calibration repeats: draw parameters, simulate data, make the posterior of these."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from surrogate import Surrogate, load
from surrogate.errors import BadConfiguration, BadData

from ..estimation import Estimation
from ..filters.linearisation import at_steady_state
from ..filters.state_space import StateSpace
from ..inputs import read_configuration
from ..learnt.artifact import learn
from ..likelihoods.learnt import LEARNT
from ..likelihoods.learnt_graph import LearntGraph, fingerprints
from ..sampling.posterior import Posterior

BURN_IN = 100


class Experiment:
    """An estimation whose data are to be replaced by simulated ones of the same dates, with the same gaps.

    Measurement errors that the estimation knows stay at the size that its own data give them. Simulated data
    are the economy's own, so that no moment has a discrepancy.

    Parameters
    ----------
    surrogate, data, **settings : as :class:`estimation.Estimation` takes them.

    Raises
    ------
    SurrogateError : in one sentence, what does not fit together.
    BadConfiguration : the likelihood is conditional on a presample.
    """

    def __init__(self, surrogate: Surrogate | str | Path, data: pd.DataFrame, **settings: Any) -> None:
        self.surrogate = surrogate if isinstance(surrogate, Surrogate) else load(surrogate)
        self.estimation = Estimation(self.surrogate, data, **settings)
        posterior = self.estimation.posterior
        if posterior.likelihood.presample:  # on which the posterior would be conditional, unlike the truths
            raise BadConfiguration(
                "Ranks are uniform only if the likelihood counts the whole sample: leave presample out of "
                "[likelihood]; the simulated samples start at the steady state, so that none is needed."
            )
        self.settings = settings
        if "discrepancy" in (settings.get("likelihood") or {}):
            own = {name: value for name, value in settings["likelihood"].items() if name != "discrepancy"}
            self.settings = {**settings, "likelihood": own}
        if posterior.measurement is not None:
            sizes = zip(posterior.measurement.observables, posterior.measurement.sd.tolist(), strict=True)
            known = {name: sd for name, sd in sizes if not np.isnan(sd)}
            self.settings = {**self.settings, "measurement_error": {"sd": known}}

    @classmethod
    def from_toml(cls, path: str | Path) -> "Experiment":
        """The experiment of an estimation's TOML file; see :mod:`estimation.inputs`."""
        return cls(**read_configuration(Path(path)))

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters."""
        return self.estimation.posterior.names

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Hashes of all that a replication depends on beside the settings of the calibration."""
        hashes = self.estimation.fingerprints
        return {name: hashes[name] for name in ("model", "priors", "fixed parameters", "likelihood", "data")}

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """One parameter vector [n] from the prior, inside the surrogate's certified region."""
        return self.estimation.posterior.draw_prior(1, generator)[0]

    def simulate(self, theta: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
        """Observations of the economy at free parameters `theta` [n], measurement error included.

        The economy has forgotten where it started, except where the likelihood takes a sample to start at the
        steady state.

        Raises
        ------
        BadData : the simulated economy explodes.
        """
        data, posterior = self.estimation.data, self.estimation.posterior
        observables = self._observables(posterior.parameters(theta), len(data), generator)
        if posterior.measurement is not None:
            free = dict(zip(posterior.names, theta[:, None], strict=True))
            sd = posterior.measurement.values(free, 1)
            observables = observables + sd * generator.standard_normal(observables.shape)
        if not np.isfinite(observables).all():
            raise BadData("The simulated economy explodes, or an observable is not defined.")
        return pd.DataFrame(observables, data.index, data.columns).where(data.notna())

    def posterior(self, data: pd.DataFrame) -> Posterior:
        """The posterior of simulated data. A likelihood surrogate knows one sample only, so that of the data
        is learnt first, with as many calls of the filter as the configuration's own.

        Raises
        ------
        MissingPackage : learning needs the package onnx.
        """
        if self.estimation.posterior.likelihood.truth is None:
            return Estimation(self.surrogate, data, **self.settings).posterior
        likelihood = self.settings["likelihood"]
        calls = LearntGraph(likelihood["folder"]).card.calls
        return learnt_posterior(self.surrogate, data, self.settings, likelihood["filter"], calls)

    def _observables(
        self, parameters: np.ndarray, periods: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Observables [T, n_y] of the economy, without measurement error, in the order of the data."""
        burn_in, start = self._start(parameters, generator)
        shocks = generator.standard_normal((burn_in + periods, self.surrogate.n_shocks))
        path = self.surrogate.simulate(parameters, shocks, start).observables[burn_in:, 0]
        columns = [self.surrogate.observable_names.index(str(name)) for name in self.estimation.data.columns]
        return path[:, columns].astype(float)

    def _start(self, parameters: np.ndarray, generator: np.random.Generator) -> tuple[int, np.ndarray]:
        """Quarters of a path that do not count, and states [1, n_states] before them."""
        likelihood = self.estimation.posterior.likelihood
        if likelihood.burn_in is not None:
            return likelihood.burn_in, self.surrogate.steady_state(parameters).states
        space = StateSpace(self.surrogate, [str(name) for name in self.estimation.data.columns])
        steady = at_steady_state(space, parameters.astype(space.dtype), 1)
        if likelihood.starts_at_rest:
            return 0, steady.mean
        return BURN_IN, steady.mean + generator.standard_normal(steady.mean.shape) @ steady.root[0].T


def learnt_posterior(
    surrogate: Surrogate,
    data: pd.DataFrame,
    settings: Mapping[str, Any],
    likelihood: Mapping[str, Any],
    calls: int,
) -> Posterior:
    """The posterior of `data` by a likelihood surrogate made for it from so many calls of a filter.

    Parameters
    ----------
    settings : of :class:`estimation.Estimation`.
    likelihood : of the filter, as ``[likelihood]`` has them.

    Raises
    ------
    MissingPackage : learning needs the package onnx.
    """
    exact = Estimation(surrogate, data, **{**settings, "likelihood": likelihood})
    identity = fingerprints(exact.posterior, exact.data, exact.likelihood.ingredients(exact.posterior))
    with TemporaryDirectory() as folder:
        learn(exact.posterior, likelihood, identity, folder, calls=calls)
        learnt = {"method": LEARNT, "folder": folder, "filter": likelihood}
        return Estimation(surrogate, data, **{**settings, "likelihood": learnt}).posterior
