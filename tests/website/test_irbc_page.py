"""What docs/irbc.md shows runs."""

from tests.website.running_pages import blocks


def test_the_page_shows_other_numbers_of_countries() -> None:
    (shown,) = blocks("irbc.md", "python")
    names: dict = {}
    exec(shown, names)
    assert names["economy"].states[0].size == 4
