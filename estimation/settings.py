"""Settings of an estimation as the user writes them, in TOML or as Python mappings, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, get_type_hints

import pandas as pd

from estimation.filters import (
    BootstrapFilter,
    Bound,
    GuidedFilter,
    InversionFilter,
    ParticleFilter,
    TwistedFilter,
)
from estimation.likelihood import FilterLikelihood, InversionLikelihood
from estimation.measurement import MeasurementError, measurement_error
from estimation.moments import Moment
from estimation.priors import Prior, make_prior
from estimation.smm import SimulatedMoments
from estimation.state_space import StateSpace
from surrogate import Surrogate
from surrogate.errors import BadConfiguration, unknown_name

FILTERS: dict[str, type[ParticleFilter]] = {
    "twisted": TwistedFilter,
    "guided": GuidedFilter,
    "bootstrap": BootstrapFilter,
}
PARTICLES = {"twisted": 50, "guided": 400, "bootstrap": 10_000}
INVERSION = "inversion"
MOMENTS = "moments"
RANDOM_NUMBERS = ("fresh", "common")

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class FilterSettings:
    """A particle filter as likelihood.

    Attributes
    ----------
    method : ``"twisted"``, ``"guided"`` or ``"bootstrap"``.
    particles : for each parameter vector; if left out, 50, 400 or 10,000 by method.
    random_numbers : ``"fresh"`` at each evaluation (exact), or ``"common"`` to all.
    resample_threshold : resample when the effective sample size falls below this share of the particles.
    """

    particles: int
    method: str = "twisted"
    random_numbers: str = "fresh"
    resample_threshold: float = 0.5

    def build(
        self, surrogate: Surrogate, data: pd.DataFrame, measurement: MeasurementError, seed: int
    ) -> FilterLikelihood:
        """The likelihood of ``data`` under these settings."""
        if self.random_numbers not in RANDOM_NUMBERS:
            raise unknown_name("kind of random numbers", self.random_numbers, RANDOM_NUMBERS)
        space = StateSpace(surrogate, measurement.observables)
        particle_filter = FILTERS[self.method](space, self.particles, self.resample_threshold)
        return FilterLikelihood(particle_filter, data, seed)


@dataclass(frozen=True)
class InversionSettings:
    """The inversion filter as likelihood.

    Attributes
    ----------
    bound : ``observable``, ``shock`` and ``floor`` of a lower bound that hides a shock; see
        :class:`estimation.filters.Bound`.
    """

    bound: Mapping[str, Any] | None = None
    method: str = INVERSION

    def build(self, surrogate: Surrogate, data: pd.DataFrame) -> InversionLikelihood:
        """The likelihood of ``data`` under these settings."""
        bound = None if self.bound is None else _read_bound(self.bound)
        space = StateSpace(surrogate, [str(name) for name in data.columns])
        return InversionLikelihood(InversionFilter(space, bound), data)


@dataclass(frozen=True)
class MomentSettings:
    """Simulated moments as quasi-likelihood; see :class:`estimation.smm.SimulatedMoments`."""

    moments: Sequence[str | Moment]
    weights: str = "diagonal"
    replications: int = 20
    method: str = MOMENTS

    def build(self, surrogate: Surrogate, data: pd.DataFrame, seed: int) -> SimulatedMoments:
        """The quasi-likelihood of ``data`` under these settings."""
        return SimulatedMoments(surrogate, data, self.moments, self.weights, self.replications, seed)


def likelihood_settings(values: Mapping[str, Any]) -> FilterSettings | InversionSettings | MomentSettings:
    """Read the settings of a likelihood; ``method`` decides which others make sense.

    Raises
    ------
    UnknownName : an unknown method or setting.
    BadConfiguration : a value of the wrong type.
    """
    method = values.get("method", "twisted")
    if method == MOMENTS:
        return read_settings(MomentSettings, values, "likelihood")
    if method == INVERSION:
        return read_settings(InversionSettings, values, "likelihood")
    if method not in FILTERS:
        raise unknown_name("likelihood method", str(method), [*FILTERS, INVERSION, MOMENTS])
    return read_settings(FilterSettings, {"particles": PARTICLES[method], **values}, "likelihood")


def read_settings(kind: type[Settings], values: Mapping[str, Any], section: str) -> Settings:
    """Build a settings dataclass from a mapping.

    Parameters
    ----------
    kind : dataclass whose fields are the settings.
    values : name -> value.
    section : what the settings belong to, for messages.

    Raises
    ------
    UnknownName : a name that is not a field, with close matches.
    BadConfiguration : a missing setting or a value of the wrong type.
    """
    known = {item.name: item for item in fields(kind)}  # pyright: ignore[reportArgumentType]
    types = get_type_hints(kind)
    checked = {
        name: checked_value(section, name, value, types.get(name), known) for name, value in values.items()
    }
    required = [name for name, item in known.items() if item.default is item.default_factory is MISSING]
    missing = [name for name in required if name not in checked]
    if missing:
        raise BadConfiguration(f"[{section}] needs {missing[0]}.")
    return kind(**checked)


def checked_value(section: str, name: str, value: Any, expected: Any, known: Mapping[str, Any]) -> Any:
    """Return a setting's value if name and type are right; whole numbers serve where numbers are expected."""
    if name not in known:
        raise unknown_name(f"setting in [{section}]", name, known)
    simple = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if expected not in simple:
        return value
    accepted = (int, float) if expected is float else expected
    if not isinstance(value, accepted) or (isinstance(value, bool) and expected is not bool):
        raise BadConfiguration(f"{name} in [{section}] must be {simple[expected]}, not {value!r}.")
    return value


