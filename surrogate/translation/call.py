"""One operator of an ONNX graph under translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..errors import CannotTranslate
from .builder import Builder, plain
from .nodes import Node


@dataclass(frozen=True)
class Call:
    """One operator under translation: its inputs as tensors (None if left out) and its attributes."""

    build: Builder
    node: Node
    inputs: tuple[NDArray | None, ...]

    def tensor(self, place: int) -> NDArray:
        """An input that must be there."""
        if (value := self.optional(place)) is None:
            raise CannotTranslate(f"{self.node.operator} lacks its input {place}.")
        return value

    def optional(self, place: int) -> NDArray | None:
        """An input, or None."""
        return self.inputs[place] if place < len(self.inputs) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default."""
        return self.node.attributes.get(name, default)

    def known(self, place: int, attribute: str = "") -> list[int] | None:
        """Whole numbers that are known before the program runs, from an input or, as older graphs have it,
        an attribute; None if there are none.
        """
        if (value := self.optional(place)) is None:
            return self.attribute(attribute)
        if (value := plain(value)).dtype == object:
            raise CannotTranslate(f"{self.node.operator} takes a shape that depends on numbers.")
        return [int(each) for each in value.ravel()]
