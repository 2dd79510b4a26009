"""In continuous time a small residual is no solution: without the homotopy a run is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from surrogate.artifact.validation import objection_at_rest
from surrogate.errors import NotSolved
from surrogate.models import get
from surrogate.training import checkpoint, recipe, train
from surrogate.training.at_rest import beside_reference
from surrogate.training.population import LET_GO, MORE
from surrogate.training.run import Run
from surrogate.training.settings import Settings


def small(**changes: object) -> Settings:
    """The recipe's method on a small network and batch."""
    fewer = {"hidden": (12, 12), "trunk": 8, "batch": 512, "steps": 100}
    return replace(recipe(get("krusell_smith_continuous")).settings, **(fewer | changes))


def test_without_the_homotopy_small_residuals_are_refused(tmp_path: Path) -> None:
    """After 100 steps residuals are below .01 a year on average, as the threshold of other economies asks
    (.0026 to .0048 over three seeds); but capital rests at 12.7, .47 and 1.05, not at 4.7.
    """
    model, path = get("krusell_smith_continuous"), tmp_path / "false.ckpt"
    errors = []
    with pytest.raises(NotSolved, match=r"small residuals do not make this an equilibrium|do not stay"):
        train(model, small(homotopy=False), path, progress=lambda now: errors.append(now.log10_error))
    assert errors[-1] < -2.0
    assert checkpoint.read(path)["state"]["failure"]


def test_aggregates_are_let_go_when_residuals_are_small() -> None:
    run = Run(get("krusell_smith_continuous"), small(batch=64))
    method = run.method
    assert method.state()["moving"] == 0.0
    assert not method.begin(0)
    method.restore({"moving": 0.0, "latest": LET_GO / 2})
    assert method.begin(1)
    assert method.state()["moving"] == MORE
    method.restore({"moving": 1.0 - MORE / 2, "latest": LET_GO / 2})
    assert method.begin(2)
    assert method.state()["moving"] == 1.0
    assert not method.begin(3)
    kept = run.state()
    other = Run(get("krusell_smith_continuous"), small(batch=64))
    other.restore(kept)
    assert other.method.state() == method.state()


def test_an_economy_that_rests_elsewhere_is_refused() -> None:
    """The anchor rests too high, and its consumption hardly responds."""
    model = get("krusell_smith_continuous")
    run = Run(model, small(batch=64))
    rows = beside_reference(run.policy, model.default_parameters()[None])
    assert rows[0]["reference_capital"] == pytest.approx(4.7314, abs=1e-3)
    assert "small residuals do not make this an equilibrium" in objection_at_rest(rows)
    right = rows[0] | {"capital": rows[0]["reference_capital"], "response": rows[0]["reference_response"]}
    right |= {"drift_below": 0.01, "drift_above": -0.01}
    assert objection_at_rest([right]) == ""
    assert objection_at_rest([right | {"drift_above": 0.001}])
    assert objection_at_rest([right | {"capital": torch.nan}])
