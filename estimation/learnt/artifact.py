"""The folder of a likelihood surrogate: design points, graph and card, learnt from a configuration.

What design points belong to is noted beside them, so that a run goes on with those of the same model, prior,
filter, data and seed only. The card says how good the fit is, and a warning where it cannot be.
"""

import json
import warnings
from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.errors import BadConfiguration, Changed, MissingPackage
from surrogate.house.files import atomic_files, atomic_path
from surrogate.house.listener import progress
from surrogate.house.ownership import owner

from .. import fingerprint
from ..estimation import Estimation
from ..inputs import read_configuration
from ..likelihoods.learnt import LEARNT, filter_settings
from ..likelihoods.learnt_graph import GRAPH_FILE, LikelihoodCard, fingerprints
from ..sampling.posterior import Posterior
from ..work.cluster import open_pool
from .learning import CALLS, Map, Plan, Report, learn_surface
from .surface import NEAR, Design, Fit, read_design

CARD_FILE = "card.json"
DESIGN_FILE = "design.csv"
IDENTITY_FILE = "design.json"
PERCENTILES = (5, 50, 95)
POINTS_PER_PARAMETER = 10
"""Near the peak; fewer than that hardly determine a quadratic form."""
NOISY = 1.2
"""Sd of the filter's log p from which half its variance is no good correction of the bias any more."""


