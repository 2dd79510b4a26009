"""The shipped `hank_zlb` over its box, and the likelihood of its reduced economy beside its own.

    OMP_NUM_THREADS=1 python -m benchmarks.hank_zlb

takes Euler errors of all households at all nodes of bonds with another quadrature than in training, clearing
and the frequency of the bound by *room*: the standard deviations of the first-order rate from its rest to
zero. Then free simulations and likelihoods of the reduced economies, with the bound and without, beside
those of all households. Writes docs/hank-zlb-figures.md.
"""

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.filter_cases import machine
from benchmarks.hank import NODES, SEED, knot_errors, vectors
from benchmarks.hank_bound import Economies, aggregates, at_the_bound, followed
from estimation.filters import InversionFilter
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate, load
from surrogate.accuracy.errors import ArtifactPolicy, ergodic_states
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models.hank_zlb import HankZeroLowerBound
from surrogate.models.interface import Model
from surrogate.policy import PolicyNetwork
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import equilibrium_residuals
from surrogate.training.sampling import advance, draw_shocks

Array = NDArray[np.float64]
OUTPUT = Path(__file__).parents[1] / "docs" / "hank-zlb-figures.md"
ECONOMIES, QUARTERS = 240, 200
EDGES = (np.inf, 2.1, 1.8, 1.65, 1.5, 0.0)
"""Of the classes of room."""
BOUND_QUARTERS, CHUNK = 60, 50
"""Quarters in which the bound is waited for, and states whose errors are taken at a time."""
FREE = 2_000
"""Quarters of free simulation."""
LIKELIHOODS, PERIODS, FLOOR = 5, 100, 1e-3
HEADER = """# Figures of heterogeneous households with the bound

What [Heterogeneous households](hank.md) sums up. {machine}. Written by `python -m benchmarks.hank_zlb`.

## Over the box

Of {economies} economies of the certified box on their ergodic sets. Euler errors at all nodes of bonds,
weighted by households; *signed*: their mean, and root mean square of it over economies; *clearing*: root
mean square of bonds that are not held, share of output.
"""
AT_THE_BOUND = """## Where the bound binds

Mean errors of equations, with their signs and in millionths, over those of {quarters} quarters of the same
economies that are at the bound: what these have in common decides how low inflation is there. Of what savings
are worth only the first direction is shown.
"""
FREELY = """## Reduced beside full

Mean absolute difference of {quarters:,} quarters of free simulation with the same shocks, as a share of each
observable's standard deviation: largest and mean of {vectors} parameter vectors. *Likelihood*: log
likelihoods of {periods} quarters that the full economy simulates, inversion filter from the steady state
that does not see a rate at its bound, reduced less full: largest and mean absolute difference, log points,
and how many samples the filter found shocks for in both.
"""


class Beside(NamedTuple):
    """A reduced economy beside its full one: differences of free simulations, shares of a standard deviation
    [vectors, n_observables], and of log likelihoods, of the samples that both could have made.
    """

    free: Array
    likelihoods: Array


def of_the_box(full: Surrogate) -> Economies:
    """Economies of the certified box, in states of their ergodic sets."""
    policy = cast(PolicyNetwork, ArtifactPolicy(full, HankZeroLowerBound()))
    theta = torch.from_numpy(vectors(full, ECONOMIES))
    return Economies(policy, ergodic_states(policy, theta, torch.Generator().manual_seed(SEED)), theta)


def by_room(model: Model, theta: Tensor) -> dict[str, NDArray[np.intp]]:
    """Which rows of parameters [n, n_parameters] are in each class of room that is not empty."""
    room = model.characteristics(model.name_parameters(theta))["room"].exp().numpy()
    names = [f"{low:g} to {high:g}" for high, low in pairwise(EDGES)]
    classes = [np.flatnonzero((room <= high) & (room > low)) for high, low in pairwise(EDGES)]
    return {name: each for name, each in zip(names, classes, strict=True) if each.size} | {
        "all": np.arange(len(room))
    }


def over_the_box(at: Economies) -> str:
    """A row for each class of room."""
    path, rows = followed(at, 0.0, SEED, aggregates, QUARTERS), []
    for name, chosen in by_room(at.policy.model, at.theta).items():
        found = knot_errors(at.policy, at.states[chosen], at.theta[chosen])
        clearing = float(path[:, chosen, -1].square().mean().sqrt())
        bound = 100 * float((path[:, chosen, -2] < 0).double().mean())
        figures = (found.p99, found.signed, found.signed_of_economies, clearing)
        rows.append([name, str(chosen.size), f"{found.log10_mean:.2f}"])
        rows[-1] += [*(f"{each:.1e}" for each in figures), f"{bound:.1f} %"]
    header = ["room", "economies", "log10 mean", "99 % below", "signed", "by economy", "clearing", "at bound"]
    return markdown_table(header, rows)


