"""Life cycles without aggregate shocks: the deterministic steady state of overlapping generations.

One number carries a choice and its multiplier: with n+ - n- = n and n+ n- = e,

    a + kappa d = n1+,  mu = gamma n1-,      a = n2+,  lambda = gamma n2-

so that e = 0 is complementarity and e > 0 the central path of an interior-point method. Newton's method
follows that path, K and p unknown, too, at the default parameters, and goes on from there to any others. The
Euler equations of an age know the choices one age before and after: the Jacobian has 2 x 2 blocks on three
diagonals and a border of two, and all ages are eliminated together in log2 S rounds, which an exported graph
can hold. Eliminated from the oldest to the youngest, it also says how an age responds to its own wealth,
given that it will respond later.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, cat, exp, log, sqrt, stack, zeros_like

from .graph_algebra import SECOND_ORDER, differences

PATH = (5e-3, 1.5e-3, 5e-4, 1.5e-4, 5e-5, 1e-5, 1e-6, 0.0)
"""Products of choice and multiplier along the way, relative to the square of mean wealth."""
CONTINUATION = 6
"""Steps from the default parameters to others."""
FEW, MOST = 6, 40
"""Newton's steps on the way, and at the end."""
HALVINGS, LEAST_FALL, RELUCTANT = 10, 1e-4, 0.2
SOLVED, CLOSE = 1e-10, 1e-3
WIDTH = 1e-6
"""Of differences."""
LARGEST_MOVE = 0.5
"""Of log K and p in a step."""
LOWEST_PRICE, HIGHEST_PRICE = 0.05, 3.0
LEAST_CONSUMPTION, LEAST_WORTH = 1e-3, 1e-6
POLISH, LENGTHS = 3, (1.0, 0.7, 0.4, 0.2, 0.1, 0.0)
"""Inside the graph."""
NOBODY, NOTHING_LIKE = -1e9, 1e9
"""The choice of those who do not live any more, and errors that are no numbers."""
LIVES_PER_WEALTH = 20.0
"""A saver owns about so many times fewer wages than a life is long, where the search begins."""


class LifeCycle(NamedTuple):
    """Life cycles at prices that stay, at parameters [...].

    choices [..., S, 2] (numbers n1 of the collateral slack and n2 of capital), log_capital [...] and price
    [...] of the bond, and response [..., S, 2, 2] of the choices to own capital and bonds.
    """

    choices: Tensor
    log_capital: Tensor
    price: Tensor
    response: Tensor


