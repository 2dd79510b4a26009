"""From a checkpoint, or a larger economy's artifact, to an artifact folder: ONNX files with their card."""

from .reduce import reduce
from .write import export

__all__ = ["export", "reduce"]
