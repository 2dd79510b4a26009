"""Products that graphs hold, against sums written out."""

import pytest
import torch

from surrogate.models.graph_algebra import applied

SHAPES = {
    "one of each": ((4, 3), (3,)),
    "one matrix for each vector": ((5, 4, 3), (5, 3)),
    "one matrix for a row of vectors": ((2, 1, 4, 3), (2, 5, 3)),
    "one matrix for all rows": ((1, 4, 3), (2, 5, 3)),
    "many matrices for one vector": ((2, 1, 4, 3), (3,)),
}


@pytest.mark.parametrize(("matrix", "vector"), SHAPES.values(), ids=list(SHAPES))
def test_a_matrix_is_applied_to_every_vector(matrix: tuple[int, ...], vector: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    a, x = (torch.randn(size, generator=generator, dtype=torch.float64) for size in (matrix, vector))
    found = applied(a, x)
    expected = torch.stack([(a[..., row, :] * x).sum(-1) for row in range(a.shape[-2])], -1)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-13)


def test_it_can_be_differentiated_one_vector_at_a_time() -> None:
    a = torch.arange(6.0).reshape(1, 2, 3)
    x = torch.ones(5, 3)
    slopes = torch.func.vmap(torch.func.jacrev(applied, argnums=1), (None, 0))(a[0], x)
    torch.testing.assert_close(slopes, a.expand(5, 2, 3))
