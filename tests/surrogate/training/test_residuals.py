"""Regimes told apart count by how close they are to applying."""

import torch

from surrogate.models import get
from surrogate.policy import PolicyNetwork
from surrogate.training.residuals import in_each_regime
from surrogate.training.sampling import draw_parameters, draw_states


def test_a_regime_counts_fully_where_it_applies_and_less_with_the_distance_from_there() -> None:
    """One over one plus the square of the distance, from either side."""
    model, generator = get("nk_zlb"), torch.Generator().manual_seed(0)
    policy = PolicyNetwork(model)
    parameters = draw_parameters(model, 2_000, generator)
    states = draw_states(model, parameters, generator)
    p, ahead = (model.name_parameters(rows) for rows in (parameters, parameters[:, None]))
    weights = in_each_regime(policy, states, ahead, lambda _, x: torch.ones_like(x[:, :1])).detach()
    candidates = policy.candidates(states, p)
    slack = policy.slack(states, p, candidates[(False,)], (False,))[..., 0].detach()
    binds = slack < 0
    assert 20 < binds.sum() < 1_980, "both occur: where the network begins, at 60 to 640 of these states"
    free, bound = weights.T
    torch.testing.assert_close(free, torch.where(binds, 1 / (1 + slack**2), 1.0), rtol=1e-12, atol=0)
    torch.testing.assert_close(bound, torch.where(binds, 1.0, 1 / (1 + slack**2)), rtol=1e-12, atol=0)
    assert free.min() < 0.9
    assert bound.min() < 0.9
