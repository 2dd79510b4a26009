"""The report of an estimation: all chapters of one page."""

from pathlib import Path

from estimation.report.page import Page, Section, write
from estimation.report.sections import chapters, settings
from estimation.results import Results, convergence_warnings, edge_warnings
from surrogate import __version__
from surrogate.house.listener import listener

FILE = "report.html"


def write_report(
    results: Results,
    folder: Path,
    seed: int = 0,
    processes: int | None = None,
) -> Path:
    """Write ``report.html`` into ``folder``: one file, which needs neither a network nor scripts.

    The listener hears the title of each chapter before it is written.

    Parameters
    ----------
    results : of a run, finished or not.
    seed : of what is simulated.
    processes : worker processes; ``None`` takes one for each core. The page does not depend on it.

    Raises
    ------
    WriteFailed : the disk is full, or the place cannot be written.
    """
    return write(page(results, _written(results, seed, processes)), folder / FILE)


def page(results: Results, sections: list[Section]) -> Page:
    """Title, warnings and chapters."""
    card = results.posterior.surrogate.card
    series = ", ".join(map(str, results.data.columns))
    return Page(
        f"Posterior of {card.model}, {settings(results)['sample']}",
        f"{card.description}. Estimated on {len(results.data)} quarters of {series}.",
        warnings(results),
        sections,
        f"Written by dsge-surrogate {__version__}. Beside this page: the draws for ArviZ (posterior.nc), and "
        "tables as CSV, Markdown and LaTeX.",
    )


def warnings(results: Results) -> list[str]:
    """What to know before believing the posterior; empty if all is well."""
    done, sampler = results.all_chains.steps, settings(results)["sampler"]
    finished = done >= sampler["steps"] or sampler.get("target_ess") is not None
    short = [] if finished else [f"The run is not finished: {done} of {sampler['steps']} steps."]
    return [
        *short,
        *convergence_warnings(results.table, results.target),
        *edge_warnings(results.chains, results.posterior.priors, results.mode),
        *results.posterior.likelihood.warnings(results),
    ]


def _written(results: Results, seed: int, processes: int | None) -> list[Section]:
    sections = []
    for title, write_chapter in chapters(results, seed, processes).items():
        listener().message(f"{title} ...")
        sections.append(write_chapter(results))
    return sections
