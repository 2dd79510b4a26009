"""Heterogeneous households and the bound at one calibration, and where they have no equilibrium.

    OMP_NUM_THREADS=1 python -m benchmarks.hank_bound

trains examples/hank_zlb_at_one_calibration.py with smaller and larger preference shocks, the last of them
the published posterior median's, and from other seeds, a quarter of an hour each or half of it; takes Euler
errors of all households, how often the bound binds, the bias of inflation and, beside an economy without a
floor, what it adds to volatility; and impulse responses of aggregates and of rich and poor at the bound and
away from it. Writes docs/hank-bound.md. Training goes on from its checkpoint, and what results/hank_bound
holds is not computed again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.filter_cases import ROOT, machine
from benchmarks.hank import SEED, knot_errors
from benchmarks.kept import kept
from surrogate import load
from surrogate.comparison.sequence_space import AGGREGATES
from surrogate.errors import NotSolved
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.models.hank import LOG_GROWTH, LOG_TARGET, Hank
from surrogate.models.interface import Model, Parameters, Period
from surrogate.models.registry import from_file
from surrogate.models.wealth import share_of_poorest
from surrogate.policy import PolicyNetwork
from surrogate.training import checkpoint, load_policy, recipe, train
from surrogate.training.run import Run
from surrogate.training.sampling import advance, draw_shocks, place_states
from surrogate.training.settings import Settings

EXAMPLE = ROOT / "examples" / "hank_zlb_at_one_calibration.py"
RESULTS = ROOT / "results" / "hank_bound"
REPORT = ROOT / "docs" / "hank-bound.md"
SIZES = (0.0095, 0.0105, 0.0122)
"""Standard deviations of preference shocks; the published posterior median is the last."""
ECONOMIES, BURN_IN, QUARTERS = 300, 60, 100
SEEDS = 5
"""Runs of the first size."""
SHOCK, HORIZON, SHOWN = -1.0, 20, (0, 1, 2, 4, 8, 12)
"""Standard deviations of the preference shock, how long its effects are followed, and which are shown."""
FIFTH = 0.2
SHIPPED, NEAR_ZERO = ("hank_zlb", "hank_zlb_reduced"), 1e-3
"""What ships, and a rate that is at the bound but for rounding, percent a year."""
OTHER_DRAWS = 8
"""Of the shocks with which the last of these is simulated."""
PATHS = ("output", "inflation", "interest rate", "consumption of the poorest fifth", "of the richest fifth")
HEADER = """# The bound, and where it leaves no equilibrium

The published posterior median of Kase, Melosi and Rottner with preference shocks of three sizes, the last
their own, by the recipe of `examples/hank_zlb_at_one_calibration.py`; larger shocks begin with the network of
the largest ones so far that have a solution, and take half of the steps. {machine}. Written by
`python -m benchmarks.hank_bound`.

Euler errors at all nodes of bonds, weighted by households; *signed*: their mean, and root mean square of it
over economies; *clearing*: root mean square of bonds that are not held, share of output. Seconds are by the
clock, beside other work on two cores.
"""
SIMULATED = """## What the bound does

Standard deviations in percent; growth a quarter, inflation and the rate a year; bias of mean inflation
against its target in basis points. `hank_zlb` and `hank_zlb_reduced`, which ship, are solved over a box.
Without a floor: the same recipe for the economy without the bound. All have the same shocks: it is their
differences that say something.
"""
OTHER_SEEDS = """## Other seeds

The first size from {seeds} seeds. Aims: a mean of 10^-4.3, signed errors and clearing of 2e-5, fifteen
minutes, a share at the bound that is stable to one point and a bias to three basis points.
"""
RESPONSES = """## Responses at the bound and away from it

To a preference shock of minus one standard deviation, of {size:g} percent: mean over {economies} economies
that are at the bound when it comes, and over the others of {all}. Output and consumption in percent,
inflation and the rate in points a year.
"""


Look = Callable[[Period, Parameters], Tensor]
"""From a period and its parameters to numbers [n, k]."""


class Economies(NamedTuple):
    """A trained network, states of its ergodic set, and their parameters."""

    policy: PolicyNetwork
    states: Tensor
    theta: Tensor


class Solved(NamedTuple):
    """Economies, and what their training took in seconds by the clock."""

    economies: Economies
    seconds: float
    failure: str
    """Why it is no solution, or nothing."""


def economy(size: float, floor: bool) -> Model:
    """The example's with preference shocks of such a size, with or without the floor of the rate."""
    here = from_file(EXAMPLE)
    model: Any = here if floor else Hank()
    model.parameters = tuple(
        replace(each, lower=size, upper=size, default=size) if each.name == "sigma_zeta" else each
        for each in here.parameters
    )
    return model


