"""The shipped `hank` beside its references, at calibrations drawn at random.

    python -m benchmarks.hank

holds steady states and impulse responses to the sequence-space Jacobian at twenty parameter vectors, also
with the effect of risk removed by extrapolation, since that knows nothing of it; takes Euler errors of all
households at all nodes of bonds with another quadrature than in training and in the certificate; and writes
docs/hank-figures.md.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from benchmarks.filter_cases import machine
from surrogate import Surrogate, load
from surrogate.accuracy.errors import ArtifactPolicy, ergodic_states
from surrogate.comparison.sequence_space import (
    AGGREGATES,
    SIZE,
    SequenceSpaceComparison,
    compare_in_sequence_space,
    responses_of,
)
from surrogate.house.figures import markdown_table
from surrogate.house.files import atomic_path
from surrogate.house.listener import track
from surrogate.models.hank import GRID, Hank, worth_errors
from surrogate.policy import PolicyNetwork
from surrogate.reference.hank_linear import SHOCKS
from surrogate.training.quadrature import rule_for
from surrogate.training.residuals import look_ahead

Array = NDArray[np.float64]
OUTPUT = Path(__file__).parents[1] / "docs" / "hank-figures.md"
VECTORS, SEED, PERIODS = 20, 2026, 400
ECONOMIES = 200
"""Whose Euler errors are taken."""
NODES = (5, 3, 3)
"""Points in the preference, growth and monetary shocks."""
RISKY = {"sigma_zeta": 0.02, "sigma_z": 0.006, "sigma_m": 0.001}
"""Standard deviations of the shocks that are in the box, as their halves are."""
HEADER = """# Figures of the economy with heterogeneous households

