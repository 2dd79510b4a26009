from typing import Any

import numpy as np
import pytest

from estimation.sampling.chain_file import Block, ChainFile
from estimation.sampling.chains import Chains, read_chains
from surrogate.errors import BadConfiguration, BrokenArtifact

RANDOM_STATE: Any = np.random.RandomState(3).get_state()


def block(steps, seed=0, walkers=4, size=2):
    theta = np.random.default_rng(seed).standard_normal((steps, walkers, size))
    return Block(theta, theta[..., 0], RANDOM_STATE, 0.3)


@pytest.fixture
def file(tmp_path):
    chain = ChainFile(tmp_path / "chain.chain")
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


def test_a_kill_at_any_byte_of_an_append_costs_the_block_under_way_only(file):
    file.append(block(3))
    before = file.path.stat().st_size
    file.append(block(2, seed=1))
    whole = file.path.read_bytes()
    for cut in [*range(before, before + 40), *range(before + 40, len(whole), 97), len(whole) - 1]:
        file.path.write_bytes(whole[:cut])
        again = ChainFile(file.path)
        assert again.steps == len(again.draws()[0]) == 3
        again.append(block(2, seed=1))
        assert file.path.read_bytes() == whole


def test_any_flipped_bit_is_noticed(file):
    file.append(block(2))
    file.append(block(2, seed=1))
    whole = file.path.read_bytes()
    for place in range(0, len(whole), 41):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        file.path.write_bytes(flipped)
        with pytest.raises(BrokenArtifact, match=r"chain\.chain is damaged.*; delete it to sample"):
            ChainFile(file.path).draws()


def test_what_does_not_fit_on_the_disk_leaves_what_was_there(file):
    resource = pytest.importorskip("resource")
    file.append(block(3))
    before = file.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 500, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.append(block(500))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.path.read_bytes() == before
    assert file.steps == 3


def test_what_another_process_has_added_is_seen(file):
    file.append(block(3))
    ChainFile(file.path).append(block(2, seed=1))
    assert file.steps == 5
    file.append(block(1, seed=2))
    assert file.draws()[0].shape[0] == 6


@pytest.mark.parametrize("value", [1e308, np.nan, -np.inf, 1.001])
def test_draws_where_the_prior_has_no_mass_are_damage(value):
    theta = np.random.default_rng(0).uniform(size=(2, 5, 3, 2))
    chains = Chains(("a", "b"), theta, theta[..., 0], np.ones(2))
    chains.require_inside(np.zeros(2), np.ones(2), "chains")
    theta[1, 3, 2, 1] = value
    with pytest.raises(BrokenArtifact, match="draws of b where"):
        chains.require_inside(np.zeros(2), np.ones(2), "chains")


def test_files_are_read_as_far_as_all_of_them_have_got(file, tmp_path):
    other = ChainFile(tmp_path / "other.chain")
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
    file = ChainFile(tmp_path / "chain.chain")
    file.path.write_bytes(b"not a chain")
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
