"""Levenberg–Marquardt on fresh batches: least squares deserves a least-squares method.

Cost of a step with b residuals and w weights: the Jacobian takes O(b w) for each quadrature node, the
normal equations O(b w^2 + w^3), which dominates beyond a thousand weights; memory is the Jacobian, 8 b w
bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap
from torch.nn.utils import parameters_to_vector, vector_to_parameters

Batch = tuple[Tensor, Tensor]
NormalEquations = tuple[Tensor, Tensor]
"""J'WJ / b [w, w] and J'W r / b [w]."""
CHUNK = 1024
"""Samples whose Jacobian is taken at a time; more only costs memory."""
MEMORY = 0.8
"""Weight of the remembered normal equations: a step rests on 1 / (1 - MEMORY) batches."""
STALE = 0.95
"""A step that lowers the loss to less than this share of it went too far for what is remembered."""
MAX_TRIALS = 5
LEAST_DAMPING = 1e-14
MOST_DAMPING = 1e12
LEAST_SCALE = 1e-12
"""Of the robust loss, where a problem is solved exactly."""


class LevenbergMarquardt:
    """Minimises the mean of rho(r) = r^2 / (1 + (r/c)^2) over the residuals r of `module(states,
    parameters)`.

    rho is the loss of Geman and McClure (1987): quadratic for residuals small against c and never above
    c^2, so a point without an equilibrium costs the same whatever is done about it. In each step c is the
    quantile `robust_quantile` of |r|: the share above it is given up for the moment. A trial step is judged
    on a batch that it was not computed from, so the damping guards against fitting the batch.

    Once steps are small, earlier batches still say something: their normal equations are kept with
    geometrically falling weight and moved along with the weights, as in recursive least squares. So a step
    rests on several batches at the price of one.
    """

    def __init__(self, module: nn.Module, robust_quantile: float, damping: float = 1e-4) -> None:
        self.module, self.robust_quantile, self.damping = module, robust_quantile, damping
        self.memory: NormalEquations | None = None

    def step(self, batch: Batch, judge: Batch) -> Tensor:
        """One step on `batch`, judged on `judge`; returns the residuals [n, n_residuals] of `batch` before
        it.
        """
        values, jacobian = per_sample_jacobian(self.module, batch)
        residuals = values.flatten()
        scale = max(float(residuals.abs().nan_to_num(torch.inf).quantile(self.robust_quantile)), LEAST_SCALE)
        self._move(self._remembering(*normal_equations(residuals, jacobian, scale)), judge, scale)
        return values

    def remember(self, memory: NormalEquations | None) -> None:
        """Take over what an earlier optimiser of the same problem remembered."""
        device = next(self.module.parameters()).device
        self.memory = None if memory is None else (memory[0].to(device), memory[1].to(device))

    def _remembering(self, normal: Tensor, gradient: Tensor) -> NormalEquations:
        """The batch's normal equations, averaged with those that are remembered."""
        if self.memory is None:
            return normal, gradient
        return torch.lerp(normal, self.memory[0], MEMORY), torch.lerp(gradient, self.memory[1], MEMORY)

    def _move(self, equations: NormalEquations, judge: Batch, scale: float) -> None:
        """Try the step with more and more damping, until the loss on `judge` falls."""
        normal, gradient = self.memory = equations
        weights = parameters_to_vector(self.module.parameters()).detach()
        before, damping = self.loss(judge, scale), self.damping
        for _ in range(MAX_TRIALS):
            change = _solve(normal, gradient, damping)
            vector_to_parameters(weights - change, self.module.parameters())
            after = self.loss(judge, scale)
            if after < before:
                self.damping = max(damping / 3, LEAST_DAMPING)
                self.memory = (normal, gradient - normal @ change) if after > STALE * before else None
                return
            damping *= 4
        vector_to_parameters(weights, self.module.parameters())
        self.damping *= 4

    @torch.no_grad()
    def loss(self, batch: Batch, scale: float) -> float:
        """Mean robust loss of the residuals on a batch."""
        squared = self.module(*batch) ** 2
        return float((squared / (1 + squared / scale**2)).nan_to_num(scale**2).mean())


def normal_equations(residuals: Tensor, jacobian: Tensor, scale: float) -> NormalEquations:
    """J'WJ / b and J'W r / b with the weights W of the robust loss at c = `scale`; J is [b, w] and is
    overwritten.
    """
    usable = torch.isfinite(jacobian.sum(-1)) & torch.isfinite(residuals)
    root = 1 / (1 + (residuals / scale) ** 2)
    jacobian.mul_(root[:, None])
    jacobian[~usable] = 0.0
    return _gram(jacobian) / len(residuals), jacobian.T @ torch.where(usable, residuals * root, 0.0) / len(
        residuals
    )


def per_sample_jacobian(module: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Residuals [n, m] of n samples and their Jacobian [n * m, w] with respect to the weights."""
    weights = {name: value.detach() for name, value in module.named_parameters()}

    def residuals(weights: dict[str, Tensor], states: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        values = functional_call(module, weights, (states, parameters))
        return values, values

    derivative: Callable = vmap(jacrev(residuals, has_aux=True), in_dims=(None, 0, 0))
    parts = [_one_matrix(*derivative(weights, *chunk)) for chunk in _chunks(batch)]
    values, jacobians = zip(*parts, strict=True)
    return torch.cat(values), torch.cat(jacobians)


def _chunks(batch: Batch) -> Iterator[Batch]:
    return zip(batch[0].split(CHUNK), batch[1].split(CHUNK), strict=True)


def _one_matrix(parts: dict[str, Tensor], values: Tensor) -> tuple[Tensor, Tensor]:
    """Residuals [n, m] and the derivatives [n, m, ...] by each weight as one matrix [n * m, w]."""
    return values, torch.cat([part.flatten(2) for part in parts.values()], dim=-1).flatten(0, 1)


def _gram(jacobian: Tensor) -> Tensor:
    """J'J; NumPy sees the symmetry and does half the work."""
    if jacobian.device.type != "cpu":
        return jacobian.T @ jacobian
    array = jacobian.numpy()
    return torch.from_numpy(array.T @ array)


def _solve(normal: Tensor, gradient: Tensor, damping: float) -> Tensor:
    """The damped step; more damping if rounding makes the matrix indefinite, no step if nothing helps."""
    identity = torch.eye(len(gradient), dtype=normal.dtype, device=normal.device)
    while damping < MOST_DAMPING:
        factor, failed = torch.linalg.cholesky_ex(normal + damping * identity)
        if not failed:
            return torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        damping *= 10
    return torch.zeros_like(gradient)
