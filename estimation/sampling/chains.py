"""Chains of independent ensembles: draws, what these say about their own convergence, and their figures.

Convergence is judged as Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021) do. Walkers of one ensemble
learn from each other, so only ensembles are independent chains: R-hat compares ensembles. Autocorrelation is
a matter of one walker's path, so effective sample sizes take each walker's path by itself: draws of all
walkers in the order of time would look independent.

Walkers also depend on the past of others, which paths do not show. On normal targets, where the error of the
mean over repeated runs can be compared, that hardly matters: effective sample sizes predict it within about a
tenth (tests). The variance of the ensemble's mean over time would show it, but is five times as noisy an
estimate.

Figures need Matplotlib and corner, which come with the extra ``plot``.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.house import figures
from surrogate.house.figures import BLUE, RED

from ..finding import named_panels
from ..priors import Prior, PriorSet
from .chain_file import ChainFile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_KEPT = 4
"""Steps after the burn-in without which nothing can be said about convergence."""
LEAST_SHARE, LARGEST_SHARE = 0.2, 0.5
TIMES_TO_DISCARD = 2
TAILS = (0.05, 0.95)
RHAT_LIMIT = 1.01
"""What Vehtari and others (2021) ask for."""
PRIOR, POSTERIOR, MODE = "#8c8c8c", BLUE, RED
ENSEMBLES = (BLUE, RED, "#4f8f4f", "#8a5aa8", "#b8860b", "#5f9ea0")


@dataclass(frozen=True)
class Chains:
    """Draws of several ensembles.

    Attributes
    ----------
    names : free parameters.
    theta : [ensembles, steps, walkers, n].
    log_prob : log posterior kernel [ensembles, steps, walkers], as estimated when the walker moved there.
    acceptance : share of accepted proposals of each ensemble, over all its steps.
    """

    names: tuple[str, ...]
    theta: np.ndarray
    log_prob: np.ndarray
    acceptance: np.ndarray

    @property
    def steps(self) -> int:
        """Number of steps of every walker."""
        return self.theta.shape[1]

    def require_inside(self, lower: np.ndarray, upper: np.ndarray, where: str) -> None:
        """Refuse draws that no sampler leaves: not finite, or beyond the ends [n] of the priors' supports.

        Raises
        ------
        BrokenArtifact : naming the parameters, and ``where`` the chains are.
        """
        inside = np.isfinite(self.theta) & (self.theta >= lower) & (self.theta <= upper)
        wrong = [name for place, name in enumerate(self.names) if not inside[..., place].all()]
        if wrong:
            raise BrokenArtifact(
                f"The chains in {where} have draws of {', '.join(wrong)} where the prior has no mass: they "
                "are damaged. Delete them to sample again."
            )

    def discard(self, burn: int) -> "Chains":
        """Leave out the first ``burn`` steps of every walker.

        Raises
        ------
        BadConfiguration : hardly any step is left.
        """
        if not 0 <= burn <= self.steps - LEAST_KEPT:
            raise BadConfiguration(f"A burn-in of {burn} leaves too little of {self.steps} steps.")
        return replace(self, theta=self.theta[:, burn:], log_prob=self.log_prob[:, burn:])

    def by_walker(self) -> np.ndarray:
        """Draws [ensembles, walkers * steps, n], one walker's whole path after the other."""
        return self.theta.swapaxes(1, 2).reshape(len(self.theta), -1, len(self.names))

    def by_time(self) -> np.ndarray:
        """Draws [ensembles, steps * walkers, n], one step of all walkers after the other."""
        return self.theta.reshape(len(self.theta), -1, len(self.names))


def read_chains(files: Sequence[Path], names: tuple[str, ...], steps: int | None = None) -> Chains:
    """Read the ensembles in ``files``, as far as all of them have got, or their first ``steps`` steps.

    Raises
    ------
    BrokenArtifact : a file is damaged.
    BadConfiguration : there is no draw yet.
    """
    chains = [ChainFile(file) for file in files]
    least = min(chain.steps for chain in chains)
    least = least if steps is None else min(least, steps)
    if not least:
        raise BadConfiguration("There is no draw yet: sample first.")
    draws = [chain.draws(least) for chain in chains]
    theta, log_prob = (np.array(parts) for parts in zip(*draws, strict=True))
    moved = np.any(np.diff(theta, axis=1) != 0, axis=3)
    acceptance = moved.mean(axis=(1, 2)) if least > 1 else np.zeros(len(theta))
    return Chains(names, theta, log_prob, acceptance)


@dataclass(frozen=True)
class Diagnosis:
    """How far chains are from a target.

    Attributes
    ----------
    ess : smallest bulk or tail effective sample size of a parameter.
    rhat : largest R-hat of a parameter.
    burnt_in : whether the burn-in was as long as the autocorrelation time asks for.
    """

    ess: float
    rhat: float
    burnt_in: bool

    def reached(self, target: float) -> bool:
        """Whether all is well and there are ``target`` effective draws of every parameter."""
        return self.burnt_in and self.ess >= target and self.rhat <= RHAT_LIMIT


def diagnose(chains: Chains, burn: int | None) -> Diagnosis:
    """Judge chains [ensembles, steps, walkers, n], which still have their burn-in.

    Parameters
    ----------
    burn : steps to discard; chosen from the chains if ``None``.
    """
    wanted = _wanted_burn(chains) if burn is None else burn
    fits = burn is not None or wanted <= LARGEST_SHARE * chains.steps
    used = chains.discard(wanted if fits else _longest_burn(chains))
    sizes = np.concatenate([bulk_sample_size(used), tail_sample_size(used)])
    return Diagnosis(float(np.min(sizes)), float(np.max(rhat(used))), fits)


