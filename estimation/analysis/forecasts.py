"""Forecasts from the end of the sample: what parameters, states, shocks and measurement leave open."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.analysis.bands import years
from estimation.analysis.names import known_names, labels
from estimation.analysis.paths import posterior_paths
from estimation.analysis.simulation import (
    follow,
    measurement_sd,
    mirrored_normals,
    posterior_draws,
    require_horizon,
    stable,
)
from estimation.finding import Finding
from estimation.results import Results
from surrogate.errors import BadConfiguration
from surrogate.house import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

PATHS = 10  # states at the end of the sample for each draw
QUANTILES = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
LEAST_SHOWN = 24  # quarters of the sample


def forecasts(
    results: Results,
    observables: Sequence[str] = (),
    horizon: int = 12,
    draws: int = 100,
    replications: int = 100,
    seed: int = 0,
) -> Finding:
    """Predictive distribution of the quarters after the sample.

    Parameters
    ----------
    results : a posterior by a filter.
    observables : names; all of the surrogate's if empty.
    horizon : quarters.
    draws, replications : posterior draws, and simulated futures for each.
    seed : of all random numbers.

    Raises
    ------
    UnknownName : an observable that does not exist.
    BadConfiguration : numbers that make no sense, or a likelihood without states.
    """
    surrogate = results.posterior.surrogate
    observables = known_names("observable", observables, surrogate.observable_names)
    chosen = posterior_draws(results, draws)
    require_horizon(horizon, len(chosen), replications)
    _, theta, paths = posterior_paths(results, chosen, PATHS, seed, smoothed=False)
    states = paths.states[-1][:, np.arange(replications) % paths.states.shape[2]]
    future = future_paths(results, theta, states, horizon, np.random.default_rng([seed, 1]))
    future = future[:, stable(future)]
    if not future.size:
        raise BadConfiguration("Under every posterior draw the simulated economy explodes.")
    columns = [surrogate.observable_names.index(name) for name in observables]
    pooled = future[..., columns].transpose(3, 0, 1, 2).reshape(len(observables), horizon, -1)
    quarters = pd.period_range(results.data.index[-1] + 1, periods=horizon, freq="Q")
    table = _table(pooled, observables, [str(quarter) for quarter in quarters])
    end = results.data.index[-1]
    note = (
        f"Predictive distribution of the quarters after {end}: {future.shape[1]} posterior draws, "
        f"{replications} futures each, from filtered states, with future shocks and measurement errors."
    )
    data = results.data.tail(max(LEAST_SHOWN, 2 * horizon))
    draw = partial(forecast_figure, table, data, labels(surrogate))
    return Finding("forecast", "Forecasts", table, note, draw)


def future_paths(
    results: Results, theta: Array, states: Array, horizon: int, generator: np.random.Generator
) -> Array:
    """Observables [horizon, w, m, n_observables] with measurement errors after states [w, m, n_states], each
    with its own shocks, under draws [w, n_free].
    """
    surrogate = results.posterior.surrogate
    vectors, count = states.shape[:2]
    shocks = mirrored_normals(generator, horizon, vectors, count, surrogate.n_shocks)
    parameters = results.posterior.parameters(theta)
    paths = follow(surrogate, parameters, states, shocks, "simulating futures").observables
    return paths + generator.standard_normal(paths.shape) * measurement_sd(results, theta)[:, None]


def _table(pooled: Array, observables: Sequence[str], quarters: Sequence[str]) -> pd.DataFrame:
    """From draws [n_observables, horizon, n]."""
    index = pd.MultiIndex.from_product([observables, quarters], names=["observable", "quarter"])
    quantiles = np.quantile(pooled, list(QUANTILES.values()), axis=2)
    columns = {"mean": pooled.mean(axis=2), "sd": pooled.std(axis=2)}
    columns.update(zip(QUANTILES, quantiles, strict=True))
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)


def forecast_figure(table: pd.DataFrame, data: pd.DataFrame, label: dict[str, str]) -> "Figure":
    """Fan charts that go on from the data."""
    observables = list(table.index.unique("observable"))
    figure, panels = figures.panels(1, len(observables), width=3.0, height=2.2)
    with figures.styled():
        for panel, name in zip(panels[0], observables, strict=True):
            _draw_fan(panel, table.xs(name, level="observable"), data.get(name))
            panel.set_title(label[name], loc="left")
        figures.legend(figure, panels[0, 0])
    return figure


def _draw_fan(panel: Any, fan: pd.DataFrame, data: pd.Series | None) -> None:
    future = years(fan.index)
    for low, high, alpha in (("5 %", "95 %", 0.2), ("25 %", "75 %", 0.3)):
        share = f"{QUANTILES[high] - QUANTILES[low]:.0%} of futures"
        panel.fill_between(
            future, fan[low], fan[high], color=figures.BLUE, alpha=alpha, linewidth=0, label=share
        )
    panel.plot(future, fan["median"], color=figures.BLUE, linewidth=1.4, label="median")
    if data is not None:
        panel.plot(years(data.index), data, color=figures.RED, linewidth=1.2, label="data")