What [Heterogeneous households](hank.md) sums up. {machine}. Written by `python -m benchmarks.hank`.
"""


class KnotErrors(NamedTuple):
    """Errors of what savings are worth at all nodes of bonds and productivity, weighted by the households
    that save so much: mean of log10, 99th percentile, the mean with its sign, and the root mean square of
    that mean over economies.
    """

    log10_mean: float
    p99: float
    signed: float
    signed_of_economies: float


def vectors(economy: Surrogate, count: int) -> Array:
    """Parameters [count, n_parameters], uniform on the certified box."""
    drawn = np.random.default_rng(SEED).uniform(economy.lower, economy.upper, (4 * count, len(economy.lower)))
    return drawn[economy.inside(drawn)][:count]


def knot_errors(policy: PolicyNetwork, states: torch.Tensor, theta: torch.Tensor) -> KnotErrors:
    """Of economies in `states` [n, n_states] of their ergodic sets at parameters `theta` [n, ...]."""
    model = cast(Hank, policy.model)
    points, weights = rule_for(model.shocks, NODES)
    errors, masses = [], []
    with torch.no_grad():
        for rows, parameters in zip(states.split(20), theta.split(20), strict=True):
            p = model.name_parameters(parameters.unsqueeze(-2))
            choices = policy(rows.unsqueeze(-2), p).squeeze(-2)
            ahead = look_ahead(policy, model, rows, choices, p, points, weights)
            errors.append(worth_errors(ahead.now, ahead.expected).squeeze(1))
            masses.append(GRID.move(ahead.now.mass, ahead.now.above_limit).squeeze(1))
    return _summary(torch.cat(errors).flatten(1).numpy(), torch.cat(masses).flatten(1).clamp_min(0).numpy())


def _summary(errors: Array, masses: Array) -> KnotErrors:
    masses = masses / masses.sum(axis=1, keepdims=True)
    signed = (errors * masses).sum(axis=1)
    sizes, weights = np.abs(errors).ravel(), masses.ravel() / len(masses)
    order = np.argsort(sizes)
    p99 = sizes[order][np.searchsorted(np.cumsum(weights[order]), 0.99)]
    mean = float((np.log10(np.maximum(sizes, 1e-12)) * weights).sum())
    return KnotErrors(mean, float(p99), float(signed.mean()), float((signed**2).mean() ** 0.5))


def response_table(comparisons: list[SequenceSpaceComparison]) -> pd.DataFrame:
    """Largest difference of each response as a share of its peak, in percent: median and largest over the
    parameter vectors, and the median peak in its unit.
    """
    rows = {}
    for shock in SHOCKS:
        for name in AGGREGATES:
            gaps = [100 * each.gaps[shock, name] for each in comparisons]
            peaks = [np.abs(each.responses[1][shock, name].to_numpy()).max() for each in comparisons]
            rows[f"{name} after {shock}"] = (np.median(gaps), np.max(gaps), np.median(peaks))
    columns = ["difference, median, %", "largest, %", "peak, median"]
    return pd.DataFrame(list(rows.values()), pd.Index(list(rows)), columns)


def as_risk_vanishes(comparison: SequenceSpaceComparison) -> SequenceSpaceComparison:
    """With the surrogate's responses to the same impulse as the variances of all shocks go to zero, from
    those at `RISKY` and at half of it: to second order risk moves them in proportion to variances.
    """
    economy, parameters = comparison.surrogate, comparison.parameters
    halves = {name: sd / 2 for name, sd in RISKY.items()}
    # A response is to one standard deviation, which is half as large among the second ones.
    large = responses_of(economy, economy.parameter_array({**parameters, **RISKY}))
    small = 2 * responses_of(economy, economy.parameter_array({**parameters, **halves}), 2 * SIZE)
    vanished = (4 * small - large) / 3
    for shock, (name, sd) in zip(SHOCKS, RISKY.items(), strict=True):
        vanished[shock] *= parameters[name] / sd
    return replace(comparison, responses=(vanished, comparison.responses[1]))


def rest_table(comparisons: list[SequenceSpaceComparison]) -> pd.DataFrame:
    """Largest differences at rest."""
    rows = {}
    for name in comparisons[0].rest[1]:
        gaps = [abs(each.rest[0][name] - each.rest[1][name]) for each in comparisons]
        rows[f"{name} at rest"] = (np.median(gaps), np.max(gaps))
    return pd.DataFrame(list(rows.values()), pd.Index(list(rows)), ["difference, median", "largest"])


def main() -> None:
    """Measure, and write the page."""
    full = load("hank")
    started = time.process_time()
    comparisons = [
        compare_in_sequence_space(
            full, dict(zip(full.parameter_names, map(float, theta), strict=True)), PERIODS, SEED
        )
        for theta in track(list(vectors(full, VECTORS)), "calibrations")
    ]
    seconds = time.process_time() - started
    policy = cast(PolicyNetwork, ArtifactPolicy(full, Hank()))
    theta = torch.from_numpy(vectors(full, ECONOMIES))
    errors = knot_errors(policy, ergodic_states(policy, theta, torch.Generator().manual_seed(SEED)), theta)
    parts = [
        HEADER.format(machine=machine()),
        f"## Beside the sequence-space Jacobian\n\n{VECTORS} parameter vectors of the box, {seconds:.0f} "
        "seconds of a processor for both solutions of all.",
        _text(rest_table(comparisons)),
        _text(response_table(comparisons)),
        "As risk vanishes, of which the Jacobian knows nothing (by extrapolation from two sizes of shocks):",
        _text(response_table([as_risk_vanishes(each) for each in comparisons])),
        f"## Euler errors at all nodes\n\nOf {ECONOMIES} economies on their ergodic sets, with {NODES} "
        f"points in the shocks: mean 10^{errors.log10_mean:.2f}, 99 % below {errors.p99:.1e}; mean with its "
        f"sign {errors.signed:.1e}, root mean square over economies {errors.signed_of_economies:.1e}.",
    ]
    with atomic_path(OUTPUT) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _text(table: pd.DataFrame) -> str:
    rows = [
        [str(name), *(f"{value:.2g}" for value in row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return markdown_table(["", *table.columns], rows)


if __name__ == "__main__":
    main()
