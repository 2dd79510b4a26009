"""The policy of a reduced economy: some choices of the full economy's network, the others its own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from .models.interface import Control, Model
from .models.reduced import Reduced
from .policy import PolicyNetwork


class ReducedPolicy(PolicyNetwork):
    """Where an economy of few states keeps choices of the full one, that one's network says them and does not
    change any more; what is fitted is a network of the same inputs for the other choices. It begins as the
    anchor, which then says what simulations cannot tell.
    """

    def __init__(
        self, model: Reduced, whole: PolicyNetwork, hidden: Sequence[int] = (24, 24), trunk: int = 24
    ) -> None:
        super().__init__(model, hidden, trunk)
        self.whole = fixed(whole)
        self.columns = _columns(model, whole.model)
        nn.init.zeros_(cast(nn.Linear, self.layers[-1]).weight)

    @staticmethod
    def moved(model: Model) -> Sequence[Control]:
        """Controls that are fitted."""
        kept = cast(Reduced, model).kept
        return [control for control in model.controls if control.name not in kept]

    def outputs(self, inputs: Tensor, features: Tensor) -> Tensor:
        """Outputs of the full economy's network for what is kept and of the fitted one for the rest."""
        both = [self.whole.outputs(inputs, features), super().outputs(inputs, features)]
        return torch.cat(both, -1)[..., self.columns]


def fixed(network: PolicyNetwork) -> PolicyNetwork:
    """A copy whose weights are no parameters of whatever module it becomes a part of."""
    same = copy.deepcopy(network)
    for module in cast(list[nn.Module], list(same.modules())):
        for name, value in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, value.detach())
    return same


def _columns(model: Reduced, whole: Model) -> list[int]:
    """Where the outputs of each regime and control are among those of the full network and, behind them, of
    the fitted one.
    """
    places, column = {}, 0
    for controls in (whole.controls, ReducedPolicy.moved(model)):
        for regime in model.regimes():
            for control in controls:
                places[controls is whole.controls, regime, control.name] = range(
                    column, column + control.size
                )
                column += control.size
    return [
        place
        for regime in model.regimes()
        for control in model.controls
        for place in places[control.name in model.kept, regime, control.name]
    ]