def where_it_binds(at: Economies) -> str:
    """A row for each class of room: signed errors of equations at the bound."""
    model, (theta, errors) = at.policy.model, errors_where_it_binds(at)
    starts = np.cumsum([0, *(equation.size for equation in model.equations)])[:-1]
    named = {equation.name: errors[:, k] for equation, k in zip(model.equations, starts, strict=True)}
    table = [
        [room, f"{len(chosen):,}", *(f"{1e6 * float(each[chosen].mean()):.0f}" for each in named.values())]
        for room, chosen in by_room(model, theta).items()
    ]
    return markdown_table(["room", "quarters", *named], table)


@torch.no_grad()
def errors_where_it_binds(at: Economies) -> tuple[Tensor, Tensor]:
    """Parameters [n, n_parameters] and errors of equations [n, n_equations] of economies at the bound, in any
    of `BOUND_QUARTERS` quarters.
    """
    model, states, found = at.policy.model, at.states, []
    generator, nodes = torch.Generator().manual_seed(SEED), rule_for(model.shocks, NODES)
    for _ in range(BOUND_QUARTERS):
        states = advance(at.policy, states, at.theta, draw_shocks(model, len(states), generator))
        bound = at_the_bound(Economies(at.policy, states, at.theta))
        found.append((states[bound], at.theta[bound]))
    rows, theta = (torch.cat(each) for each in zip(*found, strict=True))
    parts = zip(rows.split(CHUNK), theta.split(CHUNK), strict=True)
    return theta, torch.cat([equilibrium_residuals(at.policy, *part, *nodes) for part in parts])


def beside(reduced: Surrogate, full: Surrogate) -> Beside:
    """Free simulation and likelihoods of both."""
    theta = vectors(full, LIKELIHOODS)
    generator = np.random.default_rng(SEED)
    shocks = generator.standard_normal((FREE, LIKELIHOODS, full.n_shocks))
    ours, theirs = (
        each.simulate(theta, shocks).observables[:, :, : reduced.n_observables].astype(float)
        for each in (reduced, full)
    )
    free = np.abs(ours - theirs).mean(axis=0) / theirs.std(axis=0)
    rate = list(reduced.observable_names).index("interest_rate")
    theirs[theirs[..., rate] < FLOOR, rate] = np.nan
    pairs = [
        [likelihood(each, vector, theirs[:PERIODS, number]) for each in (reduced, full)]
        for number, vector in enumerate(theta)
    ]
    found = np.array([pair for pair in pairs if np.isfinite(pair).all()])
    return Beside(free, found[:, 0] - found[:, 1])


def likelihood(economy: Surrogate, theta: Array, data: Array) -> float:
    """Log likelihood of data [T, n_observables] from the steady state."""
    space = StateSpace(economy, economy.observable_names[: data.shape[1]])
    return float(InversionFilter(space).log_likelihood(theta, data)[0])


def beside_row(name: str, found: Beside) -> list[str]:
    """A line of the table."""
    free, likelihoods = 100 * found.free, np.abs(found.likelihoods)
    figures = (free.max(), free.mean(), likelihoods.max(), likelihoods.mean())
    return [name, *(f"{each:.2g}" for each in figures), f"{len(likelihoods)}"]


def main() -> None:
    """Measure, and write the page."""
    rows = [beside_row(name, beside(load(f"{name}_reduced"), load(name))) for name in ("hank", "hank_zlb")]
    header = ["economy", "free, largest, %", "mean, %", "likelihood, largest", "mean", "samples"]
    box = of_the_box(load("hank_zlb"))
    freely = FREELY.format(quarters=FREE, vectors=LIKELIHOODS, periods=PERIODS)
    parts = [
        HEADER.format(machine=machine(), economies=ECONOMIES).strip(),
        over_the_box(box),
        AT_THE_BOUND.format(quarters=BOUND_QUARTERS).strip(),
        where_it_binds(box),
        freely.strip(),
        markdown_table(header, rows),
    ]
    with atomic_path(OUTPUT) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
