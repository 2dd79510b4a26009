"""Run the scripts of a page that know of no document, under Node."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

DRIVER = """
const found = JSON.parse(process.argv.at(-1)).map((parameters) => {
  if (refusal(parameters)) return { refusal: refusal(parameters) };
  const solved = solve(parameters);
  const along = card.states.map((_, state) => {
    const points = evenly(...stateRange([solved.path], [solved.rest], state), 7);
    return { points, controls: policyAlong(parameters, state, points) };
  });
  const responses = card.shocks.map((_, shock) => impulseResponse(parameters, shock, -2));
  const rows = card.parameters.map((_, place) => certified(parameters, place, 11));
  const { sd, autocorrelation, correlation } = card.shocks.length ? sampleMoments(parameters) : {};
  return { ...solved, along, responses, certified: rows, moments: { sd, autocorrelation, correlation } };
});
console.log(JSON.stringify({ shocks, found }));
"""


def scripts(page: str) -> str:
    """What the page computes with: the economy, and the core."""
    parts = [
        re.search(rf'<script id="{name}">(.*?)</script>', page, re.DOTALL) for name in ("economy", "core")
    ]
    assert all(parts)
    return "\n".join(part[1] for part in parts if part)


def explored(page: str, parameters: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What the page would show at each parameter vector; NaN is None. Skips a test where Node is missing."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    command = ["node", "-", json.dumps(parameters)]  # the program on standard input: it may be long
    result = subprocess.run(command, input=scripts(page) + DRIVER, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
