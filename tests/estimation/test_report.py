"""The page of an estimation, read as a browser reads it."""

import json
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from estimation import Estimation
from estimation.analysis import Finding
from estimation.analysis.marginal_likelihood import marginal_likelihood
from estimation.report import write_report
from estimation.report.document import analysis, chapters, posterior
from estimation.report.page import Page, Section, item, render, write
from estimation.results import Results
from estimation.sampling.chains import Chains
from estimation.sampling.mode import Mode
from surrogate.errors import WriteFailed
from tests.estimation.economies import MEASUREMENT_SD, linear_priors, simulated_data


class Reader(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def values(self, tag, name):
        return [attributes[name] for kind, attributes in self.tags if kind == tag and name in attributes]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def estimation(linear, linear_economy):
    data = simulated_data(linear_economy, periods=16)
    return Estimation(
        linear,
        data,
        linear_priors(),
        measurement_error={"sd": dict(zip(data.columns, MEASUREMENT_SD, strict=True))},
        likelihood={"method": "kalman"},
        sampler={"steps": 50, "walkers": 8, "ensembles": 2},
    )


@pytest.fixture(scope="module")
def results(estimation):
    """Thirty of fifty steps, which are draws of a normal density."""
    posterior = estimation.posterior
    theta = np.random.default_rng(0).normal([1.2, 0.7], [0.1, 0.05], (2, 30, 8, 2))
    log_prob = posterior.log_prob(theta.reshape(-1, 2)).reshape(2, 30, 8)
    chains = Chains(posterior.names, theta, log_prob, np.full(2, 0.3))
    mode = Mode(posterior.names, theta[0, 0, 0], -100.0, np.zeros(2), np.eye(2))
    attributes = {
        "settings": json.dumps(
            {
                "sample": "1990Q1 to 1993Q4",
                "likelihood": {"method": "kalman"},
                "sampler": {"steps": 50, "walkers": 8},
                "fixed": {},
            }
        ),
        "fingerprints": json.dumps(estimation.fingerprints),
        "versions": json.dumps({"python": "3.11"}),
    }
    return Results(posterior, mode, chains, 6, estimation.data, attributes)


@pytest.fixture(scope="module")
def html(results, tmp_path_factory):
    file = write_report(results, tmp_path_factory.mktemp("report"), processes=1)
    assert [path.name for path in file.parent.iterdir()] == ["report.html"]
    return file.read_text(encoding="utf-8")


def test_page_needs_nothing_from_outside(html):
    page = Reader(html)
    assert all(source.startswith("data:image/png;base64,") for source in page.values("img", "src"))
    assert all(link.startswith("#") for link in page.values("a", "href"))
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "http://" not in html
    assert "https://" not in html
    assert "@import" not in html


def test_contents_lead_to_every_section(html):
    page = Reader(html)
    assert [link[1:] for link in page.values("a", "href")] == page.values("section", "id")
    assert page.values("section", "id")[:3] == ["what-was-estimated", "data", "posterior"]


def test_figures_have_captions_and_descriptions(html):
    page = Reader(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("figure") == tags.count("figcaption") == tags.count("img") >= 4
    assert all(len(text) > 10 for text in page.values("img", "alt"))


def test_page_says_what_was_estimated_and_found(html, estimation, results):
    text = Reader(html).text
    for words in (*estimation.fingerprints.values(), "1990Q1 to 1993Q4, 16 quarters", "y0 sd 0.4", "kalman"):
        assert words in text
    for parameter in results.table.index:
        assert f"{parameter} {results.table.loc[parameter, 'prior']}" in text
    assert "bridge sampling -" in text


def test_warnings_come_first(html):
    text = Reader(html).text
    assert text.index("not finished: 30 of 50 steps") < text.index("Contents")


@pytest.mark.slow
def test_same_draws_make_the_same_page(html, results, tmp_path):
    assert write_report(results, tmp_path, processes=1).read_text(encoding="utf-8") == html


def test_sections_that_a_likelihood_cannot_have_say_why(results, linear):
    moments = Estimation(
        linear,
        results.data.ffill(),
        linear_priors(),
        likelihood={"method": "moments", "moments": ["sd(y0)", "sd(y1)"], "replications": 2},
    )
    by_moments = replace(results, posterior=moments.posterior)
    section = analysis("Evidence", marginal_likelihood, by_moments)
    assert "Not available. A quasi-likelihood, such as a distance between moments, is no" in section.text
    (title,) = set(chapters(by_moments, 0, 1)) - set(chapters(results, 0, 1))
    assert title == "Simulated moments"
    assert "sd(y0)" in render(Page("t", "s", [], [chapters(by_moments, 0, 1)[title](by_moments)], "f"))


def test_without_matplotlib_tables_remain(results, monkeypatch):
    for module in ("matplotlib", "matplotlib.figure", "corner"):
        monkeypatch.setitem(sys.modules, module, None)
    html = render(Page("t", "s", [], [posterior(results)], "f"))
    assert "dsge-surrogate[plot]" in Reader(html).text
    assert "<img" not in html
    assert "beta_pdf" in html


def test_a_failed_write_leaves_no_page(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(WriteFailed):
        write(Page("t", "s", [], [], "f"), tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_text_cannot_become_markup():
    table = pd.DataFrame({"<b>": ["<script>alert(1)</script>"]}, index=pd.Index(["a & b"], name="<i>"))
    section = Section("<h9>", "x < y", {"<k>": "<v>"}, [item(Finding("x", "<t>", table, "<n>"))])
    html = render(Page("<title>", "<s>", ["<w>"], [section], "<f>"))
    for words in (
        "<script",
        "<b>",
        "<i>",
        "<h9>",
        "<k>",
        "<v>",
        "<t>",
        "<n>",
        "<w>",
        "<f>",
        "a & b",
        "x < y",
    ):
        assert words not in html
    for words in ("<script>alert(1)</script>", "a & b", "x < y"):
        assert words in Reader(html).text


@pytest.mark.parametrize(("rows", "folded"), [(30, False), (31, True)])
def test_long_tables_are_folded_away(rows, folded):
    table = pd.DataFrame({"value": np.arange(float(rows))}, index=pd.Index(range(rows), name="quarter"))
    html = render(Page("t", "s", [], [Section("x", items=[item(Finding("x", "x", table, ""))])], "f"))
    assert ("<details>" in html) == folded
    assert html.count("<td>") == rows
