"""What a sampler reports, in the words that a listener hears."""

from collections.abc import Sequence

from estimation.convergence import Diagnosis
from estimation.sampler import Callbacks, SamplerSettings
from estimation.sampler import Progress as Step
from surrogate.house.listener import Tell, listener


class SamplingProgress:
    """Adds up how far the ensembles have got."""

    def __init__(self, settings: SamplerSettings, done: Sequence[int], tell: Tell) -> None:
        """``done`` steps of each ensemble were there before; ``tell`` hears steps, their total and a text."""
        self._tell, self._target = tell, settings.target_ess
        self._total = settings.ensembles * settings.steps
        self._acceptance: dict[int, float] = {}
        self._best = float("-inf")
        self._steps = dict(enumerate(done))

    @property
    def callbacks(self) -> Callbacks:
        """What the sampler calls."""
        return Callbacks(self._step, self._judged)

    def _step(self, step: Step) -> None:
        """Take note of how far one ensemble has got."""
        self._steps[step.ensemble] = step.step
        self._acceptance[step.ensemble] = step.acceptance
        self._best = max(self._best, step.best_log_prob)
        acceptance = sum(self._acceptance.values()) / len(self._acceptance)
        text = f"acceptance {acceptance:.2f}, best log posterior {self._best:.2f}"
        self._tell(sum(self._steps.values()), self._total, text)

    def _judged(self, step: int, diagnosis: Diagnosis) -> None:
        """Say how far the ensembles are from the target."""
        text = f"{diagnosis.ess:.0f} of {self._target} effective draws, R-hat {diagnosis.rhat:.3f}"
        burn = "" if diagnosis.burnt_in else ", burn-in too short"
        listener().message(f"after {step} steps: {text}{burn}")
