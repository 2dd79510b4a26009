"""The certified region as a program, which is written like any other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..artifact.region import Region
from .builder import Builder, Constants
from .statements import Program


def discriminant(region: Region, shared: Constants) -> Program:
    """Of an array `parameters` gives `discriminant`, at most 0 inside (`Region.discriminant`)."""
    build = Builder(shared, {"parameters": len(region.transforms)})
    theta = build.input("parameters")[0]
    transformed = np.concatenate(
        [_transformed(build, transform, theta[j : j + 1]) for j, transform in enumerate(region.transforms)]
    )
    centred = build.each("Sub", transformed, np.array(region.center))
    u = build.each("Div", centred, np.array(region.scale))
    slope = build.each(
        "Add", build.product(u[np.newaxis], np.array(region.quadratic))[0], np.array(region.linear)
    )
    total = build.sum(build.each("Mul", slope, u))
    return build.program({"discriminant": build.each("Add", np.array(region.constant), total)})


def _transformed(build: Builder, transform: str, value: NDArray) -> NDArray:
    if transform == "log_one_minus":
        value = build.each("Sub", np.array(1.0), value)
    return value if transform == "identity" else build.each("Log", value)
