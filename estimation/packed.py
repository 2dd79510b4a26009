"""Objects that cross to worker processes again and again, and are rebuilt there once."""

import pickle
import threading
from typing import Generic, TypeVar

T = TypeVar("T")

_rebuilt = threading.local()


class Packed(Generic[T]):
    """A pickled object that each thread of each process rebuilds when it first sees it.

    Loading ONNX files takes longer than many a task; a thread keeps the last object it rebuilt. Threads do
    not share it, because filters need not be safe for that.
    """

    def __init__(self, value: T) -> None:
        self._content = pickle.dumps(value)

    @property
    def value(self) -> T:
        """The object; the same one at every call in one thread."""
        if getattr(_rebuilt, "content", None) != self._content:
            _rebuilt.value = pickle.loads(self._content)
            _rebuilt.content = self._content
        return _rebuilt.value
