"""Steps of an optimiser: Levenberg–Marquardt on fresh batches, and Adam before it, or instead of it.

Least squares deserves a least-squares method. Cost of its step with b residuals and w weights: the Jacobian
takes O(b w) for each quadrature node, the normal equations O(b w^2 + w^3), which dominates beyond a thousand
weights; memory is the Jacobian, 8 b w bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve, get_blas_funcs
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap
from torch.nn.utils import parameters_to_vector

from .by_equations import Method

Batch = tuple[Tensor, Tensor]
NormalEquations = tuple[Tensor, Tensor]
"""J'WJ / b [w, w], its lower triangle, and J'W r / b [w]."""
CHUNK, STATES, LEAST_CHUNK = 1024, 16, 8
"""Samples that are evaluated at a time, fewer where each has more than so many states, by the square of
how many more; more samples only cost memory, and time where caches are full.
"""
STALE = 0.95
"""A step that lowers the loss to less than this share of it went too far for what is remembered."""
ENOUGH = 10
"""Batches after which a step may look worse than it is."""
MAX_TRIALS = 5
LEAST_DAMPING = 1e-14
MOST_DAMPING = 1e12
LEAST_SCALE = 1e-12
"""Of the robust loss, where a problem is solved exactly."""
_syrk, _symv = get_blas_funcs(("syrk", "symv"), dtype=np.float64)

SMALLEST = 1e-16
"""Added by Adam to the size of gradients: residuals of 1e-5 have gradients far below torch's own 1e-8."""


class LevenbergMarquardt:
    """Minimises the mean of a robust loss rho over the residuals r of `module(states, parameters)`.

    In each step the loss knows a size c, the quantile `robust_quantile` of |r|, beyond which residuals count
    less. A trial step is judged on a batch that it was not computed from, so the damping guards against
    fitting the batch. A module that has a method `jacobian` is asked for its own.

    Once steps are small, earlier batches still say something: their normal equations are kept with
    geometrically falling weight and moved along with the weights, as in recursive least squares. In the
    long run a step rests on 1 / (1 - `memory`) batches at the price of one; `memory` is known there as the
    forgetting factor.

    Where the noise of batches is all that is left, a step is as likely as not to look worse on the batch that
    judges it, and damping would grow until nothing moves. So a step that rests on `ENOUGH` batches may look
    worse by `tolerance` standard errors of the difference, and until there are as many, all count alike.

    Early on a step that lowers the loss by much makes it forget all earlier batches: their Jacobians are of
    weights far away. Late such a step only mends what the one before did to states that its batches had not
    seen, and to start again from a single batch costs more than it mends: `forgets` is for the caller to say.
    """

    def __init__(
        self,
        module: nn.Module,
        robust_quantile: float,
        memory: float = 0.8,
        damping: float = 1e-4,
        robust_loss: str = "geman_mcclure",
        tolerance: float = 0.0,
    ) -> None:
        self.module, self.robust_quantile = module, robust_quantile
        self.robust_loss = LOSSES[robust_loss]
        self.memory, self.damping, self.tolerance = memory, damping, tolerance
        self.remembered: NormalEquations | None = None
        self.batches, self.forgets = 0, True

    def step(self, batch: Batch, judge: Batch) -> Tensor:
        """One step on `batch`, judged on `judge`; returns the residuals [n, n_residuals] of `batch` before
        it.
        """
        own = getattr(self.module, "jacobian", None)
        values, jacobian = per_sample_jacobian(self.module, batch) if own is None else own(batch)
        residuals = values.flatten()
        scale = max(float(residuals.abs().nan_to_num(torch.inf).quantile(self.robust_quantile)), LEAST_SCALE)
        self._move(
            self._remembering(*normal_equations(residuals, jacobian, scale, self.robust_loss)), judge, scale
        )
        return values

    def remember(self, equations: NormalEquations | None, batches: int = 0) -> None:
        """Take over what an earlier optimiser of the same problem remembered of so many batches."""
        self.batches = batches
        device = next(self.module.parameters()).device
        self.remembered = None if equations is None else (equations[0].to(device), equations[1].to(device))

    def _remembering(self, normal: Tensor, gradient: Tensor) -> NormalEquations:
        """The batch's normal equations, averaged in place with those that are remembered."""
        if self.remembered is None:
            self.batches = 1
            return normal, gradient
        before, self.batches = self.remembered, self.batches + 1
        kept = min(self.memory, 1 - 1 / self.batches) if self.tolerance else self.memory
        return normal.lerp_(before[0], kept), gradient.lerp_(before[1], kept)

    def _move(self, equations: NormalEquations, judge: Batch, scale: float) -> None:
        """Try the step with more and more damping, until the loss on `judge` falls."""
        normal, gradient = self.remembered = equations
        weights = parameters_to_vector(self.module.parameters()).detach()
        losses, damping = self._losses(judge, scale), self.damping
        before, tolerance = float(losses.mean()), self.tolerance if self.batches >= ENOUGH else 0.0
        for _ in range(MAX_TRIALS):
            change, damping = _solve(normal, gradient, damping)
            self._set(weights - change)
            trial = self._losses(judge, scale)
            after = float(trial.mean())
            if after < before + (tolerance and tolerance * _standard_error(trial - losses)):
                self.damping = max(damping / 3, LEAST_DAMPING)
                moved = (normal, gradient - _times(normal, change))
                self.remembered = None if self.forgets and after <= STALE * before else moved
                return
            damping *= 4
        self._set(weights)
        # Damp more after trials that all failed; but where damping dominates the normal equations, it is what
        # is remembered that leads astray.
        most, self.damping = float(normal.diagonal().max()), 4 * self.damping
        if self.damping > most:
            self.damping, self.remembered = max(most, LEAST_DAMPING), None

    @torch.no_grad()
    def _set(self, weights: Tensor) -> None:
        """Copy a vector into the network's own tensors: where they lie in memory decides about rounding, and
        a run that is resumed has to round alike.
        """
        parameters = list(self.module.parameters())
        values = weights.split([parameter.numel() for parameter in parameters])
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value.view_as(parameter))

    def loss(self, batch: Batch, scale: float) -> float:
        """Mean robust loss of the residuals on a batch."""
        return float(self._losses(batch, scale).mean())

    @torch.no_grad()
    def _losses(self, batch: Batch, scale: float) -> Tensor:
        """Robust losses of the residuals on a batch, [n, m]."""
        chunks = [batch] if hasattr(self.module, "jacobian") else _chunks(batch)
        return self.robust_loss.value(torch.cat([self.module(*chunk) for chunk in chunks]), scale)


