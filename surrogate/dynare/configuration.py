"""What a file says of its estimation, as a configuration for `dsge-surrogate estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, isinf, pi
from pathlib import PurePath

from .calibration import Calibration
from .expressions import evaluate
from .model_file import Estimated, ModelFile
from .python_text import quoted

DENSITIES = {
    1: "beta_pdf",
    2: "gamma_pdf",
    3: "normal_pdf",
    4: "inv_gamma_pdf",
    5: "uniform_pdf",
    6: "inv_gamma2_pdf",
}
"""By Dynare's numbers."""
SHARE_OF_SD = 0.2


def configuration_text(
    file: ModelFile, calibration: Calibration, parameters: Mapping[str, str], observables: Mapping[str, str]
) -> str | None:
    """The configuration, TOML; None if the file observes or estimates nothing.

    Parameters
    ----------
    parameters, observables : what they are called in the economy, by their names in the file.
    """
    estimated = [each for each in file.estimated if each.name in parameters and _has_density(each)]
    if not file.observables or not estimated or not observables:
        return None
    folder = file.name.lower()
    lines = [
        f"# What {file.name}.mod says of its estimation. Its surrogate comes from",
        "#   dsge-surrogate train, and export to the folder named here",
        "",
        "[model]",
        f"surrogate = {quoted(folder)}",
        "",
        "[data]",
        *_data(file, observables),
        "",
        "[measurement_error]",
        _measurement(file, calibration, observables),
        "",
        "[likelihood]",
        'method = "twisted"',
        "particles = 40",
        "",
        "[sampler]",
        "ensembles = 2",
        "walkers = 64",
        "steps = 2000                        # at most: sampling stops at",
        "target_ess = 400                    # effective draws of every parameter",
        "seed = 1",
    ]
    for each in estimated:
        lines += ["", f"[priors.{parameters[each.name]}]", *_prior(each)]
    return "\n".join(lines) + "\n"


def _has_density(line: Estimated) -> bool:
    """Whether it has a prior, or bounds of a uniform one."""
    return line.prior in DENSITIES or (isfinite(line.lower) and isfinite(line.upper))


def _data(file: ModelFile, observables: Mapping[str, str]) -> list[str]:
    named = PurePath(str((file.estimation or {}).get("datafile", f"{file.name}_data.csv")))
    columns = ", ".join(f"{spelled} = {quoted(text)}" for text, spelled in observables.items())
    place = named.with_suffix(".csv")
    note = (
        ""
        if named.suffix == ".csv"
        else f"  # the file names {named}: save it as CSV, with a column of dates"
    )
    return [f"file = {quoted(str(place))}{note}", f"columns = {{ {columns} }}"]


def _measurement(file: ModelFile, calibration: Calibration, observables: Mapping[str, str]) -> str:
    if set(observables) <= set(file.measurement):
        sds = {text: float(evaluate(file.measurement[text], calibration.parameters)) for text in observables}
        return f"sd = {{ {', '.join(f'{observables[text]} = {sd!r}' for text, sd in sds.items())} }}"
    return f"share_of_sd = {SHARE_OF_SD}  # the file has none, and particle filters need some"


def _prior(line: Estimated) -> list[str]:
    """Lines of a prior; without a density, a uniform one between the bounds."""
    bounds = [end for end in (line.lower, line.upper) if isfinite(end)]
    cut = [f"truncate = [{line.lower!r}, {line.upper!r}]"] if bounds else []
    if line.prior not in DENSITIES:
        return ['density = "uniform_pdf"', f"lower = {line.lower!r}", f"upper = {line.upper!r}"]
    density = [f'density = "{DENSITIES[line.prior]}"']
    if line.prior == 4 and isinf(line.sd):  # of two degrees of freedom, with this mean
        return [*density, f"s = {line.mean / pi**0.5!r}", "nu = 2.0", *cut]
    pairs = {"mean": line.mean, "sd": line.sd, "lower": line.third, "upper": line.fourth}
    if line.prior == 5 and isfinite(line.third):
        pairs = {"lower": line.third, "upper": line.fourth}
    return [*density, *(f"{key} = {value!r}" for key, value in pairs.items() if isfinite(value)), *cut]
