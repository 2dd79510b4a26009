"""The page as a file: nothing from outside, nothing that a card could put into it."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from surrogate import Surrogate, load
from surrogate.catalogue import available
from surrogate.errors import CannotTranslate, WriteFailed
from surrogate.explorer import write_explorer
from surrogate.explorer.page import MOST_STATES
from tests.artifact_files import rewrite_all_cards
from tests.linear_artifact import LinearEconomy, write_artifact
from tests.surrogate.explorer.in_node import explored

NASTY = "</script><script>x()</script><!-- & \" ' ` ${x} \\ */ {{ 7 * 7 }} <img src=x onerror=x()> ü"


class Elements(HTMLParser):
    """Start tags in order, with attributes that lead somewhere or run something; and the scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def write(surrogate: Surrogate, folder: Path) -> str:
    return write_explorer(surrogate, folder / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["rbc", "nk_zlb"])
def test_it_is_small_and_refers_to_nothing_outside(model: str, tmp_path: Path) -> None:
    page = write(load(model), tmp_path)
    assert len(page.encode()) < 200_000
    assert "://" not in page
    assert not re.search(r"url\(|@import|import\(|fetch|XMLHttpRequest|eval\(", page)
    elements = Elements(page)
    leading = [value for name, value in elements.attributes if name in ("src", "href", "action", "data")]
    assert leading
    assert all(value and value.startswith("#") for value in leading)
    assert "default-src 'none'" in page


def test_texts_of_a_card_stay_texts(linear_economy: LinearEconomy, tmp_path: Path) -> None:
    plain = Surrogate(write_artifact(linear_economy, tmp_path / "plain"))
    folder = write_artifact(linear_economy, tmp_path / "odd")

    def spoil(card: dict) -> None:
        card.update(model="a<b>&'c", description=NASTY, timing=NASTY)
        for group in ("states", "controls", "shocks", "observables", "parameters"):
            for i, each in enumerate(card[group]):
                each.update(name=f"{NASTY[:60]} {i}".replace("[", ""), description=NASTY, unit=NASTY)
        card["accuracy"]["box"] = {NASTY: card["accuracy"]["box"]["transition"]}
        card["accuracy"]["ergodic"] = {}
        card["accuracy"]["worst"] = [{"log10_error": -2, "parameters": {NASTY: 1}}]

    rewrite_all_cards(folder, spoil)
    page, usual = write(Surrogate(folder), tmp_path), write(plain, tmp_path)
    elements = Elements(page)
    assert not {"img", "b"} & set(elements.tags)
    assert elements.tags.count("script") == Elements(usual).tags.count("script") == 3
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    card = re.search(r"^const card = (.*);$", page, re.MULTILINE)
    assert card
    assert json.loads(card[1])["states"][0]["description"] == NASTY
    assert len(explored(page, [[0.5, 1.0, 0.0]])["found"][0]["responses"]) == 2


def test_only_pages_of_its_own_are_replaced(linear: Surrogate, tmp_path: Path) -> None:
    write(linear, tmp_path)
    write(linear, tmp_path)
    thesis = tmp_path / "thesis.html"
    thesis.write_text("<h1>Thesis</h1>")
    with pytest.raises(WriteFailed, match="no page of explore"):
        write_explorer(linear, thesis)
    assert thesis.read_text() == "<h1>Thesis</h1>"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "thesis.html"]


def test_what_cannot_be_explored_says_why(linear_economy: LinearEconomy, tmp_path: Path) -> None:
    with pytest.raises(CannotTranslate, match="krusell_smith has 121 states"):
        write(load("krusell_smith"), tmp_path)
    folder = write_artifact(linear_economy, tmp_path / "linear")
    (folder / "steady_state.onnx").unlink()
    with pytest.raises(CannotTranslate, match=r"no steady_state\.onnx"):
        write(Surrogate(folder), tmp_path)


def test_it_needs_neither_torch_nor_onnx(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules.update(torch=None, onnx=None);"
        " from surrogate import load; from surrogate.explorer import write_explorer;"
        f" write_explorer(load('rbc'), {str(tmp_path / 'page.html')!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "page.html").exists()


def luminance(colour: str) -> float:
    """Relative luminance, as the Web Content Accessibility Guidelines 2.2 define it."""
    digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_told_apart_in_light_and_dark(linear: Surrogate, tmp_path: Path) -> None:
    """The guidelines ask for a contrast of 4.5 for words and 3 for the outlines of what can be used."""
    schemes = re.findall(r":root \{(.*?)\}", write(linear, tmp_path), flags=re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): #([0-9a-f]+)", scheme))
        grounds = [luminance(colours[name]) for name in ("paper", "card")]
        needed = dict.fromkeys(("ink", "faint", "A", "B", "bad"), 4.5) | dict.fromkeys(("open", "edge"), 3.0)
        for name, least in needed.items():
            for ground in grounds:
                low, high = sorted((ground, luminance(colours[name])))
                assert (high + 0.05) / (low + 0.05) >= least, name


@pytest.mark.parametrize("model", [name for name in available() if load(name).n_states <= MOST_STATES])
def test_every_economy_that_ships_has_a_page(model: str, tmp_path: Path) -> None:
    economy = load(model)
    page = write(economy, tmp_path)
    assert len(page.encode()) < 1_000_000
    (found,) = explored(page, [economy.default.tolist()])["found"]
    assert len(found["responses"]) == economy.n_shocks
