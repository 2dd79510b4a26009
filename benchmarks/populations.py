"""What households may see of a distribution, and how many of them there may be: variants of Krusell and
Smith's economy at one calibration, each trained for a minute or two.

    OMP_NUM_THREADS=1 python -m benchmarks.populations [VARIANT ...]

keeps every run under results/populations (one that is there is not repeated), and writes
docs/benchmark-populations.md from all that is there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from torch import Tensor

from benchmarks.filter_cases import ROOT, machine
from benchmarks.kept import kept, read
from surrogate.errors import NotSolved
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models.krusell_smith import GRID, KrusellSmith
from surrogate.models.krusell_smith_agents import KrusellSmithAgents
from surrogate.models.krusell_smith_histories import KrusellSmithHistory, Memory, averages, lags
from surrogate.models.krusell_smith_moments import KrusellSmithMoments, bumps
from surrogate.models.variables import columns_of
from surrogate.policy import PopulationPolicy
from surrogate.reference.krusell_smith import solve_krusell_smith
from surrogate.training import Settings, load_policy, train
from surrogate.training.population import HOUSEHOLDS
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import euler_residuals

Array = NDArray[np.float64]
RESULTS, REPORT = ROOT / "results" / "populations", ROOT / "docs" / "benchmark-populations.md"
BURN_IN, PERIODS, SEED = 2_000, 8_000, 2026
LOOK_EVERY = 40
"""Quarters between two looks at the households of a path."""
SETTINGS = Settings(method="population", nodes=1, hidden=(16, 16), trunk=1, batch=1024, adam_steps=0)
SETTINGS = replace(SETTINGS, steps=400, robust_quantile=0.9, robust_loss="huber", memory=0.93)
SETTINGS = replace(SETTINGS, hopeless_share=0.0, lasting_memory=0.25)
PACES = (0.5, 0.9, 0.965)
VARIANTS: dict[str, Callable[[], KrusellSmith]] = {
    "mean": KrusellSmith,
    "mean and 3 fixed moments": KrusellSmithMoments,
    "mean and learnt moments": partial(KrusellSmithMoments, bumps),
    "history, 3 averages": lambda: KrusellSmithHistory(averages(*PACES)),
    "mean of 100 households": KrusellSmithAgents,
    "history, 100 quarters": lambda: KrusellSmithHistory(lags(100)),
}
KNOTS, DEGREE = 20, 3
"""Of the value function in the root of wealth."""
SEEN = ("assets", "employed", "boom", "capital")
"""What the value function sees of a household's state."""
COLUMNS = (
    "households see", "weights", "Euler p50", "p99", "Bellman", "K, %", "path, mean %", "largest %",
    "seconds", "ms a quarter",
)  # fmt: skip
LENGTHS = (10, 20, 50, 100, 200)
HEADER = """# What households see, and how many they are

Ways to solve an economy of many households that the literature compares, on
[Krusell and Smith's](krusell-smith.md) at the calibration of Den Haan, Judd and Juillard (2010): all with the
same equations, the same exact derivative through what all save, the same recipe ({steps} steps on
{economies} economies, a network of two layers of 16) and nothing else.

- *mean*: capital, and no more.
- *moments*: [means](../surrogate/models/krusell_smith_moments.py) of three fixed functions of relative wealth
  as well; or of six bumps, of which the first layer of the network learns the sums that matter: generalised
  moments (Han, Yang and E 2021).
- *history*: the last [booms and busts](../surrogate/models/krusell_smith_histories.py) in the place of
  capital, the sequence space of Azinovic-Yang and Zemlicka (2025); or three averages of all of the past
  (weights that fall by {paces} a quarter).
- *households*: a [finite number](../surrogate/models/krusell_smith_agents.py) with luck of their own (Maliar,
  Maliar and Winant 2021) in the place of a histogram.

*Euler*: errors of consumption on the ergodic set, weighted by households. *Bellman*: mean absolute error in
utils of the value that belongs to the policy, fitted by splines in wealth and powers of capital on other
quarters: like the Bellman errors of trained value networks in the literature it measures the fit of the value
function as well. *K*: mean of capital, and *path*: distance of log capital in a quarter, mean and largest,
all against the classical solution with the same {periods:,} quarters of shocks. Seconds of a processor for
training, and milliseconds for a quarter of one economy.

"""
LUCK = """
The second line of a finite number is its policy in the economy of infinitely many: what is off there is the
policy's doing, and the rest is luck, which does not average out among so few. They are also too few for the
splines of the value, whose error is no measure of the policy there.
"""
CONCLUSION = """
## What a history leaves out

What log capital of the *mean* economy is, predicted by a linear function of the last booms and busts that is
fitted to the first half of its path: errors in the second half, percent.

"""
ADVICE = """
## Which to use

Capital alone, if aggregates are what is asked for: the path of capital is as close to the classical one as
any variant's, and as close as a classical law that is log-linear itself allows. Moments, if it is the choices
of households: with three fixed ones, and with six bumps of which the network learns what matters, Euler and
Bellman errors are a third to three fifths of those with capital alone, for a third more time. They work since
training looks at distributions that are more and less equal than those that there are (the exponent of
relative wealth moves by 15 percent). Without it all economies of a bank are alike at first, the network makes
what it likes of moments that do not differ, the first steps flatten wealth (the Gini coefficient falls to
.18), and it comes back at the economy's own pace: after 400 steps the bank had not settled, and the run was
refused.

Of histories take averages. A hundred raw quarters do as well as capital, but they leave out what is older,
.05 percent of capital, and training costs four times as much. With three averages of all of the past
households err no more than with capital, for the same time, and the path is .05 percent off; but weights have
to fall as slowly as capital does.

A hundred households learn a policy that is off among infinitely many, and luck adds to it: take a histogram
where there is one.

All of this is one seed at one calibration, too little to rank one kind of moments before the other.

{machine}. Written by `python -m benchmarks.populations`.
"""


