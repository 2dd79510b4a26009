"""How finely a certificate integrates, where no entry of an economy says so."""

import pytest

from surrogate.models import get
from surrogate.training import Settings, recipe
from surrogate.training.settings import _finer, nodes_of_test


@pytest.mark.parametrize(
    ("nodes", "n_shocks", "expected"),
    [(3, 1, 9), (3, 2, 9), (3, 3, 5), (7, 4, 9), ((3, 2, 5), 3, (5, 4, 7)), (3, 5, 9)],
)
def test_more_nodes_than_in_training_and_not_too_many(nodes, n_shocks: int, expected) -> None:
    assert _finer(nodes, n_shocks) == expected


def test_an_entry_says_it_itself() -> None:
    model = get("an_schorfheide")
    assert nodes_of_test(model, Settings(nodes=2)) == recipe(model).test_nodes == (5, 3, 7)
