"""From a checkpoint to an artifact folder: ONNX files with their card."""

from surrogate.export.artifact import export

__all__ = ["export"]