def at_default(economy: KrusellSmith) -> KrusellSmith:
    """The same economy over a box that is a point."""
    point = tuple(replace(each, lower=each.default, upper=each.default) for each in economy.parameters)
    here, household = copy(economy), copy(economy.household)
    vars(household).update(parameters=point)
    vars(here).update(parameters=point, household=household)
    return here


class Path:
    """An economy of a policy over time: log capital [PERIODS], and states [n, n_states] now and then."""

    def __init__(self, economy: KrusellSmith, policy: PopulationPolicy) -> None:
        self.economy, self.policy = economy, policy
        self.theta = economy.default_parameters()[None]
        self.log_capital, self.states = self._simulated()

    @torch.no_grad()
    def _simulated(self) -> tuple[Array, Tensor]:
        economy, p = self.economy, self.economy.name_parameters(self.theta)
        generator = torch.Generator().manual_seed(SEED)
        start = economy.start(p)
        states = torch.cat([start[s.name].reshape(1, -1) for s in economy.states], -1)
        n_luck = sum(shock.size for shock in economy.shocks) - 1
        capital, seen = [], []
        for quarter, shock in enumerate(aggregate_shocks()):
            luck = torch.randn(1, n_luck, generator=generator, dtype=torch.float64)
            now = economy.period(p, states, self.policy(states, p))
            states = economy.tomorrow(now, torch.cat([torch.tensor([[shock]]), luck], -1), p)
            capital.append(float(economy.period(p, states).capital))
            if quarter >= BURN_IN and quarter % LOOK_EVERY == 0:
                seen.append(states)
        return np.log(capital[BURN_IN:]), torch.cat(seen)

    @cached_property
    def households(self) -> Tensor:
        """States of households at all nodes [n, nodes, k], who know tomorrow."""
        p = self.economy.name_parameters(self.theta)
        now = self.economy.period(p, self.states, self.policy(self.states, p).detach())
        told = now.told_tomorrow.reshape(len(self.states), 1, -1)
        known = now.of_households[..., : -told.shape[-1]]
        return torch.cat([known, told.expand(*known.shape[:-1], -1)], -1)

    @property
    def mass(self) -> Array:
        """How many they are, [n, nodes]."""
        p = self.economy.name_parameters(self.theta)
        return self.economy.period(p, self.states).mass.clamp_min(0.0).numpy()

    @torch.no_grad()
    def euler_errors(self) -> Array:
        """Of the households, [n, nodes]."""
        rule = rule_for(self.economy.household.shocks, 1)
        return (
            euler_residuals(self.policy.household, self.households, self.theta, *rule)[..., 0].abs().numpy()
        )

    @torch.no_grad()
    def bellman_errors(self) -> Array:
        """|u(c) + beta E V(s') - V(s)| / utils [n / 2, nodes], V being splines of wealth for each job and
        state, times one, K and K^2, that fit best on the other half of the looks.
        """
        household = self.policy.household
        model, p = household.model, household.model.name_parameters(self.theta[:, None])
        now = model.period(p, self.households[..., None, :], household(self.households, p)[..., None, :])
        nodes, _ = rule_for(model.shocks, 1)
        tomorrow = columns_of(model.after(now, nodes, p), model.states)
        chances = model.likelihood(now, nodes, p)
        today = columns_of(self.households, model.states)
        assert chances is not None
        expected = sum(
            chances[..., k].numpy()[..., None] * self._basis({name: tomorrow[name][..., k] for name in SEEN})
            for k in range(len(nodes))
        )
        beta = float(self.theta[0, 0])
        matrix = self._basis(today) - beta * expected
        reward = np.log(now.eaten[..., 0].numpy())
        fitted, other = slice(0, None, 2), slice(1, None, 2)
        root = np.sqrt(self.mass[fitted]).ravel()
        columns = matrix[fitted].reshape(-1, matrix.shape[-1]) * root[:, None]
        value, *_ = np.linalg.lstsq(columns, reward[fitted].ravel() * root, rcond=None)
        return np.abs(reward[other] - matrix[other] @ value)

    def _basis(self, states: dict[str, Tensor]) -> Array:
        """[..., basis functions] at `assets`, `employed`, `boom` and `capital` [...]."""
        unit = float(self.economy.name_parameters(self.theta).unit)
        assets, employed, boom, capital = (states[name].numpy() for name in SEEN)
        place = np.sqrt(np.clip(assets / unit / GRID.top, 0, 1))
        knots = np.concatenate([[0] * DEGREE, np.linspace(0, 1, KNOTS), [1] * DEGREE])
        splines = BSpline.design_matrix(place.ravel(), knots, DEGREE).toarray().reshape(*place.shape, -1)
        relative = 10 * np.log(capital / unit)
        kinds = np.stack([a * b for a in (employed, 1 - employed) for b in (boom, 1 - boom)], -1)
        powers = np.stack([np.ones_like(relative), relative, relative**2], -1)
        products = kinds[..., :, None] * powers[..., None, :]
        return (splines[..., :, None, None] * products[..., None, :, :]).reshape(*place.shape, -1)