class GemanMcClure:
    """rho(r) = r^2 / (1 + (r/c)^2): quadratic for residuals small against c and never above c^2, so a point
    without an equilibrium costs the same whatever is done about it (Geman and McClure 1987).
    """

    @staticmethod
    def value(residuals: Tensor, scale: float) -> Tensor:
        """rho, [...]."""
        squared = residuals**2
        return (squared / (1 + squared / scale**2)).nan_to_num(scale**2)

    @staticmethod
    def root_weight(residuals: Tensor, scale: float) -> Tensor:
        """Square root of the weight that a residual has in least squares, [...]."""
        return 1 / (1 + (residuals / scale) ** 2)


class Huber:
    """rho(r) = r^2 up to c and 2 c |r| - c^2 beyond: no residual is given up, and none decides alone."""

    @staticmethod
    def value(residuals: Tensor, scale: float) -> Tensor:
        """rho, [...]; one where a residual is no number."""
        size = residuals.abs()
        return torch.where(size < scale, size**2, 2 * scale * size - scale**2).nan_to_num(1.0)

    @staticmethod
    def root_weight(residuals: Tensor, scale: float) -> Tensor:
        """Square root of the weight that a residual has in least squares, [...]."""
        return (residuals.abs() / scale).clamp_min(1.0) ** -0.5


RobustLoss = type[GemanMcClure] | type[Huber]
LOSSES: dict[str, RobustLoss] = {"geman_mcclure": GemanMcClure, "huber": Huber}
"""By their names in the settings of a run."""


def normal_equations(
    residuals: Tensor, jacobian: Tensor, scale: float, loss: RobustLoss = GemanMcClure
) -> NormalEquations:
    """J'WJ / b and J'W r / b with the weights W of the robust loss at c = `scale`; J is [b, w] and is
    overwritten.
    """
    root = loss.root_weight(residuals, scale)
    if bool((root != 1).any()):
        jacobian.mul_(root[:, None])
    weighted = residuals * root
    gradient = jacobian.T @ weighted
    # rows that are no numbers show here; to look for them takes a pass over the whole Jacobian
    if not bool(torch.isfinite(gradient).all()):
        usable = torch.isfinite(jacobian.sum(-1)) & torch.isfinite(residuals)
        jacobian[~usable] = 0.0
        gradient = jacobian.T @ torch.where(usable, weighted, 0.0)
    return _mean_gram(jacobian), gradient / len(residuals)


