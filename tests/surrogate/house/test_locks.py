"""Files and folders are written where there are no locks, too, as on Windows."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys

sys.modules["fcntl"] = None  # as if there were none
from pathlib import Path

from surrogate.house.files import atomic_files, atomic_folder, atomic_path
from surrogate.house.ownership import owned, owned_file, visited

folder = Path(sys.argv[1])
for text in ("old", "new"):
    with owned(folder / "out"), owned_file(folder / "file"), atomic_path(folder / "file") as path:
        path.write_text(text)
    with atomic_folder(folder / "whole") as new:
        (new / "a").write_text(text)
    with visited(folder / "whole"), atomic_files(folder / "set") as new:
        (new / "b").write_text(text)
"""


def test_everything_is_written_without_locks(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], env=environment, check=True)
    found = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*")}
    assert {name: path.read_text() for name, path in found.items() if path.is_file()} == {
        "file": "new",
        "whole/a": "new",
        "set/b": "new",
    }
    assert set(found) == {"file", "whole", "whole/a", "set", "set/b"}
