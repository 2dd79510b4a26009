"""Checks of an artifact that need nothing but ONNX Runtime, and when its policy counts as a solution.

They say whether the files do what the contract promises: finite numbers all over the box, the same answer for
a row alone, in a batch and with shared parameters, policy, step and steady state that say the same,
simulations that do not run away, and a complete card.
Whether the numbers solve the economy is for its equations to say, which are not in the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BrokenArtifact
from .card import LAWS
from .runtime import Surrogate

POINTS = 2_000
CORNERS = 1_024
ROUNDS = 1_000
ECONOMIES, PERIODS = 100, 400
FAR = 1000.0
"""Times the usual distance from the steady state, in the first quarter of a simulation and the economy in the
middle, or hundredths of the steady state: less than a path growing by two percent a period reaches.
The economies that ship and stay finite come to 60 over ten seeds.
"""
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Of differences relative to one plus the absolute value; files that ship differ by up to 5e-7 in float32."""
STILL = -5.0
"""log10 of what counts as no movement: rounding in float32, on any processor."""
SLACK = {"p50": 0.2, "p99": 0.3}
"""By how much log10 movements at other points may exceed the card's: four standard deviations over seeds."""

LEAST_ACCURATE = -2.0
"""Mean log10 of the absolute residuals of the worst equation, which are shares, from which on a policy solves
nothing.
"""
MOST_OFF = {"capital": 0.02, "response": 0.15}
"""As shares of the reference's, from which an economy at rest is no equilibrium."""
LARGEST_POWER = 300.0
"""log10 of what a message can say."""
RUN_AWAY = 0.02
"""Share of the economies in the certified region that may leave their box by far: as many as the region may
contain of those with large Euler errors.
"""


@dataclass(frozen=True)
class Check:
    """What was checked, whether it passed, and the figure behind it."""

    name: str
    passed: bool
    detail: str


def validate(surrogate: Surrogate, seed: int = 0) -> list[Check]:
    """Run every check; random points come from `seed`."""
    generator = np.random.default_rng(seed)
    checks: list[Callable[[Surrogate, np.random.Generator], Check]] = [
        _card_is_complete,
        _accurate_enough,
        _finite_over_the_box,
        _finite_at_the_corners,
        _rows_are_independent,
        _simulations_stay_finite,
        _files_agree,
        _steady_state_rests,
    ]
    return [check(surrogate, generator) for check in checks]


