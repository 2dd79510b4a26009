"""``python -m website FOLDER``: gather the pages from which MkDocs builds the site."""

import shutil
import sys
from pathlib import Path

from .pages import ROOT, gather


def main() -> None:
    """Write all pages, pictures, style and script into a folder that is made anew."""
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in gather().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for picture in (*(ROOT / "docs").rglob("*.png"), *(ROOT / "docs").rglob("*.svg")):
        place = folder / picture.relative_to(ROOT / "docs")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place)
    for asset in ("style.css", "iframe-worker.js"):
        shutil.copyfile(ROOT / "website" / asset, folder / asset)


if __name__ == "__main__":
    main()
