"""How far an estimation has got, on standard error: a bar in a terminal, a line now and then elsewhere."""

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from estimation.convergence import Diagnosis
from estimation.sampler import Listener, SamplerSettings
from estimation.sampler import Progress as Step

LINES = 10


class ProgressDisplay:
    """Shows stages by name and how many steps are done; use it as a context manager."""

    def __init__(self, settings: SamplerSettings, done: Sequence[int] = ()) -> None:
        """``done`` steps of each ensemble were there before."""
        self._console = Console(stderr=True, highlight=False)
        self._target = settings.target_ess
        self._total = settings.ensembles * settings.steps
        self._acceptance: dict[int, float] = {}
        self._best = float("-inf")
        self._steps = dict(enumerate(done))
        self._shown = sum(done)
        self._bar = Progress(
            TextColumn("sampling"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=self._total, completed=self._shown)

    def __enter__(self) -> "ProgressDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, message: str) -> None:
        """Print one line."""
        self._console.print(message)

    @property
    def listener(self) -> Listener:
        """What the sampler tells."""
        return Listener(self.step, self.judged)

    def step(self, step: Step) -> None:
        """Take note of how far one ensemble has got."""
        self._steps[step.ensemble] = step.step
        self._acceptance[step.ensemble] = step.acceptance
        self._best = max(self._best, step.best_log_prob)
        done = sum(self._steps.values())
        self._bar.start()  # has no effect once started; before, only stages are shown
        self._bar.update(self._task, completed=done, description=self._status())
        if self._bar.disable and done * LINES // self._total > self._shown * LINES // self._total:
            self._shown = done
            self._console.print(f"sampling {done / self._total:4.0%}  {self._status()}")

    def judged(self, step: int, diagnosis: Diagnosis) -> None:
        """Say how far the ensembles are from the target."""
        text = f"{diagnosis.ess:.0f} of {self._target} effective draws, R-hat {diagnosis.rhat:.3f}"
        burn = "" if diagnosis.burnt_in else ", burn-in too short"
        self._console.print(f"after {step} steps: {text}{burn}")

    def _status(self) -> str:
        acceptance = sum(self._acceptance.values()) / len(self._acceptance)
        return f"acceptance {acceptance:.2f}, best log posterior {self._best:.2f}"
