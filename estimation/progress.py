"""How far an estimation has got, on standard error: a bar in a terminal, a line now and then elsewhere."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from estimation.sampler import Progress as Step
from estimation.sampler import SamplerSettings

LINES = 10


class ProgressDisplay:
    """Shows stages by name and sampling step by step; use it as a context manager."""

    def __init__(self, settings: SamplerSettings, done: int = 0) -> None:
        """``done`` steps of all ensembles together were there before."""
        self._console = Console(stderr=True, highlight=False)
        self._total = settings.ensembles * settings.steps
        self._acceptance: dict[int, float] = {}
        self._best = float("-inf")
        self._done = self._shown = done
        self._bar = Progress(
            TextColumn("sampling"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=self._total, completed=done)

    def __enter__(self) -> "ProgressDisplay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, message: str) -> None:
        """Print one line."""
        self._console.print(message)

    def step(self, step: Step) -> None:
        """Take note of one step of one ensemble."""
        self._done += 1
        self._acceptance[step.ensemble] = step.acceptance
        self._best = max(self._best, step.best_log_prob)
        self._bar.start()  # has no effect once started; before, only stages are shown
        self._bar.update(self._task, completed=self._done, description=self._status())
        if self._bar.disable and self._done * LINES // self._total > self._shown * LINES // self._total:
            self._shown = self._done
            self._console.print(f"sampling {self._done / self._total:4.0%}  {self._status()}")

    def _status(self) -> str:
        acceptance = sum(self._acceptance.values()) / len(self._acceptance)
        return f"acceptance {acceptance:.2f}, best log posterior {self._best:.2f}"