def automatic_burn(chains: Chains) -> int:
    """Steps to discard: twice the autocorrelation time, at least a fifth and at most half of all steps."""
    return min(_wanted_burn(chains), _longest_burn(chains))


def autocorrelation_times(chains: Chains) -> np.ndarray:
    """Integrated autocorrelation time [n] along walkers' paths, in steps: draws over independent draws."""
    return chains.theta[..., 0].size / bulk_sample_size(chains)


def autocorrelation_time(chains: Chains) -> float:
    """The longest of :func:`autocorrelation_times`; one for a parameter that cannot tell."""
    return float(np.nanmax(autocorrelation_times(chains), initial=1.0))


def rhat(chains: Chains) -> np.ndarray:
    """Rank-normalised split R-hat [n] across ensembles, each split in two in time."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(chains.by_time(), array_stats.rhat)


def bulk_sample_size(chains: Chains) -> np.ndarray:
    """Bulk effective sample size [n] of all draws together: how well means and medians are known.

    Each walker's path follows the last one's. On autoregressions this is within a tenth of the truth even
    where paths are four autocorrelation times short, while emcee's estimate, which takes out each walker's
    own mean, is three times too high.
    """
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(chains.by_walker(), array_stats.ess)


def tail_sample_size(chains: Chains) -> np.ndarray:
    """Tail effective sample size [n]: how well the 5 % and 95 % quantiles are known, the worse of the two."""
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    return _each_parameter(
        chains.by_walker(), lambda draws: array_stats.ess(draws, method="tail", prob=TAILS)
    )


def trace_figure(chains: Chains, burn: int) -> "Figure":
    """Every step of every ensemble, burn-in shaded: mean of its walkers and the band of 90 % of them."""
    figure, panels = named_panels(chains.names, height=1.7)
    steps = np.arange(1, chains.steps + 1)
    for column, panel in enumerate(panels):
        for ensemble, color in zip(chains.theta[..., column], itertools.cycle(ENSEMBLES), strict=False):
            low, high = np.quantile(ensemble, [0.05, 0.95], axis=1)
            panel.fill_between(steps, low, high, color=color, alpha=0.12, linewidth=0)
            panel.plot(steps, ensemble.mean(axis=1), color=color, linewidth=1)
        panel.axvspan(0, burn, color="0.9", zorder=0, linewidth=0)
        panel.set_xlim(0, chains.steps)
    figure.supxlabel(
        "step (shaded: burn-in; lines: mean of each ensemble; bands: 90 % of its walkers)", fontsize=9
    )
    return figure


def prior_posterior_figure(chains: Chains, priors: PriorSet, mode: np.ndarray) -> "Figure":
    """Prior density inside the box, posterior histogram and mode [n] of every free parameter."""
    figure, panels = named_panels(chains.names, height=1.9)
    draws = chains.by_walker().reshape(-1, len(chains.names))
    for name, panel, values, best in zip(chains.names, panels, draws.T, mode, strict=True):
        prior = priors[name]
        low, high = _visible_range(prior, values)
        grid = np.linspace(low, high, 400)
        panel.hist(
            values, bins=40, range=(low, high), density=True, color=POSTERIOR, alpha=0.55, label="posterior"
        )
        panel.plot(grid, np.exp(prior.log_density(grid)), color=PRIOR, linewidth=1.5, label="prior")
        panel.axvline(best, color=MODE, linewidth=1.2, linestyle="--", label="posterior mode")
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
    figures.legend(figure, panels[0])
    return figure


def corner_figure(chains: Chains, mode: np.ndarray) -> "Figure":
    """Pairs of parameters: densities of all draws, with the posterior mode [n]."""
    package = figures.plotting("corner")
    draws = chains.by_walker().reshape(-1, len(chains.names))
    size = max(4.0, 1.15 * len(chains.names))
    with figures.styled(**{"xtick.labelsize": 7, "ytick.labelsize": 7}):
        figure = package.corner(
            draws,
            fig=figures.plotting("matplotlib.figure").Figure(figsize=(size, size)),
            labels=list(chains.names),
            label_kwargs={"fontsize": 11},
            truths=mode,
            truth_color=MODE,
            color=POSTERIOR,
            bins=30,
            smooth=1.0,
            max_n_ticks=3,
            plot_datapoints=False,
            fill_contours=True,
            levels=(0.5, 0.9),
            labelpad=0.15,
        )
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_color() == MODE:
                line.set(linewidth=0.8, markersize=3)
    return figure


def _each_parameter(draws: np.ndarray, statistic: Callable) -> np.ndarray:
    """A statistic [n] of draws [ensembles, m, n]."""
    return np.array([float(statistic(values)) for values in np.moveaxis(draws, 2, 0)])


def _wanted_burn(chains: Chains) -> int:
    second_half = replace(chains, theta=chains.theta[:, chains.steps // 2 :])
    return math.ceil(max(LEAST_SHARE * chains.steps, TIMES_TO_DISCARD * autocorrelation_time(second_half)))


def _longest_burn(chains: Chains) -> int:
    return math.ceil(LARGEST_SHARE * chains.steps)


def _visible_range(prior: Prior, values: np.ndarray) -> tuple[float, float]:
    """Where either the prior or the posterior has noticeable mass, without long prior tails."""
    low, high = prior.ppf(np.array([0.005, 0.995]))
    spread = values.max() - values.min()
    return (
        float(min(values.min(), max(low, values.min() - 2 * spread))),
        float(max(values.max(), min(high, values.max() + 2 * spread))),
    )
