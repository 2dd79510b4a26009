"""Everything an estimation leaves behind: draws for ArviZ, the posterior table, figures."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from surrogate.errors import MissingPackage
from surrogate.house import figures
from surrogate.house.files import atomic_files

from .finding import DECIMALS, HDI_SHARE, as_text, save_table
from .priors import Prior, PriorSet
from .sampling.chains import (
    RHAT_LIMIT,
    Chains,
    autocorrelation_times,
    bulk_sample_size,
    corner_figure,
    prior_posterior_figure,
    rhat,
    tail_sample_size,
    trace_figure,
)
from .sampling.mode import Mode
from .sampling.posterior import Posterior

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import DataTree

PRIOR_DRAWS = 2000
LEAST_ESS = 400
DRAWN = ("trace", "prior_posterior", "corner")
EDGE_STEP, EDGE_SHARE = 0.1, 0.02
WIDEN = "Widen the surrogate's range there and train it again, or the box decides and not the data."


@dataclass(frozen=True)
class Results:
    """Draws of a posterior after burn-in.

    Attributes
    ----------
    posterior : what was sampled.
    mode : found before sampling.
    all_chains : draws with burn-in.
    burn : steps of every walker to discard.
    data : observed series [T, n_y].
    attributes : settings, fingerprints and versions, stored with the draws.
    target : effective draws that each parameter should have.
    """

    posterior: Posterior
    mode: Mode
    all_chains: Chains
    burn: int
    data: pd.DataFrame
    attributes: Mapping[str, str]
    target: int = LEAST_ESS

    @property
    def chains(self) -> Chains:
        """Draws without burn-in."""
        return self.all_chains.discard(self.burn)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The posterior table, see :func:`posterior_table`."""
        return posterior_table(self.chains, self.posterior.priors, self.mode)

    @cached_property
    def inference_data(self) -> "DataTree":
        """Draws, log densities, prior draws and data for ArviZ, see :func:`inference_data`."""
        return inference_data(self)

    def summary(self) -> str:
        """The table and what to know before believing it."""
        chains = self.chains
        used = f"{len(chains.theta)} ensembles of {chains.theta.shape[2]} walkers, {chains.steps} steps each"
        lines = [
            as_text(self.table),
            "",
            f"{used}, after discarding the first {self.burn} of {self.all_chains.steps}.",
            f"Acceptance {chains.acceptance.mean():.2f}; log posterior at the mode {self.mode.log_prob:.2f}.",
            *convergence_warnings(self.table, self.target),
            *edge_warnings(chains, self.posterior.priors, self.mode),
        ]
        return "\n".join(lines)

    def save(self, folder: Path) -> None:
        """Write ``posterior.nc``, ``posterior.csv``, ``.md`` and ``.tex`` into ``folder``: all or none."""
        with atomic_files(folder) as temporary:
            # in memory first: on a full disk HDF5 would bring the process down
            (temporary / "posterior.nc").write_bytes(
                bytes(self.inference_data.to_netcdf(None, engine="h5netcdf"))
            )
            save_table(self.table, temporary, "posterior")

    def plot(self, folder: Path) -> None:
        """Write ``trace.png``, ``prior_posterior.png`` and, of two or more parameters, ``corner.png``, or
        warn of what they need.
        """
        drawings = {"trace": self.trace, "prior_posterior": self.prior_posterior}
        if self.posterior.n_free > 1:
            drawings["corner"] = self.corner
        try:
            for name, draw in drawings.items():
                figures.save(draw(), folder / f"{name}.png")
        except MissingPackage as error:
            warnings.warn(str(error), stacklevel=2)

    def trace(self) -> "Figure":
        """See :func:`estimation.sampling.chains.trace_figure`."""
        return trace_figure(self.all_chains, self.burn)

    def prior_posterior(self) -> "Figure":
        """See :func:`estimation.sampling.chains.prior_posterior_figure`."""
        return prior_posterior_figure(self.chains, self.posterior.priors, self.mode.theta)

    def corner(self) -> "Figure":
        """See :func:`estimation.sampling.chains.corner_figure`."""
        return corner_figure(self.chains, self.mode.theta)


def posterior_table(chains: Chains, priors: PriorSet, mode: Mode) -> pd.DataFrame:
    """One row a free parameter.

    Columns: prior density, mean and sd (before truncation to the box) and the share of its mass inside the
    box; posterior mode, mean, sd and the ends of the 90 % highest-density interval; effective sample size of
    all draws, in bulk and tails; R-hat across ensembles; autocorrelation time in steps.
    """
    from arviz_stats.base.array import array_stats  # slow to load, and worker processes never need it

    draws = chains.by_walker().reshape(-1, len(chains.names))
    interval = np.asarray(array_stats.hdi(draws, HDI_SHARE, axis=0))
    chosen = [priors[name] for name in chains.names]
    columns = {
        "prior": [prior.density for prior in chosen],
        "prior mean": [prior.mean for prior in chosen],
        "prior sd": [prior.sd for prior in chosen],
        "in box": [prior.mass for prior in chosen],
        "mode": mode.theta,
        "mean": draws.mean(axis=0),
        "sd": draws.std(axis=0, ddof=1),
        "HDI low": interval[:, 0],
        "HDI high": interval[:, 1],
        "ESS bulk": bulk_sample_size(chains),
        "ESS tail": tail_sample_size(chains),
        "R-hat": rhat(chains),
        "autocorr. time": autocorrelation_times(chains),
    }
    return pd.DataFrame(columns, index=pd.Index(chains.names, name="parameter"))


