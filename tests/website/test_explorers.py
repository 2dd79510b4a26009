"""The site shows an explorer of each economy that can have one, as a browser finds it."""

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from surrogate.catalogue import available, load
from surrogate.explorer.page import MOST_STATES
from tests.chromium import BROWSER, Chromium
from tests.website.running_pages import ROOT
from website.explorers import explorers, gallery
from website.pages import gather

SITE = """
INHERIT: {root}/mkdocs.yml
docs_dir: pages
site_dir: site
nav: [explorers.md]
plugins: [search, offline]
"""
INSIDE = "document.querySelector('iframe').contentDocument"
DRAWN = f"{INSIDE}.querySelectorAll('figure path.A[d^=M]').length"
DARK = "document.querySelector('iframe').contentWindow.matchMedia('(prefers-color-scheme: dark)').matches"
TITLED = f"{INSIDE}?.title === '{{}}' && {DRAWN} > 4"


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *about: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site of this page alone, as MkDocs builds it."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    (folder / "pages" / "explorers").mkdir(parents=True)
    page = re.sub(r"\]\((?:reference/economies|explorer)\.md\)", "](explorers.md)", gallery())
    (folder / "pages" / "explorers.md").write_text(page, encoding="utf-8")
    for name, text in explorers().items():
        (folder / "pages" / "explorers" / f"{name}.html").write_text(text, encoding="utf-8")
    for asset in ("style.css", "iframe-worker.js"):
        (folder / "pages" / asset).write_text((ROOT / "website" / asset).read_text(encoding="utf-8"))
    (folder / "mkdocs.yml").write_text(SITE.format(root=ROOT), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(folder / "mkdocs.yml")]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder / "site")))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/explorers.html"
    server.shutdown()


def test_every_economy_that_a_browser_can_simulate_is_there() -> None:
    large = sorted(name for name in available() if load(name).n_states > MOST_STATES)
    assert "krusell_smith" in large
    assert sorted(set(available()) - set(explorers())) == large
    linked = re.findall(r'<a href="explorers/(\w+)\.html" target="explorer">\1</a>', gallery())
    assert linked == list(explorers())
    named = ", ".join(f"`{name}`" for name in large)
    assert f"A browser is too slow for {named}." in gallery()
    pages = gather()
    for name in linked:
        assert pages[f"explorers/{name}.html"].startswith("<!DOCTYPE html>")
        assert f"[Play with it](../explorers/{name}.html)" in pages["reference/economies.md"]


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1280, 380])
def test_a_reader_chooses_an_economy_with_keys(site: str, width: int, tmp_path: Path) -> None:
    """It is drawn on the page, which fits the screen, in light and dark."""
    with Chromium(tmp_path, width=width) as browser:
        browser.open(site)
        browser.wait(TITLED.format("rbc"))
        assert browser.run(DRAWN) == 9  # four observables twice, and a policy
        browser.run("document.querySelector('.economies a[href*=nk_zlb]').focus()")
        browser.press("Enter")
        browser.wait(TITLED.format("nk_zlb"))
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(f"{INSIDE}.documentElement.scrollWidth") <= width
        frames = [node for node in browser.accessible() if node["role"] == "Iframe"]
        assert [frame["name"] for frame in frames] == ["Explorer of the economy that you choose"]
        for scheme in ("slate", "default"):  # what a reader chooses, whatever the system says
            browser.run(f"document.body.dataset.mdColorScheme = '{scheme}'")
            browser.wait(f"{DARK} === {'true' if scheme == 'slate' else 'false'}")
