"""What a period costs in source code."""

from pathlib import Path

from benchmarks.external_code import by_code, by_onnx_runtime, page
from surrogate import load
from tests.surrogate.translation.running import require


def test_a_single_row_costs_c_less_than_onnx_runtime(tmp_path: Path) -> None:
    """It was a hundredth of it in each of five runs beside other work."""
    require("c")
    surrogate = load("nk_linear")
    times = {"C": by_code(surrogate, "c", tmp_path), "ONNX Runtime": by_onnx_runtime(surrogate, 1)}
    assert 0 < times["C"] < times["ONNX Runtime"] / 4
    assert f"| `nk_linear` | {times['C']:.3g} |" in page({"nk_linear": times})
