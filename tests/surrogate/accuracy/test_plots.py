"""Figures show what they are given."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from surrogate.accuracy.errors import MeasuredErrors, euler_error_figure
from surrogate.errors import MissingPackage
from surrogate.house.figures import save
from surrogate.models import get

MODEL = get("an_schorfheide")
MEASURED = MeasuredErrors(
    tuple(MODEL.equations),
    {law: -4 + torch.randn(200, 2, generator=torch.Generator().manual_seed(0)) for law in ("box", "ergodic")},
)


def test_euler_errors_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = euler_error_figure(MEASURED)
    tail = figure.axes[1]
    for line, errors in zip(tail.lines, MEASURED.errors.values(), strict=True):
        x, share = np.asarray(line.get_data())
        median = np.median(errors[:, 0])
        assert share[x > median][0] == pytest.approx(0.5)
    path = save(figure, tmp_path / "errors.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [item.name for item in tmp_path.iterdir()] == ["errors.png"]


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackage, match="dsge-surrogate\\[plot\\]"):
        euler_error_figure(MEASURED)
