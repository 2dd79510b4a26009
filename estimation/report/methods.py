"""Chapters that only some methods of estimation have."""

from collections.abc import Callable, Sequence
from functools import partial

from estimation.finding import Finding
from estimation.learnt import correction, edge
from estimation.learnt.likelihood import LearntLikelihood
from estimation.moments import SimulatedMoments
from estimation.moments.estimate import minimise_distance, prior_candidates
from estimation.moments.findings import moment_findings
from estimation.moments.free import FreeParameters
from estimation.results import Results


def chapters_of_method(
    results: Results, recorded: dict, processes: int | None
) -> dict[str, Callable[[Results], Finding | Sequence[Finding]]]:
    """Title -> what finds out; ``recorded`` are the settings stored with the draws."""
    likelihood, seed = results.posterior.likelihood, int(recorded["sampler"].get("seed", 0))
    if isinstance(likelihood, SimulatedMoments):
        return {"Simulated moments": partial(simulated_moments, seed=seed)}
    draws = int(recorded["likelihood"].get("correction", 0))
    if isinstance(likelihood, LearntLikelihood) and draws:
        return {"Correction by the filter": partial(corrected, draws=draws, seed=seed, processes=processes)}
    return {}


def simulated_moments(results: Results, seed: int) -> list[Finding]:
    """Point estimate, fit, test and sensitivity, as ``estimate`` prints them."""
    target = results.posterior.likelihood
    assert isinstance(target, SimulatedMoments)
    free = FreeParameters.of_posterior(results.posterior)
    return moment_findings(minimise_distance(target, free, prior_candidates(results.posterior, seed)))


def corrected(results: Results, draws: int, seed: int, processes: int | None) -> Finding:
    """A learnt posterior corrected by the filter that was learnt."""
    return correction.correct(results, draws, seed, processes).finding


def warnings_of_method(results: Results) -> list[str]:
    """What to know about a learnt likelihood; empty for others."""
    learnt = isinstance(results.posterior.likelihood, LearntLikelihood)
    return edge.edge_warnings(results) if learnt else []
