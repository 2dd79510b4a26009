"""Errors that economies have in common.

If everybody eats a little too much today and tomorrow, the Euler error hardly moves, and over thousands of
quarters the error decides how much capital there is and who owns it. Such errors are small beside those that
change their sign from one economy to the next and cancel out, and least squares looks at the latter. So sums
of errors over many economies, weighted by slow functions of the parameters, are made small too, as in
Galerkin's method (Judd 1992).
"""

from __future__ import annotations

import torch
from torch import Tensor


def slow_functions(box: tuple[Tensor, Tensor], parameters: Tensor) -> Tensor:
    """Quadratic functions [n, m] of those parameters that have a range, orthonormal over `parameters` [n, k];
    m is no more than n.
    """
    ranged = torch.nonzero(box[1] > box[0])[:, 0]
    lower, upper = box[0][ranged], box[1][ranged]
    place = 2 * (parameters[:, ranged] - lower) / (upper - lower) - 1
    products = place[:, :, None] * place[:, None, :]
    first, second = torch.triu_indices(place.shape[1], place.shape[1])
    columns = [torch.ones_like(parameters[:, :1]), place, products[:, first, second]]
    return torch.linalg.qr(torch.cat(columns, 1)).Q


def projections(errors: Tensor, functions: Tensor) -> Tensor:
    """Sums of errors [n, h, ...] over economies, weighted by each of the `functions` [n, m]; what is no
    number does not count. To stand beside the errors they come in as many rows, [n, c, ...], which here are
    no economies, and zeros fill the last of them.
    """
    if not torch.isfinite(errors.sum()):  # rare, and derivatives are too many to copy for nothing
        errors = errors.nan_to_num(0.0, 0.0, 0.0)
    sums = torch.einsum("nm,nh...->mh...", functions, errors).flatten(0, 1)
    n, columns = len(errors), -(-len(sums) // len(errors))
    rest = sums.new_zeros(n * columns - len(sums), *sums.shape[1:])
    return torch.cat([sums, rest]).unflatten(0, (n, columns))
