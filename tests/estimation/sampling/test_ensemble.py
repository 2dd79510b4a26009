"""Which random numbers of an ensemble are fresh."""

from estimation.priors import PriorSet
from estimation.sampling.ensemble import Ensemble, advance
from estimation.sampling.mode import find_mode
from estimation.sampling.posterior import Posterior
from estimation.work.pool import Packed
from tests.estimation.economies import NormalLikelihood, linear_priors


class Overheard(Posterior):
    """Notes where the generator of the filter stands at each call."""

    noted: tuple[int, ...] = ()

    def log_prob(self, theta, generator=None):
        if generator is not None:
            self.noted = (*self.noted, generator.bit_generator.state["state"]["state"])
            generator.random()
        return super().log_prob(theta, generator)


def test_the_filter_meets_fresh_numbers_at_every_call(linear):
    posterior = Overheard(linear, NormalLikelihood(), PriorSet(linear_priors()), {"mean": 0.3})
    mode = find_mode(posterior, draws=32, climbs=1)
    packed = Packed[Posterior](posterior)
    for seed, number in ((5, 0), (5, 1), (6, 0)):
        assert advance(Ensemble(packed, mode, 8, "stretch", seed, number), 0, None, 4) is not None
    noted = vars(packed.value)["noted"]
    assert len(noted) >= 3 * (1 + 4)
    assert len(set(noted)) == len(noted)
