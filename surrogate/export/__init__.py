"""From a checkpoint to an artifact folder: ONNX files with their card."""

from .write import export

__all__ = ["export"]
