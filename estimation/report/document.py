"""The report of an estimation: the chapters of one page, in the order in which one reads them."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from surrogate import __version__
from surrogate.artifact.card import LAWS, Variable
from surrogate.errors import SurrogateError
from surrogate.house import figures
from surrogate.house.figures import BLUE
from surrogate.house.listener import listener

from ..analysis.impulse_responses import impulse_responses
from ..analysis.marginal_likelihood import marginal_likelihood
from ..analysis.predictive import forecasts, predictive_moments
from ..analysis.shocks import decompositions, shocks_and_states
from ..finding import Finding, named_panels
from ..results import Results, convergence_warnings, edge_warnings
from .page import Page, Section, item, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "report.html"
STATISTICS = ("mean", "p50", "p90", "p99", "max")
LAW_TITLES = {
    "box": "Euler errors over the box, log10",
    "ergodic": "Euler errors along simulations, log10",
    "constrained": "Euler errors where the constraint binds, log10",
}
Findings = Callable[[Results], Finding | Sequence[Finding]]


def write_report(
    results: Results,
    folder: Path,
    seed: int = 0,
    processes: int | None = None,
) -> Path:
    """Write ``report.html`` into ``folder``: one file, which needs neither a network nor scripts.

    The listener hears the title of each chapter before it is written.

    Parameters
    ----------
    results : of a run, finished or not.
    seed : of what is simulated.
    processes : worker processes; ``None`` takes one for each core. The page does not depend on it.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    sections = []
    for title, write_chapter in chapters(results, seed, processes).items():
        listener().message(f"{title} ...")
        sections.append(write_chapter(results))
    return write(page(results, sections), folder / FILE)


def page(results: Results, sections: list[Section]) -> Page:
    """Title, warnings and chapters."""
    card = results.posterior.surrogate.card
    series = ", ".join(map(str, results.data.columns))
    return Page(
        f"Posterior of {card.model}, {settings(results)['sample']}",
        f"{card.description}. Estimated on {len(results.data)} quarters of {series}.",
        warnings(results),
        sections,
        f"Written by dsge-surrogate {__version__}. Beside this page: the draws for ArviZ (posterior.nc), and "
        "tables as CSV, Markdown and LaTeX.",
    )


def warnings(results: Results) -> list[str]:
    """What to know before believing the posterior; empty if all is well."""
    done, sampler = results.all_chains.steps, settings(results)["sampler"]
    finished = done >= sampler["steps"] or sampler.get("target_ess") is not None
    short = [] if finished else [f"The run is not finished: {done} of {sampler['steps']} steps."]
    return [
        *short,
        *convergence_warnings(results.table, results.target),
        *edge_warnings(results.chains, results.posterior.priors, results.mode),
        *results.posterior.likelihood.warnings(results),
    ]


def chapters(results: Results, seed: int, processes: int | None) -> dict[str, Callable[[Results], Section]]:
    """Title -> what writes the chapter; those that compute use ``seed`` and so many ``processes``."""
    likelihood = results.posterior.likelihood
    run_seed = int(settings(results)["sampler"].get("seed", 0))  # with which `estimate` found the same
    of_method = partial(likelihood.findings, seed=run_seed, processes=processes)
    finders: dict[str, Findings] = {
        **({likelihood.chapter: of_method} if likelihood.chapter else {}),
        "Marginal likelihood": partial(marginal_likelihood, seed=seed, processes=processes),
        "Shocks and states": partial(shocks_and_states, seed=seed),
        "Historical decomposition": partial(decompositions, seed=seed),
        "Impulse responses": partial(impulse_responses, seed=seed),
        "Forecasts": partial(forecasts, seed=seed),
        "Moments": partial(predictive_moments, seed=seed),
    }
    return {
        "What was estimated": what_was_estimated,
        "Data": data,
        "Posterior": posterior,
        "Convergence": convergence,
        "Accuracy of the surrogate": accuracy,
        **{title: partial(analysis, title, find) for title, find in finders.items()},
    }


def what_was_estimated(results: Results) -> Section:
    """Model, sample, likelihood, sampler; hashes and versions that the draws depend on."""
    card, recorded = results.posterior.surrogate.card, settings(results)
    facts = {
        "Model": f"{card.model}, version {card.model_version}: {card.description}",
        "Sample": f"{recorded['sample']}, {len(results.data)} quarters",
        "Observables": "; ".join(_described(card.observables, list(map(str, results.data.columns)))),
        "Likelihood": _listed(recorded["likelihood"]),
        "Measurement error": _measurement_error(results),
        "Fixed parameters": _listed(recorded["fixed"]) or "none; the rest is at the card's defaults",
        "Sampler": f"{_listed(recorded['sampler'])}",
        "Fingerprints": _listed(_record(results, "fingerprints")),
        "Versions": _listed(_record(results, "versions")),
    }
    return Section("What was estimated", facts=facts)


def data(results: Results) -> Section:
    """The observed series, drawn and summarised."""
    observed = results.data.astype(float)
    units = {variable.name: variable.unit for variable in results.posterior.surrogate.card.observables}
    columns = {
        "unit": [units[name] for name in observed.columns],
        "mean": observed.mean(),
        "standard deviation": observed.std(),
        "lowest": observed.min(),
        "highest": observed.max(),
        "missing": observed.isna().sum(),
    }
    table = pd.DataFrame(columns, index=observed.columns.rename("series"))
    note = "What the likelihood was evaluated on, in the model's units."
    finding = Finding("data", "Observed series", table, note, lambda: observations(results.data))
    return Section("Data", items=[item(finding, heading=False)])


