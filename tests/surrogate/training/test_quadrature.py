"""Moments of independent standard normals: exact up to the degree of each rule."""

import itertools
import math

import pytest
import torch

from surrogate.training.quadrature import (
    EVEN_FROM,
    LEAST_SHIFTED,
    MONOMIAL_FROM,
    monomial,
    product_rule,
    rule,
    shifted_rule,
)


def moment(nodes: torch.Tensor, weights: torch.Tensor, powers: tuple[int, ...]) -> float:
    exponents = torch.tensor(powers, dtype=torch.float64)
    return float(weights @ (nodes**exponents).prod(-1))


def exact(powers: tuple[int, ...]) -> float:
    """Product of (k - 1)!! over even k, zero if any is odd."""
    if any(k % 2 for k in powers):
        return 0.0
    return float(math.prod(math.prod(range(k - 1, 0, -2)) for k in powers))


def errors_at_kinks(nodes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Errors [101] of E[max(0, e - k)] at kinks k."""
    kinks = torch.linspace(-1, 1, 101, dtype=torch.float64)
    normal = torch.distributions.Normal(torch.zeros(1, dtype=torch.float64), 1.0)
    true = normal.log_prob(kinks).exp() - kinks * (1 - normal.cdf(kinks))
    return torch.relu(nodes - kinks).T @ weights - true


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_gauss_hermite_is_exact_to_degree_twice_the_points_less_one(count: int) -> None:
    nodes, weights = product_rule([count])
    for power in range(2 * count):
        assert moment(nodes, weights, (power,)) == pytest.approx(exact((power,)), rel=1e-11, abs=1e-8)
    assert moment(nodes, weights, (2 * count,)) != pytest.approx(exact((2 * count,)), rel=1e-3)


def test_a_product_rule_has_its_own_degree_in_each_dimension() -> None:
    nodes, weights = rule(3, (3, 2, 5))
    assert nodes.shape == (30, 3)
    for powers in itertools.product(range(6), range(4), range(10)):
        assert moment(nodes, weights, powers) == pytest.approx(exact(powers), rel=1e-11, abs=1e-9)
    assert moment(nodes, weights, (0, 4, 0)) == pytest.approx(1.0)  # three for a normal: beyond degree three


@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_the_monomial_rule_is_exact_to_degree_five(n: int) -> None:
    nodes, weights = monomial(n)
    assert nodes.shape == (2 * n**2 + 1, n)
    for powers in itertools.product(range(6), repeat=n):
        if sum(powers) <= 5:
            assert moment(nodes, weights, powers) == pytest.approx(exact(powers), abs=1e-12)
    assert moment(nodes, weights, (6, *[0] * (n - 1))) != pytest.approx(15.0, rel=1e-3)


def test_one_point_is_one_point_whatever_the_number_of_shocks() -> None:
    nodes, weights = rule(3 * MONOMIAL_FROM, 1)
    assert nodes.shape == (1, 3 * MONOMIAL_FROM)
    assert not nodes.any()
    assert weights.tolist() == [1.0]


@pytest.mark.parametrize(("n_shocks", "expected"), [(MONOMIAL_FROM - 1, 3**4), (MONOMIAL_FROM, 51)])
def test_many_shocks_take_the_monomial_rule(n_shocks: int, expected: int) -> None:
    assert len(rule(n_shocks, 3)[0]) == expected


def test_many_points_are_evenly_spaced_and_resolve_a_kink() -> None:
    nodes, weights = product_rule([EVEN_FROM])
    assert torch.allclose(nodes.diff(dim=0), nodes[1] - nodes[0])
    for power in range(9):
        assert moment(nodes, weights, (power,)) == pytest.approx(exact((power,)), rel=1e-5, abs=1e-9)

    def error(count: int) -> float:
        return float(errors_at_kinks(*product_rule([count])).abs().max())

    assert error(4 * EVEN_FROM) < error(EVEN_FROM) / 12
    assert error(EVEN_FROM) < error(EVEN_FROM - 1)


def test_shifted_points_are_exact_for_smooth_functions_wherever_they_are() -> None:
    generator = torch.Generator().manual_seed(1)
    rules = [shifted_rule(2, (LEAST_SHIFTED, 11), generator) for _ in range(20)]
    assert len({float(nodes[0, 0]) for nodes, _ in rules}) == 20
    for nodes, weights in rules:
        assert nodes.shape == (LEAST_SHIFTED * 11, 2)
        for powers in itertools.product(range(5), repeat=2):
            assert moment(nodes, weights, powers) == pytest.approx(exact(powers), rel=5e-3, abs=5e-3)


def test_what_shifted_points_miss_at_a_kink_averages_out() -> None:
    generator, shifts = torch.Generator().manual_seed(2), 400
    errors = torch.stack([errors_at_kinks(*shifted_rule(1, 11, generator)) for _ in range(shifts)])
    assert errors.abs().max() > 1e-2
    assert errors.mean(0).abs().max() < 4 * errors.std(0).max() / shifts**0.5
    assert errors.mean(0).abs().max() < errors_at_kinks(*product_rule([11])).abs().max() / 10


def test_without_shocks_there_is_one_node_of_no_columns() -> None:
    nodes, weights = rule(0, 7)
    assert nodes.shape == (1, 0)
    assert torch.equal(weights, torch.ones(1, dtype=torch.float64))
