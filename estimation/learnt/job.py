"""From a configuration file to a likelihood surrogate: what the command runs."""

from pathlib import Path

from estimation.cluster import open_pool
from estimation.estimation import Estimation
from estimation.inputs import read_configuration
from estimation.learnt.artifact import learn
from estimation.likelihoods.learnt import LEARNT, filter_settings
from estimation.likelihoods.learnt_graph import LikelihoodCard, fingerprints
from surrogate.house.listener import progress


def learn_from_toml(
    configuration: str | Path,
    folder: str | Path,
    calls: int,
    resume: bool = False,
    processes: int | None = None,
    scheduler: str | None = None,
) -> LikelihoodCard:
    """Learn the likelihood that a TOML file describes; with ``method = "learnt"``, that of its ``filter``.

    The listener hears how many calls of it have been made.

    Parameters
    ----------
    processes : worker processes; one for each core if ``None``. The answer does not depend on it.
    scheduler : address of a Dask scheduler whose workers take the place of processes.

    The other parameters, files and errors are those of :func:`estimation.learnt.artifact.learn`.
    """
    estimation = estimation_to_learn(configuration)
    settings, posterior = estimation.likelihood, estimation.posterior
    identity = fingerprints(posterior, estimation.data, settings.ingredients(posterior))
    with open_pool(processes, scheduler) as pool, progress("calls") as tell:
        card = learn(
            posterior,
            vars(settings),
            identity,
            folder,
            calls=calls,
            seed=estimation.sampler.seed,
            resume=resume,
            parallel_map=pool.map,
            report=tell,
        )
    estimation.keep_inputs(Path(folder))
    return card


def estimation_to_learn(configuration: str | Path) -> Estimation:
    """The estimation in a TOML file, with the filter itself where the file has what is learnt from it."""
    values = read_configuration(Path(configuration))
    likelihood = values["likelihood"] or {}
    if likelihood.get("method") == LEARNT:
        likelihood = likelihood.get("filter", {})
    filter_settings(likelihood)
    return Estimation(**{**values, "likelihood": likelihood})