def posterior(results: Results) -> Section:
    """The posterior table, and densities beside the priors and in pairs."""
    table = Finding(
        "posterior",
        "Priors and posterior",
        results.table,
        "Prior mean and sd are those before the cut to the surrogate's box; in box is the mass that it "
        "leaves. HDI: ends of the 90 % highest-density interval. R-hat compares independent ensembles; "
        "effective sample sizes (ESS) are of all draws together.",
    )
    marginal = _figure_only(
        "Priors and posteriors",
        "Prior density inside the box (line), draws of the posterior (bars), posterior mode (dashed).",
        results.prior_posterior,
    )
    pairs = _figure_only(
        "Pairs of parameters",
        "Densities of the draws, with regions of 50 and 90 % and the posterior mode.",
        results.corner,
    )
    shown = [table, marginal, pairs] if results.posterior.n_free > 1 else [table, marginal]
    return Section("Posterior", items=[item(finding) for finding in shown])


def convergence(results: Results) -> Section:
    """Ensembles beside each other, and the paths of their walkers."""
    chains = results.chains
    columns = {
        "acceptance": chains.acceptance,
        "mean log posterior": chains.log_prob.mean(axis=(1, 2)),
        "highest log posterior": chains.log_prob.max(axis=(1, 2)),
    }
    ensembles = pd.Index([str(number) for number in range(len(chains.theta))], name="ensemble")
    table = Finding(
        "ensembles",
        "Independent ensembles",
        pd.DataFrame(columns, index=ensembles),
        "Log posterior kernels as estimated when a walker moved. Effective sample sizes and R-hat are in the "
        "posterior's table.",
    )
    trace = _figure_only(
        "Paths of the ensembles",
        "Mean of the walkers of each ensemble at each step and the band of 90 % of them; shaded: burn-in.",
        results.trace,
    )
    text = (
        f"{len(chains.theta)} ensembles of {chains.theta.shape[2]} walkers, {chains.steps} steps each, after "
        f"discarding the first {results.burn} of {results.all_chains.steps}."
    )
    return Section("Convergence", text, items=[item(table), item(trace)])


def accuracy(results: Results) -> Section:
    """What the surrogate's card certifies."""
    card = results.posterior.surrogate.card
    facts = {
        "Region": card.region["description"] if card.region else "the whole box",
        "Test points": str(card.accuracy.get("test_points", "unknown")),
        "Share of the box": f"{card.accuracy['share_of_box']:.1%}" if "share_of_box" in card.accuracy else "",
        "Solved by": str(card.training.get("method", "unknown")),
    }
    tables = [_euler_errors(law, card.accuracy[law]) for law in LAWS if card.accuracy.get(law)]
    text = "Euler errors at test points that training had not seen, as the surrogate's card has them."
    shown = {name: value for name, value in facts.items() if value}
    return Section("Accuracy of the surrogate", text, shown, [item(table) for table in tables])


def analysis(title: str, find: Findings, results: Results) -> Section:
    """A chapter of findings, or why this likelihood has none."""
    try:
        findings = find(results)
    except SurrogateError as error:
        return Section(title, f"Not available. {error}")
    if isinstance(findings, Finding):
        findings = [findings]
    return Section(title, items=[item(finding, heading=finding.title != title) for finding in findings])


def settings(results: Results) -> dict[str, Any]:
    """What the user chose, as stored with the draws."""
    return _record(results, "settings")


def observations(data: pd.DataFrame) -> "Figure":
    """The observed series [T, n_y] by quarter, one panel each."""
    figure, panels = named_panels(tuple(map(str, data.columns)), height=1.9)
    quarters = pd.PeriodIndex(data.index)
    dates = quarters.year + (quarters.quarter - 1) / 4
    for name, panel in zip(data.columns, panels, strict=True):
        panel.plot(dates, data[name].to_numpy(dtype=float), color=BLUE, linewidth=1.1)
        panel.axhline(0, color="0.8", linewidth=0.7, zorder=0)
        panel.xaxis.set_major_locator(figures.plotting("matplotlib.ticker").MaxNLocator(5, integer=True))
    return figure


def _record(results: Results, name: str) -> dict[str, Any]:
    return json.loads(results.attributes[name])


def _listed(values: Mapping[str, Any]) -> str:
    chosen = {name: value for name, value in values.items() if value not in (None, "None")}
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in chosen.items()
    )


def _described(variables: Sequence[Variable], names: Sequence[str]) -> list[str]:
    known = {variable.name: variable for variable in variables}
    return [
        ": ".join(filter(None, [v.name, ", ".join(filter(None, [v.description, v.unit]))]))
        for v in map(known.__getitem__, names)
    ]


def _measurement_error(results: Results) -> str:
    measurement = results.posterior.measurement
    if measurement is None:
        return "none"
    sizes = [
        f"{name} {'estimated' if np.isnan(sd) else f'sd {sd:.3g}'}"
        for name, sd in zip(measurement.observables, measurement.sd, strict=True)
    ]
    return ", ".join(sizes)


def _figure_only(title: str, note: str, draw: Callable[[], Any]) -> Finding:
    return Finding("", title, pd.DataFrame(), note, draw)


def _euler_errors(law: str, equations: Mapping[str, Mapping[str, float]]) -> Finding:
    rows = {name: [values.get(key, np.nan) for key in STATISTICS] for name, values in equations.items()}
    table = pd.DataFrame(rows.values(), pd.Index(rows, name="equation"), STATISTICS, dtype=float)
    return Finding(law, LAW_TITLES[law], table, "Mean, quantiles and largest of the test points.")
