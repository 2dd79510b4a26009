"""Tests of uniformity see what they should, and nothing where there is nothing to see."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from estimation.calibration import (
    Replication,
    Shares,
    coverage,
    findings,
    shares_below_truth,
    uniformity,
    verdict,
    warnings_of,
    worst_p,
)
from estimation.calibration.ranks import uniform_band
from surrogate.errors import BadConfiguration


def shares_of(values: np.ndarray) -> Shares:
    return Shares(("theta",), values[:, None])


def normal_shares(sd: float = 1.0, shift: float = 0.0, replications: int = 200, seed: int = 0) -> Shares:
    """Shares of a normal posterior below the truth, of which the right sd is one and the right mean zero."""
    truth = np.random.default_rng(seed).standard_normal(replications)
    return shares_of(norm.cdf(truth, shift, sd))


def replication(number: int, rank: int, **changes) -> Replication:
    given = {"truth": {"theta": 0.0}, "ranks": {"theta": rank}, "draws": 9, "memory": 0.0}
    return Replication(number, **{**given, **changes})


def test_p_values_of_the_right_posterior_are_uniform_over_seeds():
    p = [
        uniformity(normal_shares(replications=100, seed=seed)).loc["theta"].to_numpy() for seed in range(300)
    ]
    for column in np.array(p).T:
        assert 0.01 < np.mean(column < 0.05) < 0.1
        assert 0.4 < np.mean(column) < 0.6
    assert np.mean([np.min(row) * 3 < 0.05 for row in p]) < 0.08


@pytest.mark.parametrize(("sd", "shift"), [(2.0, 0.0), (0.5, 0.0), (1.0, 0.5)])
def test_posteriors_twice_or_half_as_wide_or_shifted_are_found_out(sd, shift):
    wrong = normal_shares(sd, shift)
    assert worst_p(uniformity(wrong)) < 1e-6
    assert "are not uniform" in verdict(wrong)


def test_coverage_is_that_of_the_posterior_and_its_band_the_binomial_one():
    wide = coverage(normal_shares(sd=2.0, replications=4000))
    expected = 2 * norm.cdf(2 * norm.ppf(0.9)) - 1
    assert wide.loc["theta", "80%"] == pytest.approx(expected, abs=0.01)
    assert wide.loc["band, low", "80%"] == binom.ppf(0.025, 4000, 0.8) / 4000
    right = coverage(normal_shares(replications=4000)).T
    assert right["theta"].between(right["band, low"], right["band, high"]).all()


def test_the_band_holds_all_of_a_uniform_distribution_function_95_times_in_100():
    low, high = uniform_band(80)
    samples = np.random.default_rng(3).uniform(size=(2000, 80, 1))
    found = (samples <= np.linspace(0.01, 0.99, 99)).mean(axis=1)
    inside = ((found >= low - 1e-12) & (found <= high + 1e-12)).all(axis=1).mean()
    assert 0.93 < inside < 0.98


def test_shares_lie_between_ranks_and_do_not_depend_on_the_order_of_replications():
    items = [replication(number, rank) for number, rank in enumerate([0, 9, 3, 4, 5, 1, 2, 8])]
    shares = shares_below_truth(items)
    ranks = np.array([0, 9, 3, 4, 5, 1, 2, 8])
    assert ((shares.values[:, 0] > ranks / 10) & (shares.values[:, 0] < (ranks + 1) / 10)).all()
    assert sorted(shares_below_truth(items[::-1]).values[:, 0]) == sorted(shares.values[:, 0])


def test_failures_are_counted_and_the_first_is_named():
    failed = replication(8, 0, ranks={}, failure="The economy explodes.")
    items = [*(replication(number, number) for number in range(8)), failed]
    shares = shares_below_truth(items)
    assert shares.values.shape == (8, 1)
    assert "8 replications (1 more failed)" in verdict(shares)
    assert warnings_of(items) == ["1 replications failed, the first with: The economy explodes."]
    with pytest.raises(BadConfiguration, match="explodes"):
        shares_below_truth([failed] * 9)


def test_draws_that_remember_their_start_are_warned_of():
    (warning,) = warnings_of([replication(number, 3, memory=0.4) for number in range(8)])
    assert "0.40" in warning


def test_findings_have_tables_and_figures():
    pytest.importorskip("matplotlib")
    found = findings(normal_shares())
    assert [finding.name for finding in found] == ["uniformity", "rank_histograms", "coverage"]
    assert isinstance(found[1].table, pd.DataFrame)
    assert found[1].table.to_numpy().sum() == 200
    for finding in found:
        assert finding.draw is not None
        (panel,) = finding.draw().axes
        assert panel.get_title() == "theta"
