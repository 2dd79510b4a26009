"""The reduced economy's accounting against that of the full one."""

import numpy as np
import torch

from surrogate.models import get
from surrogate.models.krusell_smith_continuous import KrusellSmithContinuous
from surrogate.models.krusell_smith_continuous_reduced import KrusellSmithContinuousReduced
from surrogate.models.variables import columns_of
from surrogate.policy import policy_of
from surrogate.training.sampling import draw_parameters, draw_shocks, draw_states


def test_with_the_full_economy_s_choices_it_moves_as_the_full_economy_does() -> None:
    """Capital, output, consumption and productivity after shocks, at random parameters."""
    model, full, generator = KrusellSmithContinuousReduced(), KrusellSmithContinuous(), torch.Generator()
    generator.manual_seed(0)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        policy = policy_of(full, (8, 8), 8)
        parameters = draw_parameters(full, 40, generator)
        states = draw_states(full, parameters, generator)
        p, q = full.name_parameters(parameters), model.name_parameters(parameters)
        for _ in range(4):
            now = full.period(p, states, policy(states, p))
            shocks = draw_shocks(full, 40, generator)
            states = full.tomorrow(now, shocks, p)
            then = full.period(p, states)
            few = model.of_full(now)
            torch.testing.assert_close(few["consumption"], now.consumption_of_all)
            here = model.period(q, torch.stack([few["log_capital"], few["productivity"]], -1))
            vars(here).update(consumption=few["consumption"], spent=few["spent"])
            torch.testing.assert_close(here.output, now.output)
            after = columns_of(model.tomorrow(here, shocks, q), model.states)
            torch.testing.assert_close(after["log_capital"], torch.log(then.capital))
            torch.testing.assert_close(after["productivity"], then.productivity)


def test_it_is_fitted_and_not_trained() -> None:
    model = get("krusell_smith_continuous_reduced")
    assert isinstance(model, KrusellSmithContinuousReduced)
    assert model.full is KrusellSmithContinuous
    p = model.name_parameters(model.default_parameters())
    states, controls = model.steady_state(p)
    assert float(torch.exp(states["log_capital"])) == np.float64(p.of_household.usual_capital)
    assert float(controls["spent"]) < float(torch.exp(states["log_capital"]) ** (1 / 3))