def convergence_warnings(table: pd.DataFrame, target: int = LEAST_ESS) -> list[str]:
    """Say which parameters have not converged or have too few independent draws; empty if all is well.

    Numbers count as the table shows them, so that the table never seems to contradict the warning.
    """
    table = table.round({name: DECIMALS[name] for name in ("R-hat", "ESS bulk", "ESS tail")})
    mixing = dict(zip(table.index, table["R-hat"], strict=True))
    mixed = [str(name) for name, value in mixing.items() if not value <= RHAT_LIMIT]
    sizes = dict(zip(table.index, np.minimum(table["ESS bulk"], table["ESS tail"]), strict=True))
    scarce = [str(name) for name, value in sizes.items() if not value >= target]
    warned = []
    if mixed:
        warned.append(f"Not converged (R-hat above {RHAT_LIMIT}): {', '.join(mixed)}. Sample more steps.")
    if scarce:
        warned.append(f"Fewer than {target} effective draws: {', '.join(scarce)}. Sample more steps.")
    return warned


def edge_warnings(chains: Chains, priors: PriorSet, mode: Mode) -> list[str]:
    """Say which parameters pile up, or have their mode, where the box and not the prior ends.

    A mode is on the edge within `_right_at` it.
    """
    draws = chains.by_walker().reshape(-1, len(chains.names))
    crowded, modes = [], []
    for name, values, highest in zip(chains.names, draws.T, mode.theta, strict=True):
        if np.isinf(priors[name].upper - priors[name].lower):  # not a parameter of the surrogate
            continue
        for end, beyond in _ends_of_box(priors[name]).items():
            if _piles_up(values, end, beyond):
                crowded.append(f"{name} at {end:g}")
            if abs(highest - end) <= _right_at(values, end):
                modes.append(f"{name} at {end:g}")
    warned = []
    if crowded:
        warned.append(f"The box cuts the posterior off: {', '.join(crowded)}. {WIDEN}")
    if modes:
        warned.append(f"The posterior mode is on the edge of the box: {', '.join(modes)}. {WIDEN}")
    return warned


def _piles_up(values: np.ndarray, end: float, beyond: float) -> bool:
    """Whether so many draws lie right at an end that there would be as many on its other side.

    Right at the end lie .5 % of a normal density cut where 2 % of it are lost, 1 % where 5 % are, 2 % where
    14 % are, 4 % where half of it is, and 5 % of one that falls exponentially from the end. Beyond the end
    there cannot be more than as far as the prior reaches, ``beyond``.
    """
    margin = _right_at(values, end)
    share = np.mean(np.abs(values - end) <= margin)
    return bool(share * (1.0 if beyond >= margin else beyond / margin) > EDGE_SHARE)


def _right_at(values: np.ndarray, end: float) -> float:
    """How near is right at an end: a tenth of the posterior's own spread on that side, median to 16 %
    quantile.
    """
    tail = 0.16 if abs(values.min() - end) < abs(values.max() - end) else 0.84
    return EDGE_STEP * abs(float(np.median(values) - np.quantile(values, tail)))


def _ends_of_box(prior: Prior) -> dict[float, float]:
    """Ends of the interval, and how far the prior without truncation would go on beyond each, if it does."""
    lower, upper = prior.distribution.support()
    beyond = {prior.lower: prior.lower - lower, prior.upper: upper - prior.upper}
    return {end: float(distance) for end, distance in beyond.items() if distance > 0}


def inference_data(results: Results) -> "DataTree":
    """Draws in the groups that ArviZ knows, as an xarray DataTree whose chains are the independent ensembles.

    Within a chain one walker's path follows the other; ``sample_stats`` says which ``walker`` and ``step`` a
    draw belongs to. It also holds ``lp``, ``log_lik`` (of the particle filter, as estimated when the
    walker moved there) and ``log_prior``.
    """
    import arviz_base  # slow to load, and worker processes never need it

    chains, posterior = results.chains, results.posterior
    draws = chains.by_walker()
    log_prob = chains.log_prob.swapaxes(1, 2).reshape(len(draws), -1)
    log_prior = posterior.log_prior(draws.reshape(-1, posterior.n_free)).reshape(log_prob.shape)
    walker, step = np.indices((chains.theta.shape[2], chains.steps)).reshape(2, -1)
    stats = {"walker": walker, "step": step + results.burn}
    prior = posterior.draw_prior(PRIOR_DRAWS, np.random.default_rng(0))
    data = results.data
    groups = {
        "posterior": _by_name(chains.names, draws),
        "prior": _by_name(chains.names, prior[None]),
        "sample_stats": {
            "lp": log_prob,
            "log_lik": log_prob - log_prior,
            "log_prior": log_prior,
            **{name: np.tile(values, (len(draws), 1)) for name, values in stats.items()},
        },
        "observed_data": {str(name): data[name].to_numpy(dtype=float) for name in data.columns},
    }
    return arviz_base.from_dict(
        groups,
        coords={"quarter": [str(quarter) for quarter in data.index]},
        dims={str(name): ["quarter"] for name in data.columns},
        attrs={"/": dict(results.attributes)},
    )


def _by_name(names: tuple[str, ...], draws: np.ndarray) -> dict[str, np.ndarray]:
    return {name: draws[:, :, column] for column, name in enumerate(names)}
