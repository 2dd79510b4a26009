"""From a checkpoint to an artifact folder: ONNX files with their card."""

from surrogate.export.write import export

__all__ = ["export"]
