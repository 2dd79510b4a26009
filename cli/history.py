"""A table of how errors fall in a training run, for `dsge-surrogate train --history`."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from surrogate.errors import BadData
from surrogate.house.files import atomic_path

if TYPE_CHECKING:
    from surrogate.training.run import Progress

COLUMNS = ("economy", "method", "distribution", "seed", "step", "seconds", "log10_error")
"""Of the table; the first four say which run it is, so that tables of several can be put together."""


class History:
    """The table at a path: a row for each look at a run, written whole each time."""

    def __init__(self, path: Path, run: tuple[str, str, str, int], resume: bool) -> None:
        self.path, self.run = path, run
        self.rows = self._before() if resume and path.exists() else []

    def add(self, now: "Progress") -> None:
        """What a run says of itself; rows of the same step or later ones, of before it was stopped, go."""
        self.rows = [row for row in self.rows if int(row[COLUMNS.index("step")]) < now.step]
        figures = (str(now.step), f"{now.seconds:.3f}", f"{now.log10_error:.4f}")
        self.rows.append([*map(str, self.run), *figures])
        with (
            atomic_path(self.path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows([COLUMNS, *self.rows])

    def _before(self) -> list[list[str]]:
        """Rows of the run that is gone on with; raises BadData if the file is another table."""
        with self.path.open(newline="", encoding="utf-8") as file:
            header, *rows = [*csv.reader(file)] or [[]]
        if tuple(header) != COLUMNS:
            raise BadData(f"{self.path} is no table of a training run: choose another --history.")
        return rows
