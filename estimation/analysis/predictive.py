"""What a posterior predicts: the quarters after the sample, and moments of samples like the data.

Forecasts show what parameters, states, shocks and measurement leave open. Do samples that the model makes
look like the data? Every draw of the parameters makes one sample as long as the data, measurement error
included, from the ergodic distribution; its moments are draws of the predictive distribution (Gelman, Meng
and Stern 1996; for DSGE models Geweke 2010).
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate.errors import BadConfiguration, BadData
from surrogate.house import figures

from ..finding import HIGH, LOW, MEDIAN, PANELS_A_ROW, Finding, interval, known_names, labels, years
from ..moments import Moment, compute_moments, parse_moment
from ..results import Results
from .simulation import (
    ergodic_states,
    follow,
    measurement_sd,
    mirrored_normals,
    posterior_draws,
    posterior_paths,
    require_horizon,
    stable,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]
PATHS = 10  # states at the end of the sample for each draw
QUANTILES = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
LEAST_SHOWN = 24  # quarters of the sample
LEAST_QUARTERS = 8
NOTE = (
    "5 %, median and 95 % of the moments of samples as long as the data ({periods} quarters), one for each "
    "of {prior} prior and {posterior} posterior draws, measurement error included. The p value is the share "
    "of posterior predictive moments at or above that of the data: near 0 or 1 the model does not produce it."
)


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
    places = [surrogate.observable_names.index(name) for name in observables]
    pooled = future[..., places].transpose(3, 0, 1, 2).reshape(len(observables), horizon, -1)
    quarters = pd.period_range(results.data.index[-1] + 1, periods=horizon, freq="Q")
    columns = {"mean": pooled.mean(axis=2), "sd": pooled.std(axis=2)}
    columns.update(zip(QUANTILES, np.quantile(pooled, list(QUANTILES.values()), axis=2), strict=True))
    levels = {"observable": observables, "quarter": [str(quarter) for quarter in quarters]}
    table = pd.DataFrame(
        {name: values.ravel() for name, values in columns.items()},
        index=pd.MultiIndex.from_product(list(levels.values()), names=list(levels)),
    )
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


def forecast_figure(table: pd.DataFrame, data: pd.DataFrame, label: dict[str, str]) -> "Figure":
    """Fan charts that go on from the data."""
    observables = list(table.index.unique("observable"))
    figure, panels = figures.panels(1, len(observables), width=3.0, height=2.2)
    with figures.styled():
        for panel, name in zip(panels[0], observables, strict=True):
            fan, series = table.xs(name, level="observable"), data.get(name)
            quarters = years(fan.index)
            for low, high, alpha in (("5 %", "95 %", 0.2), ("25 %", "75 %", 0.3)):
                share = f"{QUANTILES[high] - QUANTILES[low]:.0%} of futures"
                panel.fill_between(
                    quarters, fan[low], fan[high], color=figures.BLUE, alpha=alpha, linewidth=0, label=share
                )
            panel.plot(quarters, fan["median"], color=figures.BLUE, linewidth=1.4, label="median")
            if series is not None:
                panel.plot(years(series.index), series, color=figures.RED, linewidth=1.2, label="data")
            panel.set_title(label[name], loc="left")
        figures.legend(figure, panels[0, 0])
    return figure


class Predicted(NamedTuple):
    """Moments [n_moments] of the data, and [draws, n_moments] of samples under prior and posterior."""

    names: list[str]
    data: Array
    prior: Array
    posterior: Array


def predictive_moments(
    results: Results, moments: Sequence[str | Moment] = (), draws: int = 500, seed: int = 0
) -> Finding:
    """Moments of the data beside their prior and posterior predictive distributions.

    Parameters
    ----------
    results : a posterior, by whatever method.
    moments : such as ``"sd(inflation)"``, see :mod:`estimation.moments`; by default means, standard
        deviations and first autocorrelations of all series and the correlations between them.
    draws : of the posterior, and as many of the prior.
    seed : of all random numbers.

    Raises
    ------
    UnknownName, BadConfiguration : a moment that does not exist.
    BadData : fewer than eight quarters in a row without a missing observation, or simulated samples that have
        no such moments.
    """
    observables = [str(name) for name in results.data.columns]
    chosen = [
        moment if isinstance(moment, Moment) else parse_moment(moment, observables)
        for moment in moments or default_moments(observables)
    ]
    sample = longest_complete(results.data).to_numpy(dtype=float)
    generator = np.random.default_rng(seed)
    posterior = posterior_draws(results, draws)
    prior = results.posterior.draw_prior(len(posterior), generator)
    values = [
        compute_moments(chosen, predictive_samples(results, theta, len(sample), generator), observables)
        for theta in (prior, posterior)
    ]
    target = compute_moments(chosen, sample[None], observables)[0]
    predicted = Predicted([moment.name for moment in chosen], target, *map(_finite, values))
    table = pd.DataFrame({"data": target}, index=pd.Index(predicted.names, name="moment"))
    for kind, drawn in (("prior", predicted.prior), ("posterior", predicted.posterior)):
        for name, quantile in zip((LOW, MEDIAN, HIGH), interval(drawn), strict=True):
            table[f"{kind} {name}"] = quantile
    table["p value"] = np.mean(predicted.posterior >= target, axis=0)
    note = NOTE.format(periods=len(sample), prior=len(predicted.prior), posterior=len(predicted.posterior))
    title = "Moments of the data beside prior and posterior predictive ones"
    return Finding("predictive_moments", title, table, note, partial(moments_figure, predicted))


def default_moments(observables: Sequence[str]) -> list[str]:
    """Means, standard deviations, first autocorrelations and correlations of all series."""
    kinds = ("mean({})", "sd({})", "autocorr({}, 1)")
    single = [kind.format(name) for kind in kinds for name in observables]
    return single + [f"corr({x}, {y})" for x, y in combinations(observables, 2)]


def longest_complete(data: pd.DataFrame) -> pd.DataFrame:
    """The longest run of quarters without a missing observation.

    Raises
    ------
    BadData : it is shorter than eight quarters.
    """
    complete = data.notna().all(axis=1)
    runs = [run for _, run in data.groupby((~complete).cumsum()[complete])]
    longest = max(runs, key=len, default=data.iloc[:0])
    if len(longest) < LEAST_QUARTERS:
        raise BadData(
            f"Predictive moments need {LEAST_QUARTERS} quarters in a row without a missing observation; the "
            f"longest run has {len(longest)}."
        )
    return longest


def predictive_samples(results: Results, theta: Array, periods: int, generator: np.random.Generator) -> Array:
    """One sample [w, periods, n_y] of the data's series for each draw of `theta` [w, n_free]."""
    surrogate, parameters = results.posterior.surrogate, results.posterior.parameters(theta)
    states = ergodic_states(surrogate, parameters, 1, generator, common=False)
    shocks = generator.standard_normal((periods, len(theta), 1, surrogate.n_shocks))
    paths = follow(surrogate, parameters, states, shocks, "simulating samples").observables[:, :, 0]
    errors = generator.standard_normal(paths.shape) * measurement_sd(results, theta)
    columns = [surrogate.observable_names.index(str(name)) for name in results.data.columns]
    return (paths + errors).swapaxes(0, 1)[:, :, columns]