def aggregate_shocks() -> Array:
    """Standard normal, [BURN_IN + PERIODS]."""
    return np.random.default_rng(SEED).standard_normal(BURN_IN + PERIODS)


def measured(name: str) -> dict[str, Any]:
    """Train a variant and follow it."""
    economy = at_default(VARIANTS[name]())
    checkpoint = RESULTS / f"{file_name(name)}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    started = time.process_time()
    try:
        train(economy, SETTINGS, checkpoint)
    except NotSolved as error:
        return {"failure": str(error)}
    seconds = time.process_time() - started
    policy, _ = load_policy(checkpoint, economy)
    assert isinstance(policy, PopulationPolicy)
    found = {"seconds": seconds, "weights": sum(each.numel() for each in policy.parameters())}
    found |= accuracy(economy, policy)
    if isinstance(economy, KrusellSmithAgents):
        many = at_default(KrusellSmith())
        found["of_many"] = accuracy(many, of_many(many, policy))
    return found


def of_many(many: KrusellSmith, policy: PopulationPolicy) -> PopulationPolicy:
    """The policy of one household of a finite number, for all of infinitely many."""
    shared = PopulationPolicy(many, SETTINGS.hidden, SETTINGS.trunk)
    shared.load_state_dict(policy.state_dict())
    return shared


def accuracy(economy: KrusellSmith, policy: PopulationPolicy) -> dict[str, Any]:
    """Errors of households and of the path of capital, percent, and milliseconds a quarter."""
    started = time.process_time()
    path = Path(economy, policy)
    seconds = time.process_time() - started
    exact = classical()
    gaps = 100 * np.abs(path.log_capital - exact)
    errors, mass = path.euler_errors(), path.mass
    bellman = path.bellman_errors()
    return {
        "euler": [quantile(errors, mass, level) for level in (0.5, 0.99)],
        "bellman": float(np.average(bellman, weights=mass[1::2])),
        "mean": 100 * float(np.exp(path.log_capital).mean() / np.exp(exact).mean() - 1),
        "path": [float(gaps.mean()), float(gaps.max())],
        "milliseconds": 1e3 * seconds / (BURN_IN + PERIODS),
        "log_capital": path.log_capital.tolist(),
    }