def read_priors(values: Mapping[str, Prior | Mapping[str, Any]]) -> dict[str, Prior]:
    """Turn parameter -> prior, or the arguments of :func:`estimation.priors.make_prior`, into priors."""
    return {name: _read_prior(name, value) for name, value in values.items()}


def read_measurement_error(
    data: pd.DataFrame, values: Mapping[str, Any], estimated: Sequence[str]
) -> MeasurementError:
    """Turn ``sd``, ``share_of_sd`` and ``share_of_variance`` into measurement errors of ``data``.

    Raises
    ------
    UnknownName, BadConfiguration : as :func:`estimation.measurement.measurement_error`, and for other names.
    """
    known: dict[str, Any] = dict.fromkeys(("sd", "share_of_sd", "share_of_variance"))
    for name, value in values.items():
        single = None if isinstance(value, Mapping) else float
        checked_value("measurement_error", name, value, single, known)
    return measurement_error(data, **values, estimated=estimated)


def read_numbers(values: Mapping[str, Any], section: str) -> dict[str, float]:
    """Check a mapping of names to numbers."""
    return {name: checked_value(section, name, value, float, values) for name, value in values.items()}


def _read_bound(values: Mapping[str, Any]) -> Bound:
    if not isinstance(values, Mapping):
        raise BadConfiguration(
            'bound in [likelihood] must be like { observable = "interest_rate", shock = "monetary", '
            f"floor = 0.0 }}, not {values!r}."
        )
    return read_settings(Bound, values, "likelihood.bound")


def _read_prior(name: str, value: Prior | Mapping[str, Any]) -> Prior:
    if isinstance(value, Prior):
        return value
    numbers = ("mean", "sd", "s", "nu", "lower", "upper")
    known = ("density", *numbers, "truncate")
    section = f"priors.{name}"
    for key, setting in value.items():
        checked_value(section, key, setting, float if key in numbers else None, dict.fromkeys(known))
    if not isinstance(value.get("density"), str):
        raise BadConfiguration(f'[{section}] needs a density, such as density = "normal_pdf".')
    try:
        return make_prior(**value)
    except BadConfiguration as error:
        raise BadConfiguration(f"[{section}] {error}") from None
