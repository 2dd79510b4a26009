"""A page in Chromium: it starts, answers a slider, and says in words what it refuses."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from surrogate import load
from surrogate.explorer import write_explorer

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
WATCH = "<script>const wrong = []; addEventListener('error', (event) => wrong.push(event.message));</script>"
USE = """
<script>
const slider = document.getElementById("slider-A-0");
const times = Array.from({ length: 31 }, (_, k) => {
  slider.value = 100 + k;
  const start = performance.now();
  slider.dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}).slice(1);
const drawn = [...document.querySelectorAll("figure path.A")].map((path) => path.getAttribute("d").length);
const figure = document.querySelector("svg").getAttribute("aria-label");
const number = document.getElementById("number-B-0");
number.value = 99;
number.dispatchEvent(new Event("change"));
const refused = [document.getElementById("status-B").textContent, number.getAttribute("aria-invalid")];
document.getElementById("copy").click();
const copied = document.getElementById("status-B").textContent;
document.querySelector("details").open = true;
setTimeout(() => {
  const rows = document.querySelector("details table").rows.length;
  const moments = document.querySelector("#moments-table td").textContent;
  document.documentElement.style.width = "380px";
  const wide = document.body.scrollWidth > 380 || document.documentElement.scrollWidth > innerWidth;
  const unnamed = [...document.querySelectorAll("input, select, button")].filter(
    (each) => !(each.labels?.length || each.ariaLabel || each.textContent)
  ).length;
  document.documentElement.dataset.found = JSON.stringify(
    { times, drawn, figure, refused, copied, rows, moments, wide, unnamed, wrong }
  );
}, 1000);
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_it_works_in_a_browser(tmp_path: Path) -> None:
    page = write_explorer(load("an_schorfheide"), tmp_path / "page.html")
    text = page.read_text(encoding="utf-8").replace("<template", WATCH + "<template").replace("</body>", USE)
    page.write_text(text, encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,800"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    result = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120)
    written = re.search(r'data-found="([^"]*)"', result.stdout)
    assert written, result.stderr
    found = json.loads(unescape(written[1]))
    assert found["wrong"] == []
    assert len(found["drawn"]) == 7
    assert min(found["drawn"]) > 100
    assert found["figure"].startswith("output_growth against period, 1 to 40. A begins at ")
    assert found["refused"][0].startswith("B: not drawn. tau must lie between 1 and 5")
    assert found["refused"][1] == "true"
    assert found["copied"] == "B: the same as A."
    assert found["rows"] == 41
    assert float(found["moments"]) > 0
    assert (found["wide"], found["unnamed"]) == (False, 0)
    print("milliseconds:", sorted(found["times"]))
    assert sorted(found["times"])[0] < 50  # the least: others are slowed down by whatever else runs
