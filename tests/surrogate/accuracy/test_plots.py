"""Figures show what they are given."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from surrogate.accuracy.plots import euler_error_figure, policy_slices, sample_errors
from surrogate.errors import MissingPackage
from surrogate.figures import save
from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.reference.time_iteration import PARAMETER_NAMES, solve_rbc

CALIBRATION = {"alpha": 0.36, "beta": 0.96, "delta": 0.08, "gamma": 2.0, "rho": 0.9, "sigma": 0.01}


def biased(states: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Time iteration's policy, one percent too high everywhere."""
    solution = solve_rbc(dict(zip(PARAMETER_NAMES, parameters.tolist(), strict=True)))
    return 1.01 * solution.consumption(*states.T)[:, None]


def test_policy_slices_draw_the_difference_from_time_iteration(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = policy_slices(biased, {"one": CALIBRATION})
    levels, gaps = figure.axes
    assert len(gaps.lines) == 3
    for line in gaps.lines:
        np.testing.assert_allclose(np.asarray(line.get_ydata()), 0.01, rtol=1e-9)
    middle = [line for line in levels.lines if line.get_label() == "mean productivity"]
    assert np.interp(0.0, *np.asarray(middle[0].get_data())) == pytest.approx(1.01)
    path = save(figure, tmp_path / "slices.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [item.name for item in tmp_path.iterdir()] == ["slices.png"]


def test_euler_errors_are_sampled_and_drawn() -> None:
    pytest.importorskip("matplotlib")
    torch.manual_seed(0)
    policy = PolicyNetwork(get("an_schorfheide"))
    errors = sample_errors(policy, (3, 2, 3), points=200)
    assert {law: values.shape for law, values in errors.items()} == {"box": (200, 2), "ergodic": (200, 2)}
    figure = euler_error_figure(errors, {each.name: each.unit for each in policy.model.equations})
    tail = figure.axes[1]
    for line, values in zip(tail.lines, errors.values(), strict=True):
        x, share = np.asarray(line.get_data())
        median = np.median(values[:, 0])
        assert share[x > median][0] == pytest.approx(0.5)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackage, match="dsge-surrogate\\[plot\\]"):
        policy_slices(biased, {"one": CALIBRATION})