def draw_parameters(surrogate: Surrogate, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Vectors [count, n_parameters] uniform over the certified part of the box.

    Raises
    ------
    BrokenArtifact : the region takes less than about a thousandth of the box.
    """
    inside = np.empty((0, surrogate.n_parameters))
    for _ in range(ROUNDS):
        theta = generator.uniform(surrogate.lower, surrogate.upper, size=(count, surrogate.n_parameters))
        inside = np.concatenate([inside, theta[surrogate.inside(theta)]])
        if len(inside) >= count:
            return inside[:count]
    raise BrokenArtifact(f"Hardly any of the box of {surrogate.card.model} lies in its certified region.")


def draw_corners(surrogate: Surrogate, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """All corners of the box, or `count` random ones of more, those outside the region left out."""
    n = surrogate.n_parameters
    if 2**n > count:
        bits = generator.integers(2, size=(count, n))
    else:
        bits = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    theta = np.where(bits == 1, surrogate.upper, surrogate.lower)
    return theta[surrogate.inside(theta)]


def movement_at_rest(surrogate: Surrogate, theta: NDArray[np.float64]) -> dict[str, float]:
    """How far a period without shocks leads away from the steady state: log10 of the largest change of a
    state relative to one plus its size, p50 and p99 over parameter vectors [w, n_parameters].

    Small, but not nothing, where the steady state of the equations without risk is not quite the policy's.
    """
    rest = surrogate.steady_state(theta, check=False)
    following = surrogate.step(*rest, np.zeros((len(theta), surrogate.n_shocks)), theta, check=False)
    moved = np.max(np.abs(following.next_states - rest.states) / (1 + np.abs(rest.states)), axis=1)
    logs = np.log10(np.maximum(moved.astype(float), 10**STILL))
    return {"p50": float(np.percentile(logs, 50)), "p99": float(np.percentile(logs, 99))}


def objection(accuracy: Mapping[str, Any]) -> str:
    """Why the policy with these figures of a card is no solution, or nothing."""
    for law in LAWS:
        means = {name: figures.get("mean", 0.0) for name, figures in accuracy.get(law, {}).items()}
        worst = [name for name, mean in means.items() if not mean <= LEAST_ACCURATE]
        if worst:
            error = 10 ** min(means[worst[0]], LARGEST_POWER)
            return f"the error of {worst[0]} is {error:.3g} on average ({law}), above {10**LEAST_ACCURATE:g}"
    for name, figures in accuracy.get("reduction", {}).items():
        if not figures.get("mean", 0.0) <= 10**LEAST_ACCURATE:
            return f"{name} differs by {figures['mean']:.3g} on average from that of the full economy"
    if elsewhere := objection_at_rest(accuracy.get("at_rest", ())):
        return elsewhere
    share = accuracy.get("run_away", 0.0)
    return "" if share <= RUN_AWAY else f"{share:.0%} of the simulated economies run away"


def objection_at_rest(rows: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with economies at rest, by `at_rest` of a card, or nothing."""
    for row in rows:
        off = {name: row[name] / row[f"reference_{name}"] - 1 for name in MOST_OFF}
        wrong = [name for name, share in off.items() if not abs(share) <= MOST_OFF[name]]
        back = row["drift_below"] > 0 > row["drift_above"]
        if wrong or not back:
            at = ", ".join(f"{name} = {value:.3g}" for name, value in row["parameters"].items())
            return (
                f"at {at} capital comes to rest at {row['capital']:.4g} where finite differences say "
                f"{row['reference_capital']:.4g}, drifts by {row['drift_below']:.1%} a year below that and "
                f"by {row['drift_above']:.1%} above, and consumption responds to productivity by "
                f"{row['response']:.3g} where it should by {row['reference_response']:.3g}: small residuals "
                "do not make this an equilibrium"
            )
    return ""


def _card_is_complete(surrogate: Surrogate, _: np.random.Generator) -> Check:
    card = surrogate.card
    measured = "reduction" if "source" in card.training else "box"
    expected = {
        "training": ({"method", "seed", "seconds", "device"}, card.training),
        "accuracy": ({measured, "test_points", "law"}, card.accuracy),
        "parity": ({"points", "max_relative_difference"}, card.parity),
    }
    missing = [
        f"{name}.{key}" for name, (keys, found) in expected.items() for key in sorted(keys - found.keys())
    ]
    statistics = card.accuracy.get("box", {}).values()
    missing += [
        name for name in ("mean", "p50", "p90", "p99", "max") if any(name not in s for s in statistics)
    ]
    return Check("card", not missing, f"missing: {', '.join(missing)}" if missing else "complete")


def _accurate_enough(surrogate: Surrogate, _: np.random.Generator) -> Check:
    reason = objection(surrogate.card.accuracy)
    return Check("accepted as a solution", not reason, reason or "by the figures of its card")


def _finite_over_the_box(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    theta = draw_parameters(surrogate, POINTS, generator)
    return _finite("finite over the box", surrogate, theta, generator)


def _finite_at_the_corners(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    theta = draw_corners(surrogate, CORNERS, generator)
    if not len(theta):
        return Check("finite at the corners", True, "no corner lies in the certified region")
    return _finite("finite at the corners", surrogate, theta, generator)


def _finite(
    name: str, surrogate: Surrogate, theta: NDArray[np.float64], generator: np.random.Generator
) -> Check:
    rest = surrogate.steady_state(theta)
    shocks = generator.normal(size=(len(theta), surrogate.n_shocks))
    outputs = (surrogate.policy(rest.states, theta), *surrogate.step(*rest, shocks, theta), *rest)
    bad = ~np.all([np.isfinite(output).all(axis=1) for output in outputs], axis=0)
    detail = f"{len(theta)} parameter vectors"
    if bad.any():
        first = _named(surrogate, theta[bad][0])
        detail = f"{bad.sum()} of {detail} give values that are not finite, the first {first}"
    return Check(name, not bad.any(), detail)


def _rows_are_independent(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    theta = draw_parameters(surrogate, 50, generator)
    rest = surrogate.steady_state(theta)
    states = np.repeat(rest.states, 3, axis=0)
    together = surrogate.policy(states, theta)
    others = [
        surrogate.policy(states, np.repeat(theta, 3, axis=0)),
        np.concatenate([surrogate.policy(states[3 * j : 3 * j + 3], theta[j]) for j in range(len(theta))]),
        np.concatenate([surrogate.policy(states[i], theta[i // 3]) for i in range(len(states))]),
    ]
    gap = max(float(np.max(np.abs(other - together) / (1 + np.abs(together)))) for other in others)
    passed = gap <= TOLERANCE[surrogate.card.dtype]
    return Check("rows are independent", passed, f"batched against single: largest difference {gap:.1e}")


def _files_agree(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    """Whether step and steady state choose the controls that the policy does."""
    theta = draw_parameters(surrogate, POINTS, generator)
    rest = surrogate.steady_state(theta)
    gaps = {"steady_state": _gap(rest.controls, surrogate.policy(rest.states, theta))}
    following = surrogate.step(*rest, generator.normal(size=(len(theta), surrogate.n_shocks)), theta)
    gaps["step"] = _gap(following.next_controls, surrogate.policy(following.next_states, theta, check=False))
    text = ", ".join(f"{file}.onnx {gap:.1e}" for file, gap in gaps.items())
    passed = max(gaps.values()) <= TOLERANCE[surrogate.card.dtype]
    return Check("files agree", passed, f"controls against policy.onnx: largest difference of {text}")


def _gap(found: NDArray[np.floating], expected: NDArray[np.floating]) -> float:
    """Largest difference relative to one plus the absolute value; infinite where one is a number and the
    other none.
    """
    if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return np.inf
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - expected) / (1 + np.abs(expected))
    return float(np.max(gap, initial=0.0, where=np.isfinite(expected)))


def _steady_state_rests(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    """Whether it rests as well as when the card was written."""
    found = movement_at_rest(surrogate, draw_parameters(surrogate, POINTS, generator))
    claimed = surrogate.card.accuracy.get("rest")
    if claimed is None:
        text = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
        return Check("steady state rests", True, f"moves by log10 {text}; the card does not say how far")
    passed = all(found[name] <= claimed.get(name, np.nan) + slack for name, slack in SLACK.items())
    figures = ", ".join(f"{name} {found[name]:.2f} (card {claimed.get(name, np.nan):.2f})" for name in SLACK)
    return Check("steady state rests", passed, f"a period without shocks moves it by log10 {figures}")


def _simulations_stay_finite(surrogate: Surrogate, generator: np.random.Generator) -> Check:
    theta = draw_parameters(surrogate, ECONOMIES, generator)
    shocks = generator.normal(size=(PERIODS, len(theta), surrogate.n_shocks))
    path = surrogate.simulate(theta, shocks)
    finite = np.all([np.isfinite(values).all(axis=(0, 2)) for values in (path.states, path.controls)], axis=0)
    finite &= _bounded(path.states, surrogate.steady_state(theta).states)
    detail = f"{len(theta)} economies, {PERIODS} periods"
    undefined = np.mean(~np.isfinite(path.observables), axis=(0, 1))  # as the growth rate of what is negative
    for name, share in zip(surrogate.observable_names, undefined, strict=True):
        detail += f"; {name} undefined in {share:.2%} of periods" if share else ""
    if not finite.all():
        detail = f"{(~finite).sum()} of {detail} run away, the first {_named(surrogate, theta[~finite][0])}"
    return Check("simulations stay finite", bool(finite.all()), detail)


def _bounded(states: NDArray[np.floating], rest: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether each economy's states [T, n, k] stay within sensible bounds around `rest` [n, k]: bool [n]."""
    away = np.abs(states - rest, dtype=float)
    usual = np.median(away[: PERIODS // 4].max(axis=0), axis=0)
    scale = np.maximum(usual, 0.01 * np.abs(rest).max(axis=0))
    beyond = away > FAR * scale + np.finfo(np.float32).eps
    return ~np.any(beyond, axis=(0, 2))


def _named(surrogate: Surrogate, theta: NDArray[np.float64]) -> str:
    return ", ".join(
        f"{name} = {value:g}" for name, value in zip(surrogate.parameter_names, theta, strict=True)
    )
