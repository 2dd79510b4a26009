"""A likelihood surrogate in its folder: the graph, which ONNX Runtime runs, and its card.

The card, what the surrogate says about itself, is stored as JSON beside the ONNX file and inside it. Hashes
in it say what the surrogate stands for: it serves no other model, data or filter.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surrogate.artifact.graph import LARGEST_FILE, Files, ModelFile, files_of, first_line, rebuilt
from surrogate.errors import BadConfiguration, BrokenArtifact, Changed, NewerFormat
from surrogate.house import records

from .. import fingerprint
from ..sampling.posterior import Posterior

Array = NDArray[np.float64]

FORMAT = 1
METADATA_KEY = "dsge_surrogate.likelihood_card"
GRAPH_FILE = "likelihood.onnx"
INPUT, OUTPUT = "parameters", "log_likelihood"
ROWS_PER_CALL = 256
"""What stays in the processor's cache."""


@dataclass(frozen=True)
class LikelihoodCard:
    """The card of a likelihood surrogate.

    Attributes
    ----------
    parameters : columns of the graph's input, each with ``name``, ``lower`` and ``upper``.
    model : the economy's name.
    likelihood : the settings of the filter that was learnt.
    fingerprints : ingredient -> hash; see :func:`fingerprints`.
    calls : calls of the filter; ``points`` at which they were made.
    seed : of everything random.
    peak : highest log likelihood of the surface at a design point.
    region : ``depth`` below ``peak`` and ``reach`` in the graph's coordinates, beyond which nothing was
        learnt: the graph then returns less than ``peak - depth``, and minus infinity outside the ranges.
    held_out : accuracy at design points left out of the fit, ``within_10`` log points of the peak and in the
        whole ``region``: points, mean and sd of the error, and sd without the filter's own noise.
    noise_sd : standard deviation of one call of the filter, at the 5th, 50th and 95th percentile of the
        points within 10 log points.
    versions : of the packages that made it.
    format : of this card.
    """

    parameters: tuple[Mapping[str, Any], ...]
    model: str
    likelihood: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    calls: int
    points: int
    seed: int
    peak: float
    region: Mapping[str, float]
    held_out: Mapping[str, Mapping[str, float]]
    noise_sd: Mapping[str, float]
    versions: Mapping[str, str]
    format: int = FORMAT

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the graph's input."""
        return tuple(item["name"] for item in self.parameters)

    def to_json(self) -> str:
        """JSON text from which :meth:`from_json` rebuilds the card."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "LikelihoodCard":
        """Rebuild a card.

        Raises
        ------
        NewerFormat : only a later version of the package can read it.
        BrokenArtifact : something is missing or malformed.
        """
        try:
            values = records.read_json(text, constants=True)
            if values["format"] > FORMAT:
                raise NewerFormat(
                    f"This likelihood surrogate has format {values['format']}; this version reads up to "
                    f"{FORMAT}. Upgrade it: pip install --upgrade dsge-surrogate."
                )
            parameters = tuple(
                {"name": str(item["name"]), "lower": float(item["lower"]), "upper": float(item["upper"])}
                for item in values.pop("parameters")
            )
            card = cls(parameters=parameters, **values)
            card._require_possible()
            return card
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BrokenArtifact(
                f"The card of the likelihood surrogate cannot be read ({error!r})."
            ) from None

    def _require_possible(self) -> None:
        """Raise ValueError for names that repeat, empty ranges, and a region without an extent."""
        if len(set(self.names)) < len(self.names) or not self.names:
            raise ValueError("its parameters have no names of their own")
        if not all(item["lower"] < item["upper"] for item in self.parameters):
            raise ValueError("a parameter has no range")
        if not isfinite(self.peak) or not all(self.region[name] > 0 for name in ("depth", "reach")):
            raise ValueError("it says nothing of a peak and the region around it")
        mappings = (self.likelihood, self.fingerprints, self.held_out, self.noise_sd, self.versions)
        if not all(isinstance(each, dict) for each in mappings):
            raise ValueError("it has fields of a wrong type")


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
        self.digest = fingerprint.hash_of(content)
        text = model.metadata.get(METADATA_KEY)
        if text is None:
            raise BrokenArtifact(
                f"{model.path} is an ONNX file but not a likelihood surrogate: it carries no card. Make it "
                "with `dsge-surrogate learn`."
            )
        self.card = LikelihoodCard.from_json(text)
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
        parts = []
        for first in range(0, len(rows), ROWS_PER_CALL):
            block = rows[first : first + ROWS_PER_CALL]
            try:
                values = np.asarray(self._session.run([OUTPUT], {INPUT: block})[0])
            except Exception as error:  # ONNX Runtime's errors share no base class of their own
                raise BrokenArtifact(f"{self.folder / GRAPH_FILE} failed: {first_line(error)}.") from error
            if values.shape != (len(block), 1):
                raise BrokenArtifact(
                    f"{self.folder / GRAPH_FILE} gave {values.shape} values for {len(block)} rows."
                )
            parts.append(values)
        return np.concatenate(parts)[:, 0].astype(float)

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


def fingerprints(posterior: Posterior, data: pd.DataFrame, ingredients: Any) -> dict[str, str]:
    """Hashes of model, data, fixed parameters, and the filter with its measurement error.

    Parameters
    ----------
    posterior : of the filter itself.
    ingredients : see :meth:`estimation.likelihoods.method.Method.ingredients`.
    """
    return {
        "model": fingerprint.of_surrogate(posterior.surrogate),
        "data": fingerprint.of_data(data),
        "fixed parameters": fingerprint.hash_of(posterior.fixed),
        "filter or measurement error": fingerprint.hash_of(ingredients),
    }


def require_same(card: LikelihoodCard, now: Mapping[str, str], posterior: Posterior, folder: str) -> None:
    """Refuse a learnt likelihood of something else.

    Raises
    ------
    Changed : naming every ingredient that differs.
    BadConfiguration : other parameters are free.
    """
    changed = [name for name in now if card.fingerprints.get(name) != now[name]]
    if changed:
        raise Changed(
            f"{folder} holds the likelihood of something else: the {' and the '.join(changed)} differ. Learn "
            "it again with `dsge-surrogate learn`, in another folder, or put back what was there."
        )
    if set(card.names) != set(posterior.names):
        raise BadConfiguration(
            f"The likelihood in {folder} was learnt as a function of {', '.join(card.names)}: these need "
            "priors, and no other parameter. Learn it again for other free parameters."
        )
