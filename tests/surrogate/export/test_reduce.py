"""Making a reduced economy's artifact, a small one."""

from pathlib import Path

import numpy as np
import pytest

from surrogate import load
from surrogate.artifact import reduction
from surrogate.artifact.validation import validate
from surrogate.errors import BadConfiguration, Changed, NotSolved, WriteFailed
from surrogate.export import reduce
from surrogate.models.hank import Hank
from surrogate.models.hank_reduced import HankReduced
from surrogate.models.krusell_smith_reduced import KrusellSmithReduced
from surrogate.training import Settings, checkpoint
from surrogate.training.reduction import ReductionSettings
from surrogate.training.run import Run

SMALL = ReductionSettings(hidden=(6, 6), trunk=6, economies=64, burn_in=60, quarters=20, batch=256, steps=25)


@pytest.fixture(autouse=True)
def few_quarters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the full economy."""
    monkeypatch.setattr(reduction, "BURN_IN", 60)
    monkeypatch.setattr(reduction, "PERIODS", 20)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a minute of the fit of the shipped one would leave."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduction, "BURN_IN", 60)
        patch.setattr(reduction, "PERIODS", 20)
        return reduce(
            KrusellSmithReduced(), "krusell_smith", tmp_path_factory.mktemp("reduced") / "small", SMALL
        )


def test_the_artifact_keeps_the_contract_and_its_card(small: Path) -> None:
    reduced, full = load(small), load("krusell_smith")
    assert [check.detail for check in validate(reduced) if not check.passed] == []
    assert [check.detail for check in reduction.check_reduction(reduced, full) if not check.passed] == []
    card = reduced.card
    assert reduction.is_source(card, full)
    assert card.training["settings"]["economies"] == 64
    assert card.training["shipped"]
    assert [each.name for each in card.states] == ["log_capital", "productivity"]
    assert card.accuracy["reduction"].keys() == set(reduced.observable_names)
    assert card.accuracy["periods"] == 20


@pytest.mark.slow
def test_the_same_seed_gives_the_same_graphs(small: Path, tmp_path: Path) -> None:
    again = reduce(KrusellSmithReduced(), "krusell_smith", tmp_path / "again", SMALL)
    assert load(again).card.digests == load(small).card.digests
    assert load(again).card.accuracy == load(small).card.accuracy


def test_goods_add_up_in_the_files(small: Path) -> None:
    """In single precision, over thirty quarters of ten economies."""
    reduced = load(small)
    theta = np.random.default_rng(0).uniform(reduced.lower, reduced.upper, (10, 6))
    path = reduced.simulate(theta, np.random.default_rng(1).standard_normal((30, 10, 1)))
    capital, output, consumption = np.exp(np.moveaxis(path.observables.astype(float), -1, 0))
    delta = theta[:, reduced.parameter_names.index("delta")]
    kept = output + (1 - delta) * capital - consumption
    np.testing.assert_allclose(kept[:-1], capital[1:], rtol=2e-6)
    np.testing.assert_allclose(path.controls[..., 0], consumption, rtol=1e-6)


def test_what_comes_to_nothing_is_not_written(tmp_path: Path) -> None:
    """The anchor alone is off by more than one percent after some quarters."""
    with pytest.raises(NotSolved, match="does not stand for"):
        reduce(
            KrusellSmithReduced(),
            "krusell_smith",
            tmp_path / "far",
            ReductionSettings(economies=4, burn_in=0, quarters=1, batch=4, steps=1),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_and_another_economy_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(WriteFailed, match="holds other files"):
        reduce(KrusellSmithReduced(), "krusell_smith", tmp_path, SMALL)
    with pytest.raises(Changed, match="give the artifact of that economy"):
        reduce(KrusellSmithReduced(), "rbc", tmp_path / "new", SMALL)


def test_the_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    """Where choices are kept, the network has to be the artifact's; without a checkpoint there is none."""
    settings = Settings(hidden=(4,), trunk=4, nodes=2, batch=16, sampling="simulation", adam_steps=0, steps=1)
    path = tmp_path / "other.pt"
    checkpoint.save(path, Hank(), settings, Run(Hank(), settings).state())
    with pytest.raises(Changed, match=r"is not what .*hank was exported from"):
        reduce(HankReduced(), "hank", tmp_path / "new", checkpoint=path)
    with pytest.raises(BadConfiguration, match="keeps inflation, output of the network of hank"):
        reduce(HankReduced(), "hank", tmp_path / "new")
    with pytest.raises(BadConfiguration, match="keeps no choices of the network of krusell_smith"):
        reduce(KrusellSmithReduced(), "krusell_smith", tmp_path / "new", SMALL, checkpoint=path)
    assert not (tmp_path / "new").exists()
