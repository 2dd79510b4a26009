"""Fitting a reduced economy to simulations of the full one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from surrogate import Surrogate, load
from surrogate.errors import Changed, SurrogateError
from surrogate.models import Named, Values
from surrogate.models.krusell_smith_reduced import KrusellSmithReduced
from surrogate.training.reduction import (
    ChoiceErrors,
    Quarters,
    ReductionSettings,
    fit,
    fit_choices,
    simulate_full,
)

SMALL = ReductionSettings(hidden=(6, 6), trunk=6, economies=64, burn_in=40, quarters=20, batch=256, steps=25)


@pytest.fixture(scope="module")
def full() -> Surrogate:
    return load("krusell_smith")


@pytest.fixture(scope="module")
def quarters(full: Surrogate) -> Quarters:
    return simulate_full(KrusellSmithReduced(), full, SMALL)


def test_quarters_are_those_of_the_full_economy(full: Surrogate, quarters: Quarters) -> None:
    """The rows of the last quarter, by the artifact's own simulation."""
    theta = quarters.parameters[-64:].numpy()
    shocks = np.random.default_rng(SMALL.seed).standard_normal((60, 64, 1))
    path = full.simulate(theta, shocks)
    seen = dict(zip(full.observable_names, path.observables[-1].T.astype(float), strict=True))
    expected = np.stack([seen["log_capital"], path.states[-1, :, -1], np.exp(seen["log_consumption"])], 1)
    np.testing.assert_allclose(quarters.rows[-64:].numpy(), expected, rtol=1e-12)
    assert len(quarters.rows) == 64 * SMALL.quarters
    middle = (full.lower + full.upper) / 2
    np.testing.assert_allclose(theta.mean(0), middle, atol=0.02 * (full.upper - full.lower).max())


def test_least_squares_come_close_to_what_the_full_economy_chooses(quarters: Quarters) -> None:
    """From two percent at the anchor to less than a fifth; over eight seeds to .02 to .09 of it."""
    policies = [
        fit_choices(KrusellSmithReduced(), quarters, replace(SMALL, steps=steps)) for steps in (0, 25)
    ]
    with torch.no_grad():
        start, end = (float(ChoiceErrors(policy)(*quarters).square().mean() ** 0.5) for policy in policies)
    assert end < 0.2 * start


def test_the_same_seed_gives_the_same_weights_and_another_one_others(full: Surrogate) -> None:
    few = replace(SMALL, economies=8, burn_in=5, quarters=3, steps=3)
    first, again, other = (
        fit(KrusellSmithReduced(), full, settings).policy.state_dict()
        for settings in (few, few, replace(few, seed=1))
    )
    assert all(torch.equal(again[name], value) for name, value in first.items())
    assert not torch.equal(other["trunk.weight"], first["trunk.weight"])


def test_what_the_full_economy_does_not_have_is_named_with_its_line(full: Surrogate) -> None:
    class Wishful(KrusellSmithReduced):
        def of_full(self, seen: Named) -> Values:
            return {**super().of_full(seen), "consumption": seen.happiness}

    with pytest.raises(SurrogateError, match=r"line \d+ of test_reduction.py, in of_full: .*'happiness'"):
        simulate_full(Wishful(), full, replace(SMALL, economies=4, burn_in=0, quarters=1))


def test_the_artifact_of_another_economy_is_refused() -> None:
    with pytest.raises(Changed, match="stands for krusell_smith version 1, and the artifact is of rbc"):
        fit(KrusellSmithReduced(), load("rbc"), SMALL)
