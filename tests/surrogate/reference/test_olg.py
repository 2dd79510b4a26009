"""The reference of overlapping generations: published steady states, and what it refuses."""

import pytest

from surrogate.errors import NoEquilibrium
from surrogate.reference.olg_economy import KAPPA
from surrogate.reference.olg_steady_state import steady_state

NAMES = ("beta", "gamma", "zeta", "alpha")
KNOWN = {
    (0.95, 2, 0.5, 0.3): (
        141.472939,
        0.937567,
        1.077718,
        0.915745,
        0.54945,
        1.15611,
        1.39027,
        3.6744,
        -1.42131,
    ),
    (0.93, 2, 0.5, 0.3): (
        117.102823,
        0.918323,
        1.100397,
        0.865252,
        0.51915,
        1.12324,
        1.3406,
        2.91448,
        -1.35481,
    ),
    (0.95, 3.5, 0.5, 0.3): (
        127.258648,
        0.928311,
        1.090049,
        0.887112,
        0.53227,
        1.13375,
        1.36382,
        3.24357,
        -1.43134,
    ),
    (0.95, 2, 0.9, 0.3): (
        137.090941,
        0.941858,
        1.081287,
        0.907141,
        0.53906,
        1.15131,
        1.29874,
        3.55317,
        -1.38933,
    ),
}
"""K, p, r, w, consumption at ages 0, 27 and 55, capital and bonds at age 27: by Newton's method."""


@pytest.mark.parametrize("values", KNOWN)
def test_steady_states(values: tuple[float, ...]) -> None:
    found = steady_state(dict(zip(NAMES, values, strict=True)))
    numbers = (
        found.capital_of_all,
        found.bond_price,
        found.gross_return,
        found.wage,
        *found.consumption[[0, 27, 55]],
        found.capital[27],
        found.bonds[27],
    )
    assert numbers == pytest.approx(KNOWN[values], abs=6e-6)
    assert found.bonds.sum() == pytest.approx(0, abs=1e-6)
    assert (found.capital + KAPPA * found.bonds).min() > -1e-6


def test_parameters_without_a_steady_state_are_named() -> None:
    """Adjustment so costly that hardly at any price a household has a best choice."""
    with pytest.raises(NoEquilibrium, match=r"beta = 0\.95, gamma = 2, zeta = 10000"):
        steady_state({"beta": 0.95, "gamma": 2.0, "zeta": 1e4, "alpha": 0.3}, 12)
