"""The configuration of an estimation on a sample that a benchmark has simulated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def configuration(
    surrogate: str,
    names: Sequence[str],
    sd: NDArray[np.floating[Any]],
    particles: int,
    sampler: Mapping[str, int],
    priors: str,
) -> str:
    """As `dsge-surrogate estimate` reads it: series `names` of data.csv with measurement errors of standard
    deviations `sd`, a twisted filter, what the sampler is told, and the text of `priors`.
    """
    columns = ", ".join(f'{name} = "{name}"' for name in names)
    errors = ", ".join(f"{name} = {value!r}" for name, value in zip(names, sd.tolist(), strict=True))
    told = "\n".join(f"{name} = {value}" for name, value in sampler.items())
    return f"""[model]
surrogate = "{surrogate}"

[data]
file = "data.csv"
columns = {{ {columns} }}

[measurement_error]
sd = {{ {errors} }}

[likelihood]
method = "twisted"
particles = {particles}

[sampler]
{told}

{priors}"""
