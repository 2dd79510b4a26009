"""What a likelihood surrogate says about itself; stored as JSON beside the ONNX file and inside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from surrogate import strict_json
from surrogate.errors import BrokenArtifact, NewerFormat

FORMAT = 1
METADATA_KEY = "dsge_surrogate.likelihood_card"


@dataclass(frozen=True)
class LikelihoodCard:
    """The card of a likelihood surrogate.

    Attributes
    ----------
    parameters : columns of the graph's input, each with ``name``, ``lower`` and ``upper``.
    model : the economy's name.
    likelihood : the settings of the filter that was learnt.
    fingerprints : ingredient -> hash; see :mod:`estimation.learnt.identity`.
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
            values = strict_json.loads(text, constants=True)
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