def classical() -> Array:
    """Log capital [PERIODS] of the classical solution with the same shocks."""
    parameters = {each.name: each.default for each in KrusellSmith.parameters}
    path = solve_krusell_smith(parameters).simulate(aggregate_shocks()).after(BURN_IN)
    return np.log(path.capital)


def quantile(values: Array, weights: Array, level: float) -> float:
    """Of values with weights, any shape."""
    order = np.argsort(values, axis=None)
    share = np.cumsum(weights.ravel()[order])
    return float(values.ravel()[order][np.searchsorted(share, level * share[-1])])


def file_name(name: str) -> str:
    """Of a variant's results."""
    return name.replace(" ", "-").replace(",", "")


def row(name: str, found: dict[str, Any], training: dict[str, Any]) -> list[str]:
    """A line of the table."""
    if "failure" in found:
        return [name, *["-"] * (len(COLUMNS) - 1)]
    return [
        name,
        f"{training['weights']}" if training else "",
        *(f"{value:.1e}" for value in found["euler"]),
        f"{found['bellman']:.1e}",
        f"{found['mean']:+.3f}",
        *(f"{value:.3f}" for value in found["path"]),
        f"{training['seconds']:.0f}" if training else "",
        f"{found['milliseconds']:.1f}",
    ]


def truncation(log_capital: Array) -> list[list[str]]:
    """Errors of histories of some lengths, and of averages of all of the past."""
    boom = booms()
    past = {f"{count} quarters": lagged(boom, lags(count)) for count in LENGTHS}
    past[f"{len(PACES)} averages"] = lagged(boom, averages(*PACES))
    rows = []
    for name, history in past.items():
        matrix = np.column_stack([np.ones(PERIODS), history])
        half = PERIODS // 2
        coefficients, *_ = np.linalg.lstsq(matrix[:half], log_capital[:half], rcond=None)
        errors = 100 * np.abs(matrix[half:] @ coefficients - log_capital[half:])
        rows.append([name, f"{errors.mean():.3f}", f"{errors.max():.3f}"])
    return rows


def booms() -> Array:
    """Whether there is a boom in each quarter, the one before the first included, [BURN_IN + PERIODS + 1]."""
    switches = aggregate_shocks() < -1.1503493803760079  # the normal quantile of 1/8
    return (1 + np.concatenate([[0], np.cumsum(switches)])) % 2


def lagged(boom: Array, memory: Memory) -> Array:
    """What is remembered in each quarter that counts, [PERIODS, n]."""
    history, found = torch.zeros(len(memory.learns), dtype=torch.float64), []
    for now in torch.from_numpy(boom).double():
        history = memory.after(history, now)
        found.append(history)
    return torch.stack(found)[BURN_IN:-1].numpy()


def main() -> None:
    """Run what is missing of the variants that are named, and write the report from all that is there."""
    for name in sys.argv[1:] or VARIANTS:
        kept(RESULTS / f"{file_name(name)}.json", partial(measured, name))
    files = {name: RESULTS / f"{file_name(name)}.json" for name in VARIANTS}
    runs = {name: read(file) for name, file in files.items() if file.exists()}
    rows = []
    for name, found in runs.items():
        rows.append(row(name, found, found))
        if "of_many" in found:
            rows.append(row("its policy among infinitely many", found["of_many"], {}))
    table = markdown_table(COLUMNS, rows)
    failures = [f"- {name}: {found['failure']}" for name, found in runs.items() if "failure" in found]
    left_out = truncation(np.array(runs["mean"]["log_capital"]))
    text = HEADER.format(
        steps=SETTINGS.steps,
        economies=SETTINGS.batch // HOUSEHOLDS,
        paces=", ".join(f"{pace:g}" for pace in PACES),
        periods=PERIODS,
    )
    text += table + "\n" + ("\nWithout a solution:\n\n" + "\n".join(failures) + "\n" if failures else "")
    text += LUCK if any("of_many" in found for found in runs.values()) else ""
    text += CONCLUSION + markdown_table(("history", "mean, %", "largest, %"), left_out) + "\n"
    print(text)
    with atomic_path(REPORT) as temporary:
        temporary.write_text(text + ADVICE.format(machine=machine()), encoding="utf-8")


if __name__ == "__main__":
    main()
