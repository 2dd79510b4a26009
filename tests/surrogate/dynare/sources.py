"""Our own Dynare files, as the preprocessor reads them here or has read them before."""

from pathlib import Path

import pytest

from surrogate.dynare.model_file import ModelFile, read_model_file
from surrogate.dynare.preprocessor import Preprocessed, find_preprocessor, preprocess
from surrogate.errors import MissingPackage

FILES = Path(__file__).with_name("files")
NAMES = ("growth", "prices", "initial", "gap", "commitment")


def preprocessor_is_here() -> bool:
    """Whether `dynare-preprocessor` is installed."""
    try:
        find_preprocessor()
    except MissingPackage:
        return False
    return True


needs_preprocessor = pytest.mark.skipif(not preprocessor_is_here(), reason="no dynare-preprocessor here")


def kept(name: str) -> Path:
    """What the preprocessor has made of a file, without what nobody reads."""
    return FILES / name / "model" / "json" / "modfile.json"


def source(name: str) -> Preprocessed:
    """A file as the preprocessor reads it, or has read it where there is none."""
    return preprocess(FILES / f"{name}.mod" if preprocessor_is_here() else kept(name))


def model_file(name: str) -> ModelFile:
    """A file, read."""
    return read_model_file(source(name))
