"""Parameter vectors whose steady state is no number, in a batch with others."""

import numpy as np
import onnx
import pytest

from estimation.analysis.simulation import ergodic_states
from estimation.filters import (
    AuxiliaryFilter,
    BootstrapFilter,
    GuidedFilter,
    InversionFilter,
    KalmanFilter,
    TemperedFilter,
    TwistedFilter,
)
from estimation.filters.state_space import StateSpace
from surrogate import Surrogate
from tests.gaussian_economies import BoundedEconomy, _Builder

SOUND, LOST = [0, 2], 1


class HalfSolved(BoundedEconomy):
    """An economy whose steady state, (1 - sigma)^(1/2) (1 - sigma), is no number for sigma above one."""

    def _steady_state(self) -> onnx.ModelProto:
        build = _Builder("float32")
        rest = build.call("Sub", build.constant([[1.0]]), "parameters")
        root = build.call("Sqrt", rest)
        for name in ("states", "controls"):
            build.call("Mul", build.call("Mul", root, rest), build.constant([[0.0]]), output=name)
        return build.model({"parameters": ("w", 1)}, {"states": ("w", 1), "controls": ("w", 1)})


@pytest.fixture(scope="module")
def half_solved(tmp_path_factory) -> Surrogate:
    return Surrogate(HalfSolved().write(tmp_path_factory.mktemp("artifacts") / "half_solved"))


THETA = np.array([[0.5], [1.5], [0.7]])
DATA = np.array([[0.3], [0.5], [np.nan], [0.4]])


@pytest.mark.parametrize(
    "kind", [AuxiliaryFilter, BootstrapFilter, GuidedFilter, TemperedFilter, TwistedFilter]
)
def test_a_particle_filter_leaves_the_others_their_likelihood(kind, half_solved):
    particle_filter = kind(StateSpace(half_solved, ("y",), [0.2]), 60)
    found = particle_filter.log_likelihood(THETA, DATA, np.random.default_rng(0))
    assert np.isfinite(found[SOUND]).all()
    assert found[LOST] == -np.inf
    paths = particle_filter.smoothed_paths(THETA, DATA, np.random.default_rng(0), 3)
    assert np.isfinite(paths.states[:, SOUND]).all()
    assert np.isnan(paths.states[:, LOST]).all()


@pytest.mark.parametrize("kind", [KalmanFilter, InversionFilter])
def test_a_filter_without_particles_leaves_the_others_their_likelihood(kind, half_solved):
    chosen = kind(StateSpace(half_solved, ("y",)))
    found = chosen.log_likelihood(THETA, DATA)
    assert np.isfinite(found[SOUND]).all()
    assert found[LOST] == -np.inf
    alone = np.concatenate([chosen.log_likelihood(THETA[[row]], DATA) for row in SOUND])
    np.testing.assert_allclose(found[SOUND], alone, atol=1e-4)


def test_simulations_lose_that_vector_only(half_solved):
    states = ergodic_states(half_solved, THETA, 4, np.random.default_rng(0))
    assert np.isfinite(states[SOUND]).all()
    assert np.isnan(states[LOST]).all()
