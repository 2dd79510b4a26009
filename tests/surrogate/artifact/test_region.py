"""The quadratic discriminant of a certified region."""

import numpy as np
import pytest

from surrogate.artifact.region import Region
from surrogate.errors import BrokenArtifact

DISC = Region(
    "A disc in (log a, log(1 - b)).", ("log", "log_one_minus"), (0.0, -1.0), (2.0, 1.0), -1.0, (0.0, 0.0),
    ((1.0, 0.0), (0.0, 1.0)),
)  # fmt: skip


def test_membership_is_the_inequality() -> None:
    generator = np.random.default_rng(0)
    theta = np.column_stack([generator.uniform(0.05, 20, 500), generator.uniform(0, 0.99, 500)])
    inside = (np.log(theta[:, 0]) / 2) ** 2 + (np.log(1 - theta[:, 1]) + 1) ** 2 <= 1
    assert 0 < inside.sum() < 500
    np.testing.assert_array_equal(DISC.contains(theta), inside)


def test_cross_terms_count() -> None:
    saddle = Region("", ("identity",) * 2, (0.0,) * 2, (1.0,) * 2, 0.0, (0.0,) * 2, ((0.0, 1.0), (0.0, 0.0)))
    np.testing.assert_allclose(saddle.discriminant([[2.0, 3.0], [-2.0, 3.0]]), [6.0, -6.0])


@pytest.mark.parametrize("theta", [[-1.0, 0.5], [1.0, 1.5], [0.0, 0.5], [np.nan, 0.5]])
def test_where_a_transform_is_undefined_nothing_is_inside(theta: list[float]) -> None:
    assert not DISC.contains(theta)[0]


def test_a_region_survives_the_round_trip() -> None:
    assert Region.from_dict(DISC.to_dict()) == DISC


@pytest.mark.parametrize(
    "change",
    [
        {"center": [0.0]},
        {"transforms": ["log", "cube"]},
        {"quadratic": [[1.0, 0.0]]},
        {"scale": None},
        {"linear": ["a", 0]},
    ],
)
def test_a_malformed_region_is_refused(change: dict) -> None:
    with pytest.raises(BrokenArtifact):
        Region.from_dict({**DISC.to_dict(), **change})
