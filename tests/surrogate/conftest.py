"""Fixtures for everything that needs torch."""

import pytest
import torch


@pytest.fixture(autouse=True)
def same_weights_at_the_start() -> None:
    """Networks that a test makes begin with the same weights, whatever ran before it."""
    torch.manual_seed(0)
