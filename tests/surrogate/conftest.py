"""Fixtures for everything that needs torch."""

import pytest
import torch

torch.set_num_threads(1)  # tests run side by side: threads of one would wait for those of another


@pytest.fixture(autouse=True)
def same_weights_at_the_start() -> None:
    """Networks that a test makes begin with the same weights, whatever ran before it."""
    torch.manual_seed(0)