@owner("folder")
def learn(
    posterior: Posterior,
    likelihood: Mapping[str, Any],
    identity: Mapping[str, str],
    folder: str | Path,
    *,
    calls: int = CALLS,
    seed: int = 0,
    resume: bool = False,
    parallel_map: Map = lambda function, items: list(map(function, items)),
    report: Report = lambda step, total, text: None,
) -> LikelihoodCard:
    """Learn the log likelihood of a posterior and leave it in ``folder``.

    Files: ``likelihood.onnx``, ``card.json``, and ``design.csv`` with every call of the filter.

    Parameters
    ----------
    posterior : prior and filter.
    likelihood : the filter's settings, for the card.
    identity : see :func:`estimation.likelihoods.learnt_graph.fingerprints`.
    calls : of the filter, at most.
    resume : go on with the design points in ``folder``.
    parallel_map, report : see :func:`estimation.learnt.learning.learn_surface`.

    Raises
    ------
    MissingPackage : the package onnx is needed to write the graph.
    BadConfiguration : ``folder`` holds design points and ``resume`` is not given.
    Changed : they belong to another model, prior, filter, data or seed.
    InUse : another run is at work there.
    """
    if find_spec("onnx") is None:
        raise MissingPackage(
            'Learning a likelihood needs onnx, which is not installed: pip install "dsge-surrogate[train]"'
        )
    from .export import write_graph

    folder, plan = Path(folder), Plan(calls, seed, not posterior.common_random_numbers)
    _begin(folder, posterior, plan, identity, resume)
    design, fit = learn_surface(posterior, plan, folder / DESIGN_FILE, parallel_map, report)
    card = make_card(posterior, likelihood, identity, plan, design, fit)
    warn_of(card)
    with atomic_files(folder) as new:
        write_graph(fit.surface, card, new / GRAPH_FILE)
        (new / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    return card


def warn_of(card: LikelihoodCard) -> None:
    """Warn of a filter that is too noisy to learn from, and of too few points where it matters."""
    sd, near = card.noise_sd["p50"], card.held_out[f"within_{NEAR:.0f}"]["points"]
    if sd > NOISY:
        warnings.warn(
            f"The filter's log p has an sd of {sd:.1f} near the peak. Half its variance makes up for bias "
            f"up to an sd of about {NOISY}, not beyond: use more particles or the twisted filter.",
            stacklevel=3,
        )
    if near < POINTS_PER_PARAMETER * len(card.parameters):
        warnings.warn(
            f"Only {near} of {card.points} points lie within {NEAR:.0f} log points of the peak, too few to "
            f"learn a function of {len(card.parameters)} parameters: use more calls.",
            stacklevel=3,
        )


def make_card(
    posterior: Posterior,
    likelihood: Mapping[str, Any],
    identity: Mapping[str, str],
    plan: Plan,
    design: Design,
    fit: Fit,
) -> LikelihoodCard:
    """What there is to say about a fit."""
    lower, upper = posterior.priors.bounds()
    peak = float(fit.fitted.max())
    limit = fit.surface.limit - (fit.surface.top - peak)
    near = fit.surface.coordinates(design.theta[fit.depth <= NEAR])
    noise = np.percentile(np.sqrt(fit.noise(near)), PERCENTILES)
    return LikelihoodCard(
        parameters=tuple(
            {"name": name, "lower": float(low), "upper": float(high)}
            for name, low, high in zip(posterior.names, lower, upper, strict=True)
        ),
        model=posterior.surrogate.card.model,
        likelihood=dict(likelihood),
        fingerprints=dict(identity),
        calls=int(design.calls.sum()),
        points=len(design),
        seed=plan.seed,
        peak=peak,
        region={"depth": limit, "reach": fit.surface.reach},
        held_out={
            f"within_{NEAR:.0f}": fit.held_out_error(NEAR)._asdict(),
            "region": fit.held_out_error(limit)._asdict(),
        },
        noise_sd={f"p{name}": float(value) for name, value in zip(PERCENTILES, noise, strict=True)},
        versions={**fingerprint.versions(), "onnx": metadata.version("onnx")},
    )


def learn_from_toml(
    configuration: str | Path,
    folder: str | Path,
    calls: int,
    resume: bool = False,
    processes: int | None = None,
    scheduler: str | None = None,
) -> LikelihoodCard:
    """Learn the likelihood that a TOML file describes; with ``method = "learnt"``, that of its ``filter``.

    The listener hears how many calls of it have been made.

    Parameters
    ----------
    processes : worker processes; one for each core if ``None``. The answer does not depend on it.
    scheduler : address of a Dask scheduler whose workers take the place of processes.

    The other parameters, files and errors are those of :func:`estimation.learnt.artifact.learn`.
    """
    estimation = estimation_to_learn(configuration)
    settings, posterior = estimation.likelihood, estimation.posterior
    identity = fingerprints(posterior, estimation.data, settings.ingredients(posterior))
    with open_pool(processes, scheduler) as pool, progress("calls") as tell:
        card = learn(
            posterior,
            vars(settings),
            identity,
            folder,
            calls=calls,
            seed=estimation.sampler.seed,
            resume=resume,
            parallel_map=pool.map,
            report=tell,
        )
    estimation.keep_inputs(Path(folder))
    return card


def estimation_to_learn(configuration: str | Path) -> Estimation:
    """The estimation in a TOML file, with the filter itself where the file has what is learnt from it."""
    values = read_configuration(Path(configuration))
    likelihood = values["likelihood"] or {}
    if likelihood.get("method") == LEARNT:
        likelihood = likelihood.get("filter", {})
    filter_settings(likelihood)
    return Estimation(**{**values, "likelihood": likelihood})


def _begin(folder: Path, posterior: Posterior, plan: Plan, identity: Mapping[str, str], resume: bool) -> None:
    """Note what the design points of a new folder belong to, or check those of an old one."""
    now = {
        **identity,
        "priors": fingerprint.of_priors(posterior.priors),
        "number of calls or the seed": fingerprint.hash_of([plan.calls, plan.seed]),
    }
    file = folder / IDENTITY_FILE
    if not (folder / DESIGN_FILE).exists():
        with atomic_path(file) as path:
            path.write_text(json.dumps(now, indent=1), encoding="utf-8")
        return
    if not resume:
        raise BadConfiguration(
            f"{folder} already holds design points: --resume goes on with them, or choose another folder."
        )
    read_design(folder / DESIGN_FILE, posterior.names)
    try:
        before = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        before = {}
    changed = [name for name in now if before.get(name) != now[name]]
    if changed:
        raise Changed(
            f"The {' and the '.join(changed)} changed since the design points in {folder} were filtered. Put "
            "back what was there, or choose another folder."
        )