class Households(NamedTuple):
    """Who lives: labour by age [S + 1], what capital is worth as collateral, and mean depreciation."""

    labor: Tensor
    kappa: float
    depreciation: float

    def prices(self, capital: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """Gross return and wage [...] without shocks."""
        total = self.labor.sum().to(capital)
        output = (capital / total) ** alpha
        return alpha * output * total / capital + 1 - self.depreciation, (1 - alpha) * output

    def owned(self, choices: Tensor, product: float = 0.0) -> tuple[Tensor, Tensor]:
        """Capital and bonds [..., S + 1] at the start of each age."""
        slack, capital = positive(choices, product).unbind(-1)
        nothing = zeros_like(capital[..., :1])
        return cat([nothing, capital], -1), cat([nothing, (slack - capital) / self.kappa], -1)

    def errors(self, saver: Tensor, labor: Tensor, theta: Tensor, product: float = 0.0) -> Tensor:
        """Errors [..., 2] of the two Euler equations of savers [..., 8]: capital and bonds, n1 and n2 of this
        and of the next age, log K and p; `labor` [..., 2] of both ages, `theta` [..., 4] beta, gamma, zeta
        and alpha. Logs of consumption.
        """
        beta, gamma, zeta, alpha = theta.unbind(-1)
        capital, bonds, *numbers, log_capital, price = saver.unbind(-1)
        r, w = self.prices(exp(log_capital), alpha)
        consumption, adjusted = [], []
        for hours, n1, n2 in zip(labor.unbind(-1), numbers[::2], numbers[1::2], strict=True):
            saved = positive(n2, product)
            bought = (positive(n1, product) - saved) / self.kappa
            change = saved - r * capital
            cost = zeta / 2 * change**2
            eaten = hours * w + bonds + r * capital - price * bought - saved - cost
            consumption.append(eaten.clamp_min(LEAST_CONSUMPTION))
            adjusted.append(1 + zeta * change)
            capital, bonds = saved, bought
        mu, multiplier = (gamma * (positive(n, product) - n) for n in numbers[:2])
        growth = beta * (consumption[1] / consumption[0]) ** -gamma
        worth = (growth * r * adjusted[1] + multiplier + mu) / adjusted[0]
        safe = (growth + self.kappa * mu) / price
        return -log(stack([safe, worth], -1).clamp_min(LEAST_WORTH)) / gamma[..., None]


def positive(number: Tensor, product: float = 0.0) -> Tensor:
    """n+, the choice."""
    return (number + sqrt(number**2 + 4 * product)) / 2 if product else torch.relu(number)


def steady_states(theta: Tensor, default: Tensor, households: Households) -> tuple[Tensor, Tensor]:
    """Unknowns [n, 2 S + 2] (choices, log K, p) at `theta` [n, 4], by continuation from the parameters
    `default` [4]; and whether they solve the equations, bool [n].
    """
    start = default[None]
    unknowns = _first_guess(start, households)
    unit = float((exp(unknowns[0, -2]) / (len(households.labor) - 1)) ** 2)
    for product in PATH:
        most = FEW if product else MOST
        unknowns = _newton(unknowns, start, households, most, SOLVED, product * unit)
    unknowns = unknowns.expand(len(theta), -1).clone()
    for number in range(1, CONTINUATION + 1):
        last = number == CONTINUATION
        at = start + (theta - start) * (number / CONTINUATION)
        unknowns = _newton(unknowns, at, households, MOST if last else FEW, SOLVED if last else CLOSE)
    return unknowns, _errors(unknowns, theta, households).abs().amax(-1) <= SOLVED


def polished(unknowns: Tensor, theta: Tensor, households: Households) -> LifeCycle:
    """Life cycles near `unknowns` [..., 2 S + 2], by `POLISH` of Newton's steps, the best length of each; the
    response is that at the place before the last one.
    """
    lengths = torch.tensor(LENGTHS).to(unknowns)
    response = unknowns
    for _ in range(POLISH):
        step, response = _step(unknowns, theta, households, 0.0)
        tried = unknowns.unsqueeze(-2) - lengths[:, None] * step.unsqueeze(-2)
        errors = _errors(tried, theta.unsqueeze(-2), households).square().sum(-1)
        best = errors.nan_to_num(NOTHING_LIKE).argmin(-1, keepdim=True)
        unknowns = unknowns - lengths[best] * step
    choices = unknowns[..., :-2].unflatten(-1, (-1, 2))
    return LifeCycle(choices, unknowns[..., -2], unknowns[..., -1], response)


def _first_guess(theta: Tensor, households: Households) -> Tensor:
    """Wealth that is a parabola of age, and no bonds."""
    alpha, generations = theta[:, 3:], len(households.labor)
    many = (generations - 1) * generations / LIVES_PER_WEALTH
    capital = (many * (1 - alpha) * households.labor.sum() ** -alpha) ** (1 / (1 - alpha))
    age = torch.arange(1, generations, dtype=theta.dtype)
    shape = age * (generations - age)
    saved = capital * shape / shape.sum()
    r, _ = households.prices(capital, alpha)
    return cat([stack([saved, saved], -1).flatten(-2), log(capital), 1 / r.clamp_min(1.02)], -1)


def _newton(
    unknowns: Tensor,
    theta: Tensor,
    households: Households,
    most: int,
    tolerance: float,
    product: float = 0.0,
) -> Tensor:
    """At most so many of Newton's steps, each halved until errors fall; a short one where they never do,
    since a kink is passed better than not.
    """
    for _ in range(most):
        errors = _errors(unknowns, theta, households, product)
        todo = (~(errors.abs().amax(-1) <= tolerance)).nonzero()[:, 0]
        if not len(todo):
            break
        here, at = unknowns[todo], theta[todo]
        step = _step(here, at, households, product)[0].nan_to_num(0.0, 0.0, 0.0)
        step = step / (step[:, -2:].abs().amax(-1, keepdim=True) / LARGEST_MOVE).clamp_min(1.0)
        before = errors[todo].square().sum(-1).nan_to_num(torch.inf)
        best, length = here - RELUCTANT * step, 1.0
        waiting = torch.ones(len(todo), dtype=torch.bool)
        for _ in range(HALVINGS):
            moved = here - length * step
            moved[:, -1] = moved[:, -1].clamp(LOWEST_PRICE, HIGHEST_PRICE)
            after = _errors(moved, at, households, product).square().sum(-1).nan_to_num(torch.inf)
            better = waiting & (after < before * (1 - LEAST_FALL * length))
            best[better] = moved[better]
            waiting &= ~better
            length /= 2
        unknowns = unknowns.index_copy(0, todo, best)
    return unknowns


def _savers(unknowns: Tensor, households: Households, product: float) -> tuple[Tensor, Tensor]:
    """What the errors of each saver depend on [..., S, 8], and labour [S, 2]."""
    choices = unknowns[..., :-2].unflatten(-1, (-1, 2))
    capital, bonds = households.owned(choices, product)
    nobody = torch.full_like(choices[..., :1, :], NOBODY)
    later = cat([choices[..., 1:, :], nobody], -2)
    prices = unknowns[..., None, -2:].expand(*choices.shape[:-1], 2)
    owned = stack([capital[..., :-1], bonds[..., :-1]], -1)
    labor = stack([households.labor[:-1], households.labor[1:]], -1).to(unknowns)
    return cat([owned, choices, later, prices], -1), labor


def _off(unknowns: Tensor, product: float) -> Tensor:
    """By how much capital and bonds do not add up, as shares, [..., 2]."""
    slack, saved = positive(unknowns[..., :-2].unflatten(-1, (-1, 2)), product).unbind(-1)
    log_capital = unknowns[..., -2]
    return stack([log(saved.sum(-1)) - log_capital, (slack - saved).sum(-1) * exp(-log_capital)], -1)


def _errors(unknowns: Tensor, theta: Tensor, households: Households, product: float = 0.0) -> Tensor:
    """Of all savers, and of capital and bonds, [..., 2 S + 2]."""
    saver, labor = _savers(unknowns, households, product)
    euler = households.errors(saver, labor, theta.unsqueeze(-2), product)
    return cat([euler.flatten(-2), _off(unknowns, product)], -1)


def _step(unknowns: Tensor, theta: Tensor, households: Households, product: float) -> tuple[Tensor, Tensor]:
    """Newton's step [..., 2 S + 2] and the response [..., S, 2, 2] of choices to own capital and bonds."""
    saver, labor = _savers(unknowns, households, product)
    hours, rows = labor[:, None, :], theta[..., None, None, :]
    value, slopes = differences(
        lambda x: households.errors(x, hours, rows, product), saver, torch.full((8,), WIDTH), SECOND_ORDER
    )
    owned, own, later, prices = slopes.split(2, -1)
    slope = _slope(unknowns[..., :-2].unflatten(-1, (-1, 2)), product)
    to_owned = _to_owned(slope, households.kappa)
    response = _response(owned, own, later, to_owned)
    inverse = _inverse(own + later @ _shifted(response, 1) @ to_owned)
    passed = _sums(-later @ _shifted(inverse, 1), cat([value[..., None], prices], -1), 1)
    moves = _sums(response @ _shifted(to_owned, -1), inverse @ passed, -1)  # [..., S, 2, 3]
    off, by_choices = _off(unknowns, product), _slopes_of_off(unknowns, slope, product)
    through = (by_choices[..., None] * moves.unsqueeze(-4)).sum((-3, -2))  # [..., 2, 3]
    of_prices = stack([stack([-torch.ones_like(off[..., 0]), -off[..., 1]], -1), 0 * off], -1)
    change = (_inverse(of_prices - through[..., 1:]) @ (off - through[..., 0])[..., None])[..., 0]
    own_change = moves[..., 0] - (moves[..., 1:] * change[..., None, None, :]).sum(-1)
    return cat([own_change.flatten(-2), change], -1), response


def _response(owned: Tensor, own: Tensor, later: Tensor, to_owned: Tensor) -> Tensor:
    """Of choices to what is owned, M [..., S, 2, 2], from the derivatives of errors with respect to what is
    owned, own choices, and choices one age later, where M_s = -(own + later M_s+1 to_owned)^-1 owned.

    Each age maps X, the response one age later, to D + L X (I - E X)^-1 R. Such maps make others of their
    kind one after the other (Redheffer's star product), so that all of them take log2 S rounds.
    """
    inverse = _inverse(own)
    d, u = -inverse @ owned, inverse @ later
    maps = d, -u, -to_owned @ u, to_owned @ d
    shift, one = 1, torch.eye(2).to(owned)
    while shift < owned.shape[-3]:
        d, left, e, right = maps
        d2, left2, e2, right2 = (_shifted(part, shift) for part in maps)
        through = _inverse(one - e @ d2)
        passed = right2 @ through
        maps = (
            d + left @ d2 @ through @ right,
            left @ _inverse(one - d2 @ e) @ left2,
            e2 + passed @ e @ left2,
            passed @ right,
        )
        shift *= 2
    return maps[0]


def _sums(factors: Tensor, terms: Tensor, side: int) -> Tensor:
    """x [..., S, 2, m] with x_s = terms_s + factors_s x_s+side, by doubling."""
    shift = 1
    while shift < terms.shape[-3]:
        terms = terms + factors @ _shifted(terms, side * shift)
        factors = factors @ _shifted(factors, side * shift)
        shift *= 2
    return terms


def _shifted(values: Tensor, by: int) -> Tensor:
    """What values [..., S, 2, m] are so many ages later, nothing beyond the ends."""
    nothing = zeros_like(values[..., : abs(by), :, :])
    if by > 0:
        return cat([values[..., by:, :, :], nothing], -3)
    return cat([nothing, values[..., :by, :, :]], -3)


def _slope(number: Tensor, product: float) -> Tensor:
    """Of n+."""
    if product:
        return (1 + number / sqrt(number**2 + 4 * product)) / 2
    return (number > 0).to(number.dtype)


def _to_owned(slope: Tensor, kappa: float) -> Tensor:
    """Derivatives of (a, d) with respect to (n1, n2), [..., 2, 2]."""
    slack, capital = slope.unbind(-1)
    return stack([stack([0 * slack, capital], -1), stack([slack, -capital], -1) / kappa], -2)


def _slopes_of_off(unknowns: Tensor, slope: Tensor, product: float) -> Tensor:
    """Derivatives of `_off` with respect to the choices, [..., 2, S, 2]."""
    saved = positive(unknowns[..., 1:-2:2], product).sum(-1)[..., None]
    per_capital = exp(-unknowns[..., -2])[..., None]
    slack, capital = slope.unbind(-1)
    of_capital = stack([0 * slack, capital / saved], -1)
    return stack([of_capital, stack([slack * per_capital, -capital * per_capital], -1)], -3)


def _inverse(block: Tensor) -> Tensor:
    """Of [..., 2, 2]."""
    (a, b), (c, d) = (row.unbind(-1) for row in block.unbind(-2))
    adjugate = stack([stack([d, -b], -1), stack([-c, a], -1)], -2)
    return adjugate / (a * d - b * c)[..., None, None]
