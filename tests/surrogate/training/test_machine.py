"""Memory that tensors free stays with the process."""

import os
import platform
import subprocess
import sys

import pytest

pytest.importorskip("torch")

FAULTS = """
import resource
import torch
from surrogate.training.machine import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(20_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
usual = faults()
keep_freed_memory()
faults()
print(usual, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of the C library of GNU")
def test_pages_are_not_asked_for_again() -> None:
    """80 megabytes are 20,000 small pages, or forty large ones, each time; none once they are kept."""
    usual_memory = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", FAULTS]
    run = subprocess.run(command, env=usual_memory, capture_output=True, text=True, check=True)
    usual, kept = map(int, run.stdout.split())
    assert usual >= 100
    assert kept <= usual / 10
