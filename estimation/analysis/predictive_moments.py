"""Do samples that the model makes look like the data? Moments under the prior and under the posterior.

Every draw of the parameters makes one sample as long as the data, measurement error included, from the
ergodic distribution; its moments are draws of the predictive distribution (Gelman, Meng and Stern 1996; for
DSGE models Geweke 2010).
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimation.analysis.bands import HIGH, LOW, MEDIAN, interval
from estimation.analysis.simulation import (
    ergodic_states,
    follow,
    measurement_sd,
    posterior_draws,
)
from estimation.finding import Finding
from estimation.moments import Moment, compute_moments, parse_moment
from estimation.results import Results
from surrogate.errors import BadData
from surrogate.house import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

LEAST_QUARTERS = 8
PANELS_A_ROW = 4
NOTE = (
    "5 %, median and 95 % of the moments of samples as long as the data ({periods} quarters), one for each "
    "of {prior} prior and {posterior} posterior draws, measurement error included. The p value is the share "
    "of posterior predictive moments at or above that of the data: near 0 or 1 the model does not produce it."
)


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
    names = [moment.name for moment in chosen]
    return _finding(Predicted(names, target, *map(_finite, values)), len(sample))


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


def _finite(values: Array) -> Array:
    """Without draws under which the economy explodes or a series does not vary."""
    sound = np.isfinite(values).all(axis=1)
    if not sound.any():
        raise BadData(
            "No simulated sample has all these moments: the economy explodes, or a series never varies."
        )
    return values[sound]


def _finding(found: Predicted, periods: int) -> Finding:
    table = pd.DataFrame({"data": found.data}, index=pd.Index(found.names, name="moment"))
    for kind, values in (("prior", found.prior), ("posterior", found.posterior)):
        for name, quantile in zip((LOW, MEDIAN, HIGH), interval(values), strict=True):
            table[f"{kind} {name}"] = quantile
    table["p value"] = np.mean(found.posterior >= found.data, axis=0)
    note = NOTE.format(periods=periods, prior=len(found.prior), posterior=len(found.posterior))
    title = "Moments of the data beside prior and posterior predictive ones"
    return Finding("predictive_moments", title, table, note, partial(moments_figure, found))


def moments_figure(found: Predicted) -> "Figure":
    """Histograms of each moment under prior and posterior, with the data's."""
    columns = min(PANELS_A_ROW, len(found.names))
    rows = math.ceil(len(found.names) / columns)
    figure, panels = figures.panels(rows, columns, width=2.4, height=1.6)
    with figures.styled():
        for column, (name, panel) in enumerate(zip(found.names, panels.flat, strict=False)):
            _draw_moment(panel, found.prior[:, column], found.posterior[:, column], found.data[column])
            panel.set_title(name, loc="left")
        for panel in panels.flat[len(found.names) :]:
            panel.remove()
        figures.legend(figure, panels.flat[0])
    return figure


def _draw_moment(panel: Any, prior: Array, posterior: Array, data: float) -> None:
    ends = np.concatenate([np.quantile(prior, [0.02, 0.98]), np.quantile(posterior, [0.0, 1.0]), [data]])
    given = {"bins": 40, "range": (ends.min(), ends.max()), "density": True}
    panel.hist(prior, color=figures.GRAY, alpha=0.4, label="prior predictive", **given)
    panel.hist(posterior, color=figures.BLUE, alpha=0.55, label="posterior predictive", **given)
    panel.axvline(data, color=figures.RED, linewidth=1.4, label="data")
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