def per_sample_jacobian(module: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Residuals [n, m] of n samples and their Jacobian [n * m, w] with respect to the weights; part by part
    where the module has `parts`, modules with the same weights and a share of the residuals each: then no
    derivative is taken through a part that has none.
    """
    parts = getattr(module, "parts", None)
    found = [_jacobian_of(part, batch) for part in ([module] if parts is None else parts())]
    values, jacobians = (torch.cat(each, dim=1) for each in zip(*found, strict=True))
    return values, jacobians.flatten(0, 1)


def _jacobian_of(module: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Residuals [n, m], only those `differentiated` where a method says so, and their Jacobian [n, m, w]."""
    weights = {name: value.detach() for name, value in module.named_parameters()}
    few = getattr(module, "differentiated", None)

    def residuals(weights: dict[str, Tensor], states: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        values = functional_call(module, weights, (states, parameters))[..., :few]
        return values, values

    derivative: Callable = vmap(jacrev(residuals, has_aux=True), in_dims=(None, 0, 0))
    values, jacobians = [], []
    for chunk in _chunks(batch):
        by_weight, residual = derivative(weights, *chunk)
        jacobians.append(torch.cat([part.flatten(2) for part in by_weight.values()], dim=-1))
        values.append(residual)
    return torch.cat(values), torch.cat(jacobians)


def _chunks(batch: Batch) -> Iterator[Batch]:
    share = min(1.0, STATES / batch[0].shape[-1])
    size = max(LEAST_CHUNK, int(CHUNK * share**2))
    return zip(batch[0].split(size), batch[1].split(size), strict=True)


class Adam:
    """Kingma and Ba (2015) on the weights of a method's network, gradients clipped to length one.

    As a warm-up the learning rate is constant; where a run of `total` steps has nothing else it falls to zero
    along half a cosine.
    """

    def __init__(self, method: Method, learning_rate: float, total: int | None = None) -> None:
        self.method, self.learning_rate, self.total = method, learning_rate, total
        self.weights = list(method.policy.parameters())
        self.torch = torch.optim.Adam(self.weights, lr=learning_rate, eps=1e-8 if total is None else SMALLEST)

    def step(self, batch: tuple[Tensor, Tensor], step: int) -> Tensor | None:
        """Step number `step` on a batch; returns the residuals [n, m] before it where the method has some."""
        if self.total is not None:
            self.torch.param_groups[0]["lr"] = (
                self.learning_rate * (1 + math.cos(math.pi * step / self.total)) / 2
            )
        return self._on(*batch, *self.method.draw(batch[0]))

    def _on(self, *batch: Tensor) -> Tensor | None:
        """Descend on those rows of the batch, drawn shocks included, where the method gives numbers."""
        with torch.no_grad():
            usable = torch.isfinite(self.method(*batch)).all(-1)
        self.torch.zero_grad()
        terms = self.method(*(each[usable] for each in batch))
        if not self.method.sum_of_squares:
            self._descend(terms.mean())
            return None
        self._descend(terms.square().clamp(max=1.0).mean())
        return terms.new_full((len(usable), terms.shape[-1]), torch.nan).index_copy(
            0, usable.nonzero()[:, 0], terms.detach()
        )

    def _descend(self, loss: Tensor) -> None:
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        if torch.isfinite(norm):  # the untaken branch of a kink can still be no number
            self.torch.step()

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return self.torch.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.torch.load_state_dict(state)


def _standard_error(losses: Tensor) -> float:
    """Of the mean of losses [n, m], of which the rows are taken to be independent."""
    by_row = losses.flatten(1).mean(1)
    return float(by_row.std()) / len(by_row) ** 0.5


def _mean_gram(jacobian: Tensor) -> Tensor:
    """J'J / b; on processors its lower triangle only, by the library that solves with it: the threads of two
    would get in each other's way.
    """
    if jacobian.device.type != "cpu":
        return jacobian.T @ jacobian / len(jacobian)
    return torch.from_numpy(_syrk(1 / len(jacobian), jacobian.numpy().T).T)


def _times(normal: Tensor, change: Tensor) -> Tensor:
    """The symmetric matrix `normal`, as `_mean_gram` returns it, times `change`."""
    if normal.device.type != "cpu":
        return normal @ change
    return torch.from_numpy(_symv(1.0, normal.numpy().T, change.numpy()))


def _solve(normal: Tensor, gradient: Tensor, damping: float) -> tuple[Tensor, float]:
    """The damped step, and its damping: more if rounding makes the matrix indefinite; no step if nothing
    helps.
    """
    while damping < MOST_DAMPING:
        change = _cholesky_solution(normal, gradient, damping)
        if change is not None:
            return change, damping
        damping *= 10
    return torch.zeros_like(gradient), damping


def _cholesky_solution(normal: Tensor, gradient: Tensor, damping: float) -> Tensor | None:
    """(normal + damping I)^-1 gradient, or nothing if that matrix is indefinite; on processors by SciPy,
    which factorises in place.
    """
    damped = normal.clone()
    damped.diagonal().add_(damping)
    if normal.device.type != "cpu":
        factor, failed = torch.linalg.cholesky_ex(damped)
        return None if failed else torch.cholesky_solve(gradient[:, None], factor)[:, 0]
    try:
        found = cho_factor(damped.numpy().T, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    return torch.tensor(cho_solve(found, gradient.numpy(), check_finite=False))
