"""What docs/simulated-moments.md shows runs."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from estimation.likelihoods import likelihood_settings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "simulated-moments.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_python_on_the_page_runs(tmp_path):
    script = tmp_path / "page.py"
    used = "\nprint(estimate_msm(rbc, data, moments, {'sigma': 0.01}, replications=2).fit)\n"
    script.write_text("\n".join(snippets("python")) + used, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    for shown in ("standard_error", "JTest", "autocorr(log_output, 1)", "recessions"):
        assert shown in result.stdout


def test_settings_on_the_page_are_settings():
    (text,) = snippets("toml")
    assert likelihood_settings(tomllib.loads(text)["likelihood"]).method == "moments"
