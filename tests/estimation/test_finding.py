"""Findings are written whole, in four formats, or not at all; their tables in three for reading."""

import re
from pathlib import Path

import pandas as pd
import pytest

from estimation.finding import Finding, as_latex, as_markdown, as_text, formatted, save, save_table
from surrogate.errors import WriteFailed
from surrogate.house import figures


def table(rows: int = 2) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(
        [("output_growth", k) for k in range(rows)], names=["series", "quarter"]
    )
    return pd.DataFrame({"median": [1 / 3] * rows, "where": ["a_b"] * rows}, index=index)


def drawing():
    figure, panels = figures.panels(1, 1, 2.0, 2.0)
    panels[0, 0].plot([0, 1])
    return figure


def finding(**changes) -> Finding:
    given = {"name": "growth", "title": "Growth", "table": table(), "note": "Bands of 90 % & more."}
    return Finding(**{**given, "draw": drawing, **changes})


def test_all_files_are_written(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("kept")
    paths = save(finding(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "growth.csv",
        "growth.md",
        "growth.png",
        "growth.tex",
        "other.txt",
    ]
    assert [path.suffix for path in paths] == [".csv", ".md", ".png", ".tex"]
    pd.testing.assert_frame_equal(pd.read_csv(paths[0], index_col=[0, 1]), table())


def test_text_formats_say_title_and_note(tmp_path: Path) -> None:
    save(finding(draw=None), tmp_path)
    assert (tmp_path / "growth.md").read_text().splitlines()[:5] == [
        "# Growth",
        "",
        "| series | quarter | median | where |",
        "| --- | ---: | ---: | ---: |",
        "| output_growth | 0 | 0.3333 | a_b |",
    ]
    latex = (tmp_path / "growth.tex").read_text()
    assert latex.startswith("% Growth\n% Bands of 90 % & more.\n\\begin{tabular}")
    assert r"\toprule" in latex
    assert r"output\_growth & 0 & 0.3333 & a\_b \\" in latex


def test_long_tables_break_over_pages() -> None:
    assert r"\begin{longtable}" in finding(table=table(60)).latex()


def test_without_a_figure_none_is_written(tmp_path: Path) -> None:
    assert not any(path.suffix == ".png" for path in save(finding(draw=None), tmp_path))


def test_a_failing_figure_leaves_nothing(tmp_path: Path) -> None:
    def failing():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save(finding(draw=failing), tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteFailed, match="file"):
        save(finding(), tmp_path / "file")


def test_without_matplotlib_the_tables_are_written(tmp_path: Path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.warns(UserWarning, match=r"dsge-surrogate\[plot\]"):
        save(finding(), tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".md", ".tex"}


TABLE = pd.DataFrame(
    {"prior": ["gamma_pdf", "beta_pdf"], "mean": [2.5, 0.987654], "sd": [0.5, 0.00123]},
    index=pd.Index(["tau", "rho_g"], name="parameter"),
)


def cells(latex: str) -> list[list[str]]:
    """Rows of a tabular, header first, as LaTeX would set them."""
    rows = [line.removesuffix(r" \\") for line in latex.splitlines() if line.endswith(r"\\")]
    return [[re.sub(r"\\([_%&#$])", r"\1", cell.strip()) for cell in row.split(" & ")] for row in rows]


def test_latex_says_what_markdown_says():
    lines = as_markdown(TABLE).splitlines()
    expected = [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    assert cells(as_latex(TABLE)) == expected


def test_latex_escapes_what_would_break_a_document():
    table = TABLE.rename(columns={"mean": "90 % & more"})
    assert r"90 \% \& more" in as_latex(table)
    assert r"rho\_g" in as_latex(table)


def test_numbers_have_as_many_digits_as_their_sd_deserves():
    assert formatted(TABLE)["mean"].tolist() == ["2.500", "0.98765"]


def test_text_beside_numbers_needs_no_sd():
    assert formatted(TABLE.drop(columns="sd")).loc["rho_g"].tolist() == ["beta_pdf", "0.9877"]


def test_three_files_are_written(tmp_path):
    save_table(TABLE, tmp_path, "posterior")
    assert {file.name for file in tmp_path.iterdir()} == {"posterior.csv", "posterior.md", "posterior.tex"}
    read = pd.read_csv(tmp_path / "posterior.csv", index_col=0)
    assert read["mean"].tolist() == pytest.approx(TABLE["mean"].tolist(), abs=0)


def test_a_wide_table_is_cut_into_blocks_that_fit_the_terminal(monkeypatch):
    wide = pd.DataFrame({f"column {i}": [1.5, 2.5] for i in range(12)}, index=["first", "second"])
    monkeypatch.setenv("COLUMNS", "80")
    lines = as_text(wide).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("first ") for line in lines) == 2
    monkeypatch.setenv("COLUMNS", "200")
    assert len(as_text(wide).splitlines()) == 3
