"""What docs/olg.md shows runs."""

from typing import Any

from tests.website.running_pages import blocks


def test_the_number_of_generations_is_an_argument() -> None:
    names: dict[str, Any] = {}
    (shown,) = blocks("olg.md", "python")
    exec(shown, names)
    assert names["economy"].states[0].size == 11
