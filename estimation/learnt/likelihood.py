"""A likelihood surrogate, read from its folder and run by ONNX Runtime."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from estimation.filters.paths import Paths
from estimation.fingerprint import hash_of
from estimation.learnt.card import METADATA_KEY, LikelihoodCard
from estimation.likelihood import Likelihood, StateLikelihood
from estimation.measurement import PREFIX
from surrogate.errors import BadConfiguration, BrokenArtifact
from surrogate.model_file import LARGEST_FILE, ModelFile, first_line
from surrogate.portable import Files, files_of, rebuilt

Array = NDArray[np.float64]

GRAPH_FILE = "likelihood.onnx"
INPUT, OUTPUT = "parameters", "log_likelihood"
ROWS_PER_CALL = 256
"""What stays in the processor's cache."""


class LearntGraph:
    """The graph and its card; parameters in, log likelihood out; ``digest`` is a hash of the file.

    Parameters
    ----------
    folder : written by ``dsge-surrogate learn``.

    Raises
    ------
    BrokenArtifact : the graph is missing, damaged or something else.
    NewerFormat : only a later version of the package can read it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        self._files: Files = files_of(self.folder, [GRAPH_FILE], LARGEST_FILE)
        if not self._files:
            raise BrokenArtifact(
                f"There is no {GRAPH_FILE} in {self.folder}: make it with `dsge-surrogate learn "
                f"CONFIGURATION {folder}`."
            )
        ((_, content),) = self._files
        model = ModelFile.parsed(self.folder / GRAPH_FILE, content)
        self.digest = hash_of(content)
        self.card = _card(model)
        self._session = model.open(threads=1)
        self._require_tensors()

    def __reduce__(self) -> tuple:
        return rebuilt, (LearntGraph, str(self.folder), self._files)

    def log_likelihood(self, theta: Array) -> Array:
        """Log likelihood [m] of theta [m, n], columns as in the card.

        Raises
        ------
        BrokenArtifact : ONNX Runtime fails, or gives something of another shape.
        """
        rows = np.ascontiguousarray(theta, dtype=np.float32)
        parts = [
            self._values(rows[first : first + ROWS_PER_CALL]) for first in range(0, len(rows), ROWS_PER_CALL)
        ]
        return np.concatenate(parts)[:, 0].astype(float)

    def _values(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            values = np.asarray(self._session.run([OUTPUT], {INPUT: rows})[0])
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise BrokenArtifact(f"{self.folder / GRAPH_FILE} failed: {first_line(error)}.") from error
        if values.shape != (len(rows), 1):
            raise BrokenArtifact(
                f"{self.folder / GRAPH_FILE} gave {values.shape} values for {len(rows)} rows."
            )
        return values

    def _require_tensors(self) -> None:
        given, returned = self._session.get_inputs(), self._session.get_outputs()
        shapes = [(item.name, item.type, item.shape[1:]) for item in (*given, *returned)]
        wanted = [
            (INPUT, "tensor(float)", [len(self.card.parameters)]),
            (OUTPUT, "tensor(float)", [1]),
        ]
        if shapes != wanted:
            raise BrokenArtifact(
                f"{self.folder / GRAPH_FILE} has tensors {shapes}; its card asks for {wanted}."
            )


def _card(model: ModelFile) -> LikelihoodCard:
    text = model.metadata.get(METADATA_KEY)
    if text is None:
        raise BrokenArtifact(
            f"{model.path} is an ONNX file but not a likelihood surrogate: it carries no card. Make it with "
            "`dsge-surrogate learn`."
        )
    return LikelihoodCard.from_json(text)


class LearntLikelihood:
    """A graph in the place of the filter that it learnt; see :class:`estimation.likelihood.Likelihood`.

    Parameters
    ----------
    graph : of the parameters that are free.
    parameter_names : of the economy, in its order.
    observables : in the order of the data's columns.
    truth : the filter.
    """

    def __init__(
        self,
        graph: LearntGraph,
        parameter_names: Sequence[str],
        observables: Sequence[str],
        truth: Likelihood,
    ) -> None:
        self.graph, self.truth = graph, truth
        self._sources = [*parameter_names, *[PREFIX + name for name in observables]]

    @cached_property
    def _columns(self) -> list[int]:
        return [self._sources.index(name) for name in self.graph.card.names]

    def log_likelihood(
        self,
        parameters: Array,
        generator: np.random.Generator | None = None,
        measurement_sd: Array | None = None,
    ) -> Array:
        """See :class:`estimation.likelihood.Likelihood`; nothing is random."""
        if measurement_sd is not None and max(self._columns) >= parameters.shape[1]:
            parameters = np.hstack([parameters, measurement_sd])
        return self.graph.log_likelihood(parameters[:, self._columns])

    def paths(
        self,
        parameters: Array,
        generator: np.random.Generator,
        draws: int,
        measurement_sd: Array | None = None,
        smoothed: bool = True,
    ) -> Paths:
        """States and shocks by the filter itself; see :class:`estimation.likelihood.StateLikelihood`."""
        if not isinstance(self.truth, StateLikelihood):
            raise BadConfiguration("What was learnt has no states and shocks: choose a filter to learn.")
        return self.truth.paths(parameters, generator, draws, measurement_sd, smoothed)