def moments_figure(predicted: Predicted) -> "Figure":
    """Histograms of each moment under prior and posterior, with the data's."""
    columns = min(PANELS_A_ROW, len(predicted.names))
    rows = math.ceil(len(predicted.names) / columns)
    figure, panels = figures.panels(rows, columns, width=2.4, height=1.6)
    with figures.styled():
        for column, (name, panel) in enumerate(zip(predicted.names, panels.flat, strict=False)):
            prior, posterior = predicted.prior[:, column], predicted.posterior[:, column]
            data = predicted.data[column]
            ends = np.concatenate(
                [np.quantile(prior, [0.02, 0.98]), np.quantile(posterior, [0.0, 1.0]), [data]]
            )
            bars = {"bins": 40, "range": (ends.min(), ends.max()), "density": True}
            panel.hist(prior, color=figures.GRAY, alpha=0.4, label="prior predictive", **bars)
            panel.hist(posterior, color=figures.BLUE, alpha=0.55, label="posterior predictive", **bars)
            panel.axvline(data, color=figures.RED, linewidth=1.4, label="data")
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            panel.set_title(name, loc="left")
        for panel in panels.flat[len(predicted.names) :]:
            panel.remove()
        figures.legend(figure, panels.flat[0])
    return figure


def _finite(values: Array) -> Array:
    """Without draws under which the economy explodes or a series does not vary."""
    sound = np.isfinite(values).all(axis=1)
    if not sound.any():
        raise BadData(
            "No simulated sample has all these moments: the economy explodes, or a series never varies."
        )
    return values[sound]
