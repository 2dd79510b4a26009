from typing import Any

import numpy as np
import pytest

from estimation.chain_file import Block, ChainFile
from estimation.chains import Chains, read_chains
from surrogate.errors import BadConfiguration, BrokenArtifact

RANDOM_STATE: Any = np.random.RandomState(3).get_state()


def block(steps, seed=0, walkers=4, size=2):
    theta = np.random.default_rng(seed).standard_normal((steps, walkers, size))
    return Block(theta, theta[..., 0], RANDOM_STATE, 0.3)


@pytest.fixture
def file(tmp_path):
    chain = ChainFile(tmp_path / "chain.h5")
    chain.create(4, ("a", "b"), {"model": "m"})
    return chain


def test_blocks_come_back_in_a_row_with_the_state_to_go_on_from(file):
    first, second = block(3), block(5, seed=1)
    file.append(first)
    file.append(second)
    theta, log_prob = file.draws()
    assert np.array_equal(theta, np.concatenate([first.theta, second.theta]))
    assert np.array_equal(log_prob[3:], second.log_prob)
    last = file.last()
    assert np.array_equal(last.coords, second.theta[-1])
    generators = [np.random.RandomState() for _ in range(2)]
    for generator, state in zip(generators, (last.random_state, RANDOM_STATE), strict=True):
        generator.set_state(state)
    assert generators[0].random() == generators[1].random()


def test_what_a_killed_run_wrote_without_taking_note_does_not_count(file):
    import h5py

    file.append(block(3))
    with h5py.File(file.path, "r+") as opened:
        theta: Any = opened["theta"]
        theta.resize(7, axis=0)
    assert file.steps == 3
    file.append(block(2, seed=1))
    assert np.array_equal(file.draws()[0][3:], block(2, seed=1).theta)
    assert file.draws()[0].shape[0] == 5


def test_files_are_read_as_far_as_all_of_them_have_got(file, tmp_path):
    other = ChainFile(tmp_path / "other.h5")
    other.create(4, ("a", "b"), {})
    file.append(block(6))
    with pytest.raises(BadConfiguration, match="no draw"):
        read_chains([file.path, other.path], ("a", "b"))
    other.append(block(4))
    assert read_chains([file.path, other.path], ("a", "b")).steps == 4
    assert read_chains([file.path, other.path], ("a", "b"), steps=2).steps == 2


def test_acceptance_is_the_share_of_steps_in_which_a_walker_moved(file):
    still = np.repeat(block(1).theta, 5, axis=0)
    still[3:, :2] += 1.0  # two of four walkers move once in four steps
    file.append(Block(still, still[..., 0], RANDOM_STATE, 0.0))
    assert read_chains([file.path], ("a", "b")).acceptance[0] == pytest.approx(2 / 16)


def test_damaged_file_is_one_clear_error(tmp_path):
    file = ChainFile(tmp_path / "chain.h5")
    file.path.write_bytes(b"not HDF5")
    for read in (lambda: file.steps, lambda: file.fingerprints, file.draws, file.last):
        with pytest.raises(BrokenArtifact, match="damaged"):
            read()


def test_burn_in_that_leaves_nothing_is_an_error():
    draws = np.zeros((2, 400, 3, 1))
    with pytest.raises(BadConfiguration, match="burn-in of 400"):
        Chains(("x",), draws, draws[..., 0], np.ones(2)).discard(400)


def test_layouts_keep_every_draw():
    theta = np.random.default_rng(0).standard_normal((2, 5, 3, 1))
    chains = Chains(("x",), theta, theta[..., 0], np.ones(2))
    assert np.array_equal(chains.by_walker()[1, :5, 0], theta[1, :, 0, 0])
    assert np.array_equal(chains.by_time()[1, :3, 0], theta[1, 0, :, 0])