@cache
def solved(size: float, floor: bool = True, seed: int = 0) -> Solved:
    """Train, or take what was trained."""
    name = f"{size:g}{'' if floor else '_free'}{f'_seed{seed}' if seed else ''}"
    model, path = economy(size, floor), RESULTS / f"{name}.pt"
    settings = replace(recipe(from_file(EXAMPLE)).settings, seed=seed)
    if floor and size > SIZES[0]:
        half = {"steps": settings.steps // 2, "forgetting_steps": settings.forgetting_steps // 2}
        settings = replace(settings, **half)
        if not path.exists():
            smaller = [each for each in SIZES if each < size and not solved(each).failure]
            _begin(max(smaller), model, settings, path)
    kept(path.with_suffix(".json"), partial(_trained, model, settings, path))
    policy, content = load_policy(path, model)
    checkpoint.require_same(content, model, settings, path)
    theta = model.default_parameters().expand(ECONOMIES, -1)
    generator = torch.Generator().manual_seed(SEED)
    states = place_states(model, theta, generator)
    with torch.no_grad():
        for _ in range(BURN_IN):
            states = advance(policy, states, theta, draw_shocks(model, ECONOMIES, generator))
    state = content["state"]
    return Solved(Economies(policy, states, theta), state["seconds"], state["failure"])


def _begin(smaller: float, model: Model, settings: Settings, path: Path) -> None:
    """A run that begins with the network of smaller shocks."""
    run = Run(model, settings)
    run.progress()  # what a run is judged by is how it would have begun
    run.policy.load_state_dict(solved(smaller).economies.policy.state_dict())
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(path, model, settings, {**run.state(), "failure": ""})


def _trained(model: Model, settings: Settings, path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(NotSolved):  # the checkpoint says why
        train(model, settings, path, path.exists(), lambda now: print(path.stem, now, flush=True))
    return {"done": True}


@torch.no_grad()
def followed(at: Economies, shock: float, seed: int, look: Look, periods: int) -> Tensor:
    """What `look` sees [periods, n, k], where the first preference shock is larger by `shock`."""
    policy, states, model = at.policy, at.states, at.policy.model
    generator, p, seen = torch.Generator().manual_seed(seed), model.name_parameters(at.theta), []
    for quarter in range(periods):
        shocks = draw_shocks(model, len(states), generator)
        if quarter == 0:
            shocks[:, 0] += shock
        states = advance(policy, states, at.theta, shocks)
        seen.append(look(model.period(p, states, policy(states, p)), p))
    return torch.stack(seen)


def aggregates(now: Period, p: Parameters) -> Tensor:
    """Log output, growth of productivity, inflation, the rate, the rule's rate, clearing, [n, 6]."""
    rule = getattr(now, "notional_rate", now.log_rate)
    clearing = (now.saved + p.borrowing_limit - 1) / now.output
    log_pi = torch.log(now.inflation)
    return torch.stack([torch.log(now.output), now.growth, log_pi, now.log_rate, rule, clearing], -1)


def effects(now: Period, p: Parameters) -> Tensor:
    """What `PATHS` names, in logs, [n, 5]."""
    mass = now.mass.sum(-2)
    eaten = (now.mass * now.consumed).sum(-2)
    poor = share_of_poorest(mass, eaten, FIFTH)
    rich = eaten.sum(-1) - share_of_poorest(mass, eaten, 1 - FIFTH)
    output, prices = torch.log(now.output), torch.log(now.inflation)
    return torch.stack([output, prices, now.log_rate, torch.log(poor), torch.log(rich)], -1)


def moments(at: Economies) -> list[str]:
    """Share at the bound, bias, three standard deviations."""
    seen = followed(at, 0.0, SEED, aggregates, QUARTERS)
    output, growth, prices, rate, rule, _ = seen.unbind(-1)
    growth = 100 * (output.diff(dim=0) + growth[1:] + LOG_GROWTH)
    return _cells(rule < 0, growth, 400 * prices, 400 * rate)


def shipped(name: str, seed: int) -> list[str]:
    """The same of an economy that ships, which is solved over a box, at the first size; with `SEED` with the
    same shocks.
    """
    economy, here = load(name), from_file(EXAMPLE)
    theta = economy.parameter_array({each.name: each.default for each in here.parameters})
    generator = torch.Generator().manual_seed(seed)
    place_states(here, here.default_parameters().expand(ECONOMIES, -1), generator)
    shocks = [draw_shocks(here, ECONOMIES, generator) for _ in range(BURN_IN)]
    generator.manual_seed(seed)
    shocks += [draw_shocks(here, ECONOMIES, generator) for _ in range(QUARTERS)]
    moved = economy.simulate(np.repeat(theta, ECONOMIES, axis=0), torch.stack(shocks).numpy())
    path = moved.observables[BURN_IN:, :, : len(AGGREGATES)].astype(float)
    growth, inflation, rate = torch.from_numpy(path).unbind(-1)
    return _cells(rate <= NEAR_ZERO, growth, inflation, rate)


def other_draws() -> str:
    """How much shares and biases differ from one draw of the shocks to another."""
    name = SHIPPED[-1]
    rows = [shipped(name, SEED + 1 + number) for number in range(OTHER_DRAWS)]
    shares, biases = [float(row[0].removesuffix(" %")) for row in rows], [int(row[1]) for row in rows]
    return (
        f"With {OTHER_DRAWS} other draws of the shocks `{name}` is at the bound in {min(shares)} to "
        f"{max(shares)} % of quarters, {np.mean(shares):.1f} % on average, with a bias of {min(biases)} to "
        f"{max(biases)}, {np.mean(biases):.0f} on average."
    )


def _cells(bound: Tensor, growth: Tensor, inflation: Tensor, rate: Tensor) -> list[str]:
    """What is shown of quarters at the bound, growth a quarter, inflation and the rate a year, percent."""
    bias = 100 * (float(inflation.mean()) - 400 * LOG_TARGET)
    sd = [float(each.std()) for each in (growth, inflation, rate)]
    return [f"{100 * float(bound.double().mean()):.1f} %", f"{bias:.0f}", *(f"{each:.2f}" for each in sd)]


def errors(at: Solved) -> list[str]:
    """Of the household's equation and of the bond market."""
    found = knot_errors(*at.economies)
    clearing = followed(at.economies, 0.0, SEED, aggregates, QUARTERS)[..., -1].square().mean().sqrt()
    figures = (found.p99, found.signed, found.signed_of_economies, float(clearing))
    return [f"10^{found.log10_mean:.2f}", *(f"{each:.1e}" for each in figures), f"{at.seconds:.0f}"]


def at_the_bound(at: Economies) -> Tensor:
    """Which economies are, bool [n]."""
    model = at.policy.model
    p = model.name_parameters(at.theta)
    with torch.no_grad():
        return model.period(p, at.states, at.policy(at.states, p)).notional_rate < 0


def responses(at: Economies) -> list[list[str]]:
    """Rows by variable and place, columns by quarter."""
    with_shock, without = (followed(at, each, SEED, effects, HORIZON) for each in (SHOCK, 0.0))
    bound, scale = at_the_bound(at), torch.tensor([100.0, 400.0, 400.0, 100.0, 100.0]).double()
    effect, rows = scale * (with_shock - without), []
    for column, name in enumerate(PATHS):
        for place, chosen in (("at the bound", bound), ("away", ~bound)):
            path = effect[:, chosen, column].mean(1)
            rows.append([f"{name}, {place}", *(f"{float(path[each]):.2f}" for each in SHOWN)])
    return rows


def seeds_section() -> list[str]:
    """Errors and moments of the first size, a row for each seed."""
    rows = []
    for seed in range(SEEDS):
        at = solved(SIZES[0], seed=seed)
        mean, _, signed, _, clearing, seconds = errors(at)
        bound, bias, *_ = moments(at.economies)
        rows.append([str(seed), mean, signed, clearing, bound, bias, seconds])
    head = ["seed", "mean", "signed", "clearing", "at the bound", "bias", "seconds"]
    return [OTHER_SEEDS.format(seeds=SEEDS).strip(), markdown_table(head, rows)]


def main() -> None:
    """Solve what is missing, and write the page."""
    runs = {size: solved(size) for size in SIZES}
    found = {size: at for size, at in runs.items() if not at.failure}
    failures = [f"With {100 * size:.2f} %: {at.failure}." for size, at in runs.items() if at.failure]
    free = solved(SIZES[0], floor=False).economies
    smallest = found[SIZES[0]].economies
    names = [f"{100 * size:.2f} %" for size in found]
    head = ["preference shocks", "mean", "99 % below", "signed", "by economy", "clearing", "seconds"]
    simulated = ["", "at the bound", "bias", "sd growth", "sd inflation", "sd rate"]
    parts = [
        HEADER.format(machine=machine()).strip(),
        markdown_table(head, [[n, *errors(at)] for n, at in zip(names, found.values(), strict=True)]),
        *failures,
        SIMULATED.strip(),
        markdown_table(
            simulated,
            [[n, *moments(at.economies)] for n, at in zip(names, found.values(), strict=True)]
            + [[f"{names[0]}, `{name}`", *shipped(name, SEED)] for name in SHIPPED]
            + [[f"{names[0]}, without a floor", *moments(free)]],
        ),
        other_draws(),
        *seeds_section(),
        RESPONSES.format(
            size=100 * SIZES[0], economies=int(at_the_bound(smallest).sum()), all=ECONOMIES
        ).strip(),
        markdown_table(["after quarters", *map(str, SHOWN)], responses(smallest)),
    ]
    with atomic_path(REPORT) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
